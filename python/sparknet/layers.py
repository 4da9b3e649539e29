"""Nets written as Python calls, with the names of the Scala DSL.

Each function returns a ``LayerParameter`` with one top, named like the layer::

    net = NetParam(
        "LeNet",
        RDDLayer("data", shape=[64, 1, 28, 28]),
        RDDLayer("label", shape=[64, 1]),
        ConvolutionLayer("conv1", ["data"], kernel=(5, 5), num_output=20),
        PoolingLayer("pool1", ["conv1"], pooling=Pooling.Max, kernel=(2, 2), stride=(2, 2)),
        InnerProductLayer("ip1", ["pool1"], num_output=10, weight_filler={"type": "xavier"}),
        SoftmaxWithLoss("loss", ["ip1", "label"]),
    )

``options`` are fields of the layer's own message in caffe.proto (``pad=2``,
``weight_filler={"type": "xavier"}``) or of ``LayerParameter`` itself (``param=[...]``,
``include=Include.Train``). What is not given is not set: defaults are those of caffe.proto.
A convolution or inner product without ``weight_filler`` starts at zero, as in Caffe.
"""

# ruff: noqa: N802 - the names are those of the Scala DSL.
from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from sparknet.errors import ArgumentError
from sparknet.proto import caffe_pb2

__all__ = [
    "Accuracy",
    "ConvolutionLayer",
    "Include",
    "InnerProductLayer",
    "NetParam",
    "Pooling",
    "PoolingLayer",
    "RDDLayer",
    "ReLULayer",
    "SoftmaxWithLoss",
]


class Include(Enum):
    """The phase in which a layer takes part."""

    Train = caffe_pb2.TRAIN
    Test = caffe_pb2.TEST


class Pooling(Enum):
    """What a pooling layer computes."""

    Max = caffe_pb2.PoolingParameter.MAX
    Ave = caffe_pb2.PoolingParameter.AVE


def _layer(
    kind: str,
    field: str,
    name: str,
    bottom: Sequence[str],
    known: dict[str, Any],
    options: dict[str, Any],
) -> caffe_pb2.LayerParameter:
    """A layer whose options go to its own message ``field``, or else to the layer."""
    if isinstance(bottom, str):
        raise ArgumentError(f"{kind} layer '{name}': bottom must be a list of names")
    layer = caffe_pb2.LayerParameter(name=name, type=kind, bottom=bottom, top=[name])
    own = getattr(layer, field)
    own.SetInParent()
    for option, value in {**known, **options}.items():
        target = own if option in own.DESCRIPTOR.fields_by_name else layer
        try:
            _set(target, option, value)
        except (TypeError, ValueError, AttributeError) as error:
            raise ArgumentError(f"{kind} layer '{name}': option {option}: {error}") from None
    return layer


def _set(message: Any, option: str, value: Any) -> None:
    field = message.DESCRIPTOR.fields_by_name.get(option)
    if field is None:
        raise ValueError("neither the layer's message in caffe.proto nor LayerParameter has it")
    if option == "include" and isinstance(value, Include):
        value = {"phase": value.value}
    repeated = hasattr(getattr(message, option), "extend")
    if repeated and not isinstance(value, (list, tuple)):
        value = [value]
    # The constructor takes dicts for messages and lists for repeated fields.
    message.ClearField(option)
    message.MergeFrom(type(message)(**{option: value}))


def NetParam(name: str, *layers: caffe_pb2.LayerParameter) -> caffe_pb2.NetParameter:
    """A net of the given layers, in order."""
    return caffe_pb2.NetParameter(name=name, layer=layers)


def RDDLayer(name: str, shape: Sequence[int], **options: Any) -> caffe_pb2.LayerParameter:
    """A JavaData layer, filled from Spark. shape: (batch, ...) of its top."""
    extents = {"shape": {"dim": [int(extent) for extent in shape]}}
    return _layer("JavaData", "java_data_param", name, [], extents, options)


def ConvolutionLayer(
    name: str, bottom: Sequence[str], kernel: tuple[int, int], num_output: int, **options: Any
) -> caffe_pb2.LayerParameter:
    """A convolution. kernel: (height, width) in pixels; num_output: number of filters."""
    known = {"kernel_h": kernel[0], "kernel_w": kernel[1], "num_output": num_output}
    return _layer("Convolution", "convolution_param", name, bottom, known, options)


def PoolingLayer(
    name: str,
    bottom: Sequence[str],
    pooling: Pooling,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    **options: Any,
) -> caffe_pb2.LayerParameter:
    """Pooling over windows. kernel, stride: (height, width) in pixels."""
    known = {
        "pool": pooling.value,
        "kernel_h": kernel[0],
        "kernel_w": kernel[1],
        "stride_h": stride[0],
        "stride_w": stride[1],
    }
    return _layer("Pooling", "pooling_param", name, bottom, known, options)


def InnerProductLayer(
    name: str, bottom: Sequence[str], num_output: int, **options: Any
) -> caffe_pb2.LayerParameter:
    """A fully connected layer with num_output units."""
    known = {"num_output": num_output}
    return _layer("InnerProduct", "inner_product_param", name, bottom, known, options)


def ReLULayer(name: str, bottom: Sequence[str], **options: Any) -> caffe_pb2.LayerParameter:
    """max(x, 0), into a top of its own (``top=[bottom]`` computes in place)."""
    return _layer("ReLU", "relu_param", name, bottom, {}, options)


def SoftmaxWithLoss(name: str, bottom: Sequence[str], **options: Any) -> caffe_pb2.LayerParameter:
    """Softmax and multinomial logistic loss. bottom: scores and labels."""
    layer = _layer("SoftmaxWithLoss", "softmax_param", name, bottom, {}, options)
    layer.loss_param.SetInParent()
    return layer


def Accuracy(name: str, bottom: Sequence[str], **options: Any) -> caffe_pb2.LayerParameter:
    """Share of items whose highest score is their label. bottom: scores and labels."""
    return _layer("Accuracy", "accuracy_param", name, bottom, {}, options)
