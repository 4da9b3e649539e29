"""Caffe's layers written as ONNX nodes: a function for each type, in one table."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from sparknet.onnx import recurrent, shapes, windows
from sparknet.onnx.graph import Layer, Values
from sparknet.proto import caffe_pb2

__all__ = ["LEFT_OUT", "SAME", "WRITERS", "Writer"]

Writer = Callable[[Layer], Values]

SAME = frozenset({"Dropout", "Split"})
"""Types whose tops are their bottom when nothing is trained."""

LEFT_OUT = frozenset(
    {
        "Accuracy",
        "ContrastiveLoss",
        "EuclideanLoss",
        "HingeLoss",
        "MultinomialLogisticLoss",
        "Silence",
    }
)
"""Types that tell how good a prediction is, and are no part of it."""


def _relu(layer: Layer) -> Values:
    slope = layer.proto.relu_param.negative_slope
    return layer.op("LeakyRelu", alpha=slope) if slope else layer.op("Relu")


def _prelu(layer: Layer) -> Values:
    shared = layer.proto.prelu_param.channel_shared
    ones = (1,) * (len(layer.shapes[0]) - 2)
    shape = (1,) if shared else (layer.shapes[0][1], *ones)
    return layer.op("PRelu", layer.bottoms[0], layer.param(0, shape))


def _swish(layer: Layer) -> Values:
    x = layer.bottoms[0]
    return layer.op("Mul", x, layer.op("Sigmoid", layer.affine(x, layer.proto.swish_param.beta, 0)))


def _exp(layer: Layer) -> Values:
    p = layer.proto.exp_param
    factor = 1.0 if p.base == -1 else math.log(p.base)
    return layer.op("Exp", layer.affine(layer.bottoms[0], p.scale * factor, p.shift * factor))


def _log(layer: Layer) -> Values:
    p = layer.proto.log_param
    value = layer.op("Log", layer.affine(layer.bottoms[0], p.scale, p.shift))
    return layer.affine(value, 1.0 if p.base == -1 else 1 / math.log(p.base), 0)


def _power(layer: Layer) -> Values:
    p = layer.proto.power_param
    if p.power * p.scale == 0:
        constant = 1.0 if p.power == 0 else p.shift**p.power
        return layer.affine(layer.bottoms[0], 0, constant)
    value = layer.affine(layer.bottoms[0], p.scale, p.shift)
    return value if p.power == 1 else layer.op("Pow", value, layer.number(p.power))


def _clip(layer: Layer) -> Values:
    p = layer.proto.clip_param
    return layer.op("Clip", layer.bottoms[0], layer.number(p.min), layer.number(p.max))


def _threshold(layer: Layer) -> Values:
    level = layer.number(layer.proto.threshold_param.threshold)
    return layer.op("Cast", layer.op("Greater", layer.bottoms[0], level), to=1)


def _softmax(layer: Layer) -> Values:
    return layer.op("Softmax", layer.bottoms[0], axis=layer.axis(layer.proto.softmax_param.axis))


def _infogain(layer: Layer) -> Values:
    axis = layer.axis(layer.proto.infogain_loss_param.axis)
    return layer.op("Softmax", layer.bottoms[0], axis=axis)


def _inner_product(layer: Layer) -> Values:
    p = layer.proto.inner_product_param
    x, shape = layer.bottoms[0], layer.shapes[0]
    axis = layer.axis(p.axis)
    bias = [layer.param(1)] if p.bias_term else []
    if axis == 1:
        if len(shape) != 2:
            x = layer.op("Flatten", axis=1)
        return layer.op("Gemm", x, layer.param(0), *bias, transB=0 if p.transpose else 1)
    x = layer.reshaped(x, shape, (*shape[:axis], int(np.prod(shape[axis:]))))
    weights = layer.params[0] if p.transpose else layer.params[0].T
    product = layer.op("MatMul", x, layer.weight("weight", weights))
    return layer.op("Add", product, *bias) if bias else product


def _embed(layer: Layer) -> Values:
    rows = layer.op("Gather", layer.param(0), layer.op("Cast", to=7))
    return layer.op("Add", rows, layer.param(1)) if layer.proto.embed_param.bias_term else rows


def _aligned(layer: Layer, axis: int, param: int | None) -> str:
    """A parameter, or else the second bottom, shaped to be broadcast from an axis on."""
    shape = layer.shapes[1] if param is None else layer.params[param].shape
    after = len(layer.shapes[0]) - axis - len(shape) if shape else 0
    if param is not None:
        return layer.param(param, (*shape, *(1,) * after))
    if after == 0:
        return layer.bottoms[1]
    return layer.op("Reshape", layer.bottoms[1], layer.whole([0] * len(shape) + [1] * after))


def _scale(layer: Layer) -> Values:
    p = layer.proto.scale_param
    node = layer.normalization
    if node is not None:
        bias = layer.param(1) if p.bias_term else layer.weight("bias", 0 * layer.params[0])
        x, *statistics = node.input[0], *node.input[3:]
        epsilon = node.attribute[0].f
        return layer.op(node.op_type, x, layer.param(0), bias, *statistics, epsilon=epsilon)
    axis = layer.axis(p.axis)
    factor = _aligned(layer, axis, None if len(layer.bottoms) > 1 else 0)
    value = layer.op("Mul", layer.bottoms[0], factor)
    if not p.bias_term:
        return value
    return layer.op("Add", value, _aligned(layer, axis, len(layer.params) - 1))


def _bias(layer: Layer) -> Values:
    axis = layer.axis(layer.proto.bias_param.axis)
    second = _aligned(layer, axis, None if len(layer.bottoms) > 1 else 0)
    return layer.op("Add", layer.bottoms[0], second)


def _batch_norm(layer: Layer) -> Values:
    p = layer.proto.batch_norm_param
    axes = [0, *range(2, len(layer.shapes[0]))]
    if p.HasField("use_global_stats") and not p.use_global_stats:
        centred = _centred(layer, axes)
        variance = layer.affine(_mean_square(layer, centred, axes), 1, p.eps)
        return layer.op("Div", centred, layer.op("Sqrt", variance))
    mean, variance_sum, factor = (blob.astype(np.float64) for blob in layer.params)
    divisor = 1 / factor.item() if factor.item() else 0.0
    channels = len(mean)
    return layer.op(
        "BatchNormalization",
        layer.bottoms[0],
        layer.weight("scale", np.ones(channels)),
        layer.weight("bias", np.zeros(channels)),
        layer.weight("mean", mean * divisor),
        layer.weight("variance", variance_sum * divisor),
        epsilon=p.eps,
    )


def _centred(layer: Layer, axes: list[int]) -> str:
    """What is left of the bottom without its mean."""
    x = layer.bottoms[0]
    return layer.op("Sub", x, layer.op("ReduceMean", x, axes=axes))


def _mean_square(layer: Layer, value: str, axes: list[int]) -> str:
    return layer.op("ReduceMean", layer.op("Mul", value, value), axes=axes)


def _mvn(layer: Layer) -> Values:
    p = layer.proto.mvn_param
    axes = list(range(1 if p.across_channels else 2, len(layer.shapes[0])))
    centred = _centred(layer, axes)
    if not p.normalize_variance:
        return centred
    deviation = layer.op("Sqrt", _mean_square(layer, centred, axes))
    return layer.op("Div", centred, layer.affine(deviation, 1, p.eps))


def _eltwise(layer: Layer) -> Values:
    p = layer.proto.eltwise_param
    if p.operation == caffe_pb2.EltwiseParameter.MAX:
        return layer.op("Max")
    if p.operation == caffe_pb2.EltwiseParameter.PROD:
        product = layer.bottoms[0]
        for bottom in layer.bottoms[1:]:
            product = layer.op("Mul", product, bottom)
        return product
    coefficients = list(p.coeff) or [1.0] * len(layer.bottoms)
    terms = [layer.affine(x, factor, 0) for x, factor in zip(layer.bottoms, coefficients)]
    return layer.op("Add" if len(terms) == 2 else "Sum", *terms)


def _simple(op: str) -> Writer:
    return lambda layer: layer.op(op)


WRITERS: dict[str, Writer] = {
    "AbsVal": _simple("Abs"),
    "ArgMax": shapes.argmax,
    "BNLL": _simple("Softplus"),
    "BatchNorm": _batch_norm,
    "BatchReindex": shapes.batch_reindex,
    "Bias": _bias,
    "Clip": _clip,
    "Concat": shapes.concat,
    "Convolution": windows.convolution,
    "Crop": shapes.crop,
    "Deconvolution": windows.deconvolution,
    "ELU": lambda layer: layer.op("Elu", alpha=layer.proto.elu_param.alpha),
    "Eltwise": _eltwise,
    "Embed": _embed,
    "Exp": _exp,
    "Filter": shapes.filtered,
    "Flatten": shapes.reshape,
    "Im2col": windows.im2col,
    "InfogainLoss": _infogain,
    "InnerProduct": _inner_product,
    "LRN": windows.lrn,
    "LSTM": recurrent.lstm,
    "LSTMUnit": recurrent.lstm_unit,
    "Log": _log,
    "MVN": _mvn,
    "PReLU": _prelu,
    "Parameter": lambda layer: layer.param(0),
    "Pooling": windows.pooling,
    "Power": _power,
    "RNN": recurrent.rnn,
    "ReLU": _relu,
    "Reduction": shapes.reduction,
    "Reshape": shapes.reshape,
    "SPP": windows.spp,
    "Scale": _scale,
    "Sigmoid": _simple("Sigmoid"),
    "SigmoidCrossEntropyLoss": lambda layer: layer.op("Sigmoid", layer.bottoms[0]),
    "Slice": shapes.slices,
    "Softmax": _softmax,
    "SoftmaxWithLoss": _softmax,
    "Swish": _swish,
    "TanH": _simple("Tanh"),
    "Threshold": _threshold,
    "Tile": shapes.tile,
}
"""What writes a layer of a type: names of the values that become its tops, in their order."""
