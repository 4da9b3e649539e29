"""Floating point operations of a layer's forward pass, from the shapes that the engine gave it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

from sparknet.proto import caffe_pb2

__all__ = ["forward"]

Shape = tuple[int, ...]


def forward(layer: caffe_pb2.LayerParameter, shapes: Mapping[str, Shape]) -> int | None:
    """Operations of one forward pass; None for types whose arithmetic is not counted.

    A multiplication and the addition of its product are two operations, so these are twice the
    multiply-accumulates that papers often give; a bias takes the place of the first addition.
    W: the number of weights, w/o biases.

    - Convolution: 2 * (values of all tops) * W / num_output
    - Deconvolution: 2 * (values of all bottoms) * W / channels of the bottom
    - InnerProduct: 2 * (values of the top) * W / num_output
    - LSTM, RNN: 2 * steps * streams * W, where weights of a static input count for one step

    All other types take a small part of a net's time in arithmetic, and have None.

    layer: with its parameters' shapes in ``blobs``. shapes: of the net's blobs, by name.
    """
    count = _COUNTS.get(layer.type)
    return None if count is None else 2 * count(layer, shapes)


def _convolution(layer: caffe_pb2.LayerParameter, shapes: Mapping[str, Shape]) -> int:
    _, *window = layer.blobs[0].shape.dim
    return sum(prod(shapes[top]) for top in layer.top) * prod(window)


def _deconvolution(layer: caffe_pb2.LayerParameter, shapes: Mapping[str, Shape]) -> int:
    _, *window = layer.blobs[0].shape.dim
    return sum(prod(shapes[bottom]) for bottom in layer.bottom) * prod(window)


def _inner_product(layer: caffe_pb2.LayerParameter, shapes: Mapping[str, Shape]) -> int:
    inputs = prod(layer.blobs[0].shape.dim) // layer.inner_product_param.num_output
    return prod(shapes[layer.top[0]]) * inputs


def _recurrent(layer: caffe_pb2.LayerParameter, shapes: Mapping[str, Shape]) -> int:
    steps, streams = shapes[layer.bottom[0]][:2]
    weights = [list(blob.shape.dim) for blob in layer.blobs]
    once = 0
    if len(weights) == _WITH_STATIC[layer.type]:
        once = prod(weights.pop(2))
    every = sum(prod(extents) for extents in weights if len(extents) == 2)
    return streams * (steps * every + once)


# Parameters with a static input, whose weights are the third: W_x, b, W_static, W_h [, W_o, b_o].
_WITH_STATIC = {"LSTM": 4, "RNN": 6}
_COUNTS: dict[str, Callable[[caffe_pb2.LayerParameter, Mapping[str, Shape]], int]] = {
    "Convolution": _convolution,
    "Deconvolution": _deconvolution,
    "InnerProduct": _inner_product,
    "LSTM": _recurrent,
    "RNN": _recurrent,
}
