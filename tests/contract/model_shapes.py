"""Shapes of blobs and numbers of weights, worked out from a prototxt without the engine."""

from __future__ import annotations

import math
from typing import Any

Shape = tuple[int, ...]
TRAIN, TEST = 0, 1


def _runs(layer: Any, phase: int) -> bool:
    return all(not rule.HasField("phase") or rule.phase == phase for rule in layer.include)


def _first(values: Any, default: int) -> int:
    """The extent of a square window: an entry of a list that has one at most."""
    assert len(values) <= 1
    return values[0] if values else default


def _convolution(layer: Any, bottom: Shape) -> tuple[Shape, int]:
    p = layer.convolution_param
    kernel, pad, stride = p.kernel_size[0], _first(p.pad, 0), _first(p.stride, 1)
    extents = [(extent + 2 * pad - kernel) // stride + 1 for extent in bottom[2:]]
    weights = p.num_output * (bottom[1] // p.group) * kernel**2 + p.bias_term * p.num_output
    return (bottom[0], p.num_output, *extents), weights


def _pooled(extent: int, p: Any) -> int:
    """Rounded up, less a window that would start behind the image."""
    count = math.ceil((extent + 2 * p.pad - p.kernel_size) / p.stride) + 1
    return count - (p.pad > 0 and (count - 1) * p.stride >= extent + p.pad)


def _pooling(layer: Any, bottom: Shape) -> tuple[Shape, int]:
    p = layer.pooling_param
    extents = [1 if p.global_pooling else _pooled(extent, p) for extent in bottom[2:]]
    return (*bottom[:2], *extents), 0


def _inner_product(layer: Any, bottom: Shape) -> tuple[Shape, int]:
    p = layer.inner_product_param
    weights = p.num_output * math.prod(bottom[1:]) + p.bias_term * p.num_output
    return (bottom[0], p.num_output), weights


def _top(layer: Any, bottoms: list[Shape]) -> tuple[Shape, int]:
    """Shape of the first top and number of learned weights."""
    first = bottoms[0]
    if layer.type == "Convolution":
        return _convolution(layer, first)
    if layer.type == "Pooling":
        return _pooling(layer, first)
    if layer.type == "InnerProduct":
        return _inner_product(layer, first)
    if layer.type == "Concat":
        assert all(shape[2:] == first[2:] for shape in bottoms), layer.name
        return (first[0], sum(shape[1] for shape in bottoms), *first[2:]), 0
    if layer.type == "Eltwise":
        assert all(shape == first for shape in bottoms), layer.name
        return first, 0
    if layer.type == "Scale":
        return first, first[1] * (1 + layer.scale_param.bias_term)
    if layer.type in ("SoftmaxWithLoss", "Accuracy"):
        return (), 0
    assert layer.type in ("BatchNorm", "Dropout", "LRN", "ReLU", "Softmax"), layer.type
    return first, 0


def walk(net: Any, data: Shape, phase: int = TRAIN) -> tuple[dict[str, Shape], int]:
    """Blob -> shape, and the number of learned weights. data: shape of the blob `data`.

    BatchNorm's running statistics are not learned.
    """
    shapes: dict[str, Shape] = {}
    total = 0
    for layer in net.layer:
        if not _runs(layer, phase):
            continue
        if layer.bottom:
            shape, weights = _top(layer, [shapes[name] for name in layer.bottom])
            shapes[layer.top[0]] = shape
            total += weights
        else:
            shapes.update({top: data if top == "data" else data[:1] for top in layer.top})
    return shapes, total
