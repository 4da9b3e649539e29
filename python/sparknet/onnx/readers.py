"""ONNX's operators read as Caffe's layers: a function for each, in one table."""

from __future__ import annotations

from collections.abc import Callable

from sparknet.onnx import arithmetic, arrange, kernels
from sparknet.onnx.node import Node

__all__ = ["READERS", "Reader"]

Reader = Callable[[Node], None]


def _relu(node: Node) -> None:
    node.layer("ReLU", negative_slope=node.attribute("alpha", 0.01))


READERS: dict[str, Reader] = {
    "Abs": arithmetic.simple("AbsVal"),
    "Add": arithmetic.binary,
    "AveragePool": kernels.average_pool,
    "BatchNormalization": arithmetic.batch_normalization,
    "Cast": arrange.same,
    "Clip": arithmetic.clip,
    "Concat": arrange.concat,
    "Conv": kernels.conv,
    "ConvTranspose": kernels.conv_transpose,
    "Div": arithmetic.binary,
    "Dropout": arrange.dropout,
    "Elu": lambda node: node.layer("ELU", alpha=node.attribute("alpha", 1.0)),
    "Exp": arithmetic.simple("Exp"),
    "Expand": arrange.tile,
    "Flatten": arrange.flatten,
    "Gather": arrange.gather,
    "Gemm": arithmetic.gemm,
    "GlobalAveragePool": kernels.global_pool,
    "GlobalMaxPool": kernels.global_pool,
    "Greater": arithmetic.greater,
    "HardSigmoid": arithmetic.hard_sigmoid,
    "HardSwish": arithmetic.hard_swish,
    "Identity": arrange.same,
    "LRN": kernels.lrn,
    "LeakyRelu": _relu,
    "Log": arithmetic.simple("Log"),
    "LogSoftmax": arithmetic.log_softmax,
    "MatMul": arithmetic.matmul,
    "Max": arithmetic.variadic,
    "MaxPool": kernels.max_pool,
    "Mean": arithmetic.variadic,
    "Min": arithmetic.variadic,
    "Mul": arithmetic.binary,
    "Neg": arithmetic.simple("Power", scale=-1.0),
    "PRelu": arithmetic.prelu,
    "Pad": kernels.pad,
    "Pow": arithmetic.power,
    "Reciprocal": arithmetic.simple("Power", power=-1.0),
    "ReduceL1": arrange.reduce,
    "ReduceMean": arrange.reduce,
    "ReduceSum": arrange.reduce,
    "ReduceSumSquare": arrange.reduce,
    "Relu": arithmetic.simple("ReLU"),
    "Reshape": arrange.flatten,
    "Selu": arithmetic.selu,
    "Sigmoid": arithmetic.simple("Sigmoid"),
    "Slice": arrange.slices,
    "Softmax": arithmetic.softmax,
    "Softplus": arithmetic.simple("BNLL"),
    "Split": arrange.split,
    "Sqrt": arithmetic.simple("Power", power=0.5),
    "Squeeze": arrange.flatten,
    "Sub": arithmetic.binary,
    "Sum": arithmetic.variadic,
    "Swish": lambda node: node.layer("Swish", beta=node.attribute("alpha", 1.0)),
    "Tanh": arithmetic.simple("TanH"),
    "Tile": arrange.tile,
    "Transpose": arrange.transpose,
    "Unsqueeze": arrange.flatten,
}
"""What reads a node: it adds layers to the net that the node belongs to."""
