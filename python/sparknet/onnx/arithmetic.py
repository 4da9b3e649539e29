"""ONNX's arithmetic, element by element and by matrices, read as Caffe's layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

from sparknet.onnx.graph import Shape
from sparknet.onnx.node import Node

__all__ = [
    "batch_normalization",
    "binary",
    "clip",
    "gemm",
    "greater",
    "hard_sigmoid",
    "hard_swish",
    "log_softmax",
    "matmul",
    "power",
    "prelu",
    "selu",
    "simple",
    "softmax",
    "variadic",
]

_LARGEST = float(np.finfo(np.float32).max)
# A blob, or a constant.
_Operand = Union[str, NDArray[Any]]


def simple(kind: str, **fields: Any) -> Callable[[Node], None]:
    """What reads an operator of one input as a layer, whatever its attributes are."""
    return lambda node: node.layer(kind, **fields)


def gemm(node: Node) -> None:
    """Gemm with constant weights and biases."""
    if node.attribute("transA", 0):
        raise node.unsupported("Caffe does not transpose data")
    weights = _times(node.known(1, "its second factor"), node.attribute("alpha", 1.0))
    if not node.attribute("transB", 0):
        weights = weights.T
    outputs = len(weights)
    blobs = [weights]
    if node.has(2):
        bias = _times(node.known(2, "its bias"), node.attribute("beta", 1.0))
        if bias.size != 1 and bias.shape[-1] != bias.size:
            raise node.unsupported("its bias must be the same for all items")
        blobs.append(np.broadcast_to(bias.reshape(-1), (outputs,)))
    bias_term = len(blobs) > 1
    node.layer("InnerProduct", weights=blobs, num_output=outputs, bias_term=bias_term)


def _times(values: NDArray[Any], factor: float) -> NDArray[Any]:
    return values if factor == 1 else values * np.float32(factor)


def matmul(node: Node) -> None:
    """A product with a constant matrix."""
    weights = node.known(1, "its second factor")
    if weights.ndim != 2:
        raise node.unsupported("Caffe multiplies by one matrix")
    node.layer(
        "InnerProduct",
        weights=[weights.T],
        num_output=weights.shape[1],
        bias_term=False,
        axis=len(node.shape()) - 1,
    )


def batch_normalization(node: Node) -> None:
    """BatchNorm with the statistics, and a Scale with what was learned."""
    if node.attribute("training_mode", 0):
        raise node.unsupported("it is in training mode: export the model in evaluation mode")
    scale, bias, mean, variance = (
        node.known(i + 1, what) for i, what in enumerate(("scale", "bias", "mean", "variance"))
    )
    statistics = [mean, variance, np.ones(1)]
    eps = node.attribute("epsilon", 1e-5)
    if np.all(scale == 1) and np.all(bias == 0):
        node.layer("BatchNorm", weights=statistics, eps=eps)
        return
    normal = node.inner("BatchNorm", "norm", [node.bottom()], weights=statistics, eps=eps)
    node.layer("Scale", [normal], weights=[scale, bias], bias_term=True)


def binary(node: Node) -> None:
    """Add, Sub, Mul and Div: of two blobs, or of a blob and a constant.

    Subtraction is addition of the opposite, division multiplication by the inverse.
    """
    op = node.proto.op_type
    product = op in ("Mul", "Div")
    first, second = _operand(node, 0), _operand(node, 1)
    shapes = [node.shape(0), node.shape(1)]
    alike = shapes[0] == shapes[1]
    if op == "Sub" and alike and isinstance(first, str) and isinstance(second, str):
        node.layer("Eltwise", [first, second], operation="SUM", coeff=[1, -1])
        return
    if op in ("Sub", "Div"):
        second = _opposite(node, second, product)
    if isinstance(first, np.ndarray):
        first, second = second, first
        shapes.reverse()
    assert isinstance(first, str)
    if isinstance(second, np.ndarray):
        _with_constant(node, first, second, product)
    elif alike:
        node.layer("Eltwise", [first, second], operation="PROD" if product else "SUM")
    else:
        if shapes[0] != node.result():
            first, second = second, first
            shapes.reverse()
        _broadcast(node, first, second, shapes[1], product)


def _operand(node: Node, index: int) -> _Operand:
    constant = node.constant(index)
    return node.bottom(index) if constant is None else constant.astype(np.float32)


def _opposite(node: Node, value: _Operand, product: bool) -> _Operand:
    if isinstance(value, np.ndarray):
        return np.asarray(1 / value if product else -value)
    if product:
        return node.inner("Power", "inverse", [value], power=-1.0)
    return node.inner("Power", "opposite", [value], scale=-1.0)


def _with_constant(node: Node, blob: str, value: NDArray[Any], product: bool) -> None:
    result = node.result()
    if value.ndim > len(result) or result not in (node.shape(0), node.shape(1)):
        raise node.unsupported("Caffe does not broadcast the input to a constant's shape")
    if value.size == 1:
        number = float(value.reshape(()))
        scale, shift = (number, None) if product else (None, number)
        node.layer("Power", [blob], scale=scale, shift=shift)
        return
    axis, inner = _covered(value.shape, len(result))
    weights = np.broadcast_to(value.reshape(inner), result[axis : axis + len(inner)])
    kind = "Scale" if product else "Bias"
    node.layer(kind, [blob], weights=[weights], axis=axis, num_axes=len(inner))


def _covered(shape: Shape, rank: int, first: int | None = None) -> tuple[int, Shape]:
    """The first axis of ``rank`` that a value of another shape has, and its extents from there.

    first: this axis, whatever its extent is.
    """
    aligned = (1,) * (rank - len(shape)) + shape
    axes = [axis for axis, extent in enumerate(aligned) if extent != 1 or axis == first]
    return axes[0], aligned[axes[0] : axes[-1] + 1]


def _broadcast(node: Node, blob: str, other: str, shape: Shape, product: bool) -> None:
    """A blob with another one of fewer axes, or of extents 1."""
    result = node.result()
    # The first axis has the items, of which there may be another number.
    items = len(shape) == len(result) and shape[0] == result[0]
    axis, inner = 0, Shape(())
    if items or int(np.prod(shape)) != 1:
        axis, inner = _covered(shape, len(result), 0 if items else None)
    if result not in (node.shape(0), node.shape(1)) or inner != result[axis : axis + len(inner)]:
        raise node.unsupported("Caffe broadcasts an input whose axes follow one another")
    if inner != shape:
        extents = [0, *inner[1:]] if items else list(inner)
        other = node.inner("Reshape", "shape", [other], shape={"dim": extents})
    node.layer("Scale" if product else "Bias", [blob, other], axis=axis)


def variadic(node: Node) -> None:
    """Sum, Mean, Max and Min, which Caffe has for two and more blobs of one shape."""
    op, count = node.proto.op_type, len(node.proto.input)
    if op in ("Max", "Min") and count == 2 and _limits(node, op):
        return
    bottoms = [node.bottom(index) for index in range(count)]
    if count == 1:
        node.same()
        return
    if any(node.shape(index) != node.shape() for index in range(count)) or op == "Min":
        raise node.unsupported("Caffe has it for a constant number or inputs of one shape")
    coefficients = {"coeff": [1 / count] * count} if op == "Mean" else {}
    node.layer("Eltwise", bottoms, operation="MAX" if op == "Max" else "SUM", **coefficients)


def _limits(node: Node, op: str) -> bool:
    """Whether a maximum or minimum is one with a constant number, which is then read."""
    for index in range(2):
        limit = node.constant(index)
        if limit is not None and limit.size == 1 and node.result() == node.shape(1 - index):
            number = float(limit.reshape(()))
            low, high = (number, _LARGEST) if op == "Max" else (-_LARGEST, number)
            node.layer("Clip", [node.bottom(1 - index)], min=low, max=high)
            return True
    return False


def clip(node: Node) -> None:
    """Clip to constant limits; from 0 on it is a ReLU."""
    low, high = node.setting("min", 1), node.setting("max", 2)
    if low == 0 and (high is None or high >= _LARGEST):
        node.layer("ReLU")
        return
    low = -_LARGEST if low is None else max(low, -_LARGEST)
    node.layer("Clip", min=low, max=_LARGEST if high is None else min(high, _LARGEST))


def prelu(node: Node) -> None:
    """PRelu with one slope, or one for each channel."""
    slope, shape = node.known(1, "its slope"), node.shape()
    shared = slope.size == 1
    if not shared and _covered(slope.shape, len(shape)) != (1, shape[1:2]):
        raise node.unsupported("Caffe has one slope for all, or one for each channel")
    weights = slope.reshape(() if shared else shape[1:2])
    node.layer("PReLU", weights=[weights], channel_shared=shared)


def power(node: Node) -> None:
    """Pow to a constant number."""
    exponent = node.known(1, "its exponent")
    if exponent.size != 1:
        raise node.unsupported("Caffe has one exponent for all")
    node.layer("Power", power=float(exponent.reshape(())))


def greater(node: Node) -> None:
    """Greater than a constant number: 1 or 0."""
    limit = node.known(1, "its limit")
    if limit.size != 1:
        raise node.unsupported("Caffe has one limit for all")
    node.layer("Threshold", threshold=float(limit.reshape(())))


def hard_sigmoid(node: Node) -> None:
    """A line, cut off below 0 and above 1."""
    scale, shift = node.attribute("alpha", 0.2), node.attribute("beta", 0.5)
    line = node.inner("Power", "line", [node.bottom()], scale=scale, shift=shift)
    node.layer("Clip", [line], min=0.0, max=1.0)


def hard_swish(node: Node) -> None:
    """The input times a line that is cut off."""
    line = node.inner("Power", "line", [node.bottom()], scale=1 / 6, shift=0.5)
    gate = node.inner("Clip", "gate", [line], min=0.0, max=1.0)
    node.layer("Eltwise", [node.bottom(), gate], operation="PROD")


def selu(node: Node) -> None:
    """An ELU times a number."""
    curve = node.inner("ELU", "elu", [node.bottom()], alpha=node.attribute("alpha", 1.67326319))
    node.layer("Power", [curve], scale=node.attribute("gamma", 1.05070102))


def _softmax_axis(node: Node) -> int:
    old = node.built.folded.opset < 13
    axis = node.axis(1 if old else -1)
    if old and int(np.prod(node.shape()[axis + 1 :])) != 1:
        raise node.unsupported("before version 13 it covers all axes from one on, Caffe's one axis")
    return axis


def softmax(node: Node) -> None:
    """Softmax along an axis."""
    node.layer("Softmax", axis=_softmax_axis(node))


def log_softmax(node: Node) -> None:
    """Softmax, and its logarithm."""
    share = node.inner("Softmax", "softmax", [node.bottom()], axis=_softmax_axis(node))
    node.layer("Log", [share])
