"""Layers that move values and change shapes, written as ONNX nodes."""

from __future__ import annotations

import numpy as np

from sparknet.onnx.graph import Layer, Values
from sparknet.proto import caffe_pb2

__all__ = [
    "argmax",
    "batch_reindex",
    "concat",
    "crop",
    "filtered",
    "reduction",
    "reshape",
    "slices",
    "tile",
]


def reshape(layer: Layer) -> Values:
    """Reshape and Flatten, whose result the engine has worked out."""
    shape, target = layer.shapes[0], layer.tops[0]
    if target == (shape[0], int(np.prod(shape[1:]))):
        return layer.op("Flatten", axis=1)
    return layer.reshaped(layer.bottoms[0], shape, target)


def concat(layer: Layer) -> Values:
    """Concat, of one bottom as well."""
    p = layer.proto.concat_param
    axis = p.concat_dim if p.HasField("concat_dim") else layer.axis(p.axis)
    return layer.op("Concat", axis=axis)


def slices(layer: Layer) -> Values:
    """Split into parts of the tops' sizes."""
    p = layer.proto.slice_param
    axis = p.slice_dim if p.HasField("slice_dim") else layer.axis(p.axis)
    sizes = layer.whole([top[axis] for top in layer.tops])
    return layer.ops("Split", layer.bottoms[0], sizes, outputs=len(layer.tops), axis=axis)


def crop(layer: Layer) -> Values:
    """The part of the first bottom that has the second one's size."""
    p = layer.proto.crop_param
    axes = list(range(layer.axis(p.axis), len(layer.shapes[0])))
    offsets = list(p.offset) or [0]
    if len(offsets) == 1:
        offsets *= len(axes)
    ends = [offset + layer.tops[0][axis] for offset, axis in zip(offsets, axes)]
    extents = [layer.whole(values) for values in (offsets, ends, axes)]
    return layer.op("Slice", layer.bottoms[0], *extents)


def tile(layer: Layer) -> Values:
    """An axis several times over."""
    p = layer.proto.tile_param
    repeats = [1] * len(layer.shapes[0])
    repeats[layer.axis(p.axis)] = p.tiles
    return layer.op("Tile", layer.bottoms[0], layer.whole(repeats))


def reduction(layer: Layer) -> Values:
    """A sum or mean over all axes from one on."""
    p = layer.proto.reduction_param
    rank = len(layer.shapes[0])
    axes = list(range(layer.axis(p.axis), rank))
    value = layer.bottoms[0]
    if axes:
        if p.operation == caffe_pb2.ReductionParameter.SUM:
            value = layer.op("ReduceSum", value, layer.whole(axes), keepdims=0)
        else:
            op = {
                caffe_pb2.ReductionParameter.ASUM: "ReduceL1",
                caffe_pb2.ReductionParameter.SUMSQ: "ReduceSumSquare",
                caffe_pb2.ReductionParameter.MEAN: "ReduceMean",
            }[p.operation]
            value = layer.op(op, value, axes=axes, keepdims=0)
    return layer.affine(value, p.coeff, 0)


def argmax(layer: Layer) -> Values:
    """The largest values' places; of equal values Caffe takes the last, ONNX the first."""
    p = layer.proto.argmax_param
    value, shape = layer.bottoms[0], layer.shapes[0]
    axis = layer.axis(p.axis) if p.HasField("axis") else 1
    if not p.HasField("axis"):
        flat = (shape[0], int(np.prod(shape[1:])))
        value, shape = layer.reshaped(value, shape, flat), flat
    ends = [layer.whole([number]) for number in (-1, -(2**62), axis, -1)]
    turned = layer.op("Slice", value, *ends)
    values, indices = layer.ops("TopK", turned, layer.whole([p.top_k]), outputs=2, axis=axis)
    places = layer.affine(layer.op("Cast", indices, to=1), -1, shape[axis] - 1)
    if p.HasField("axis"):
        return values if p.out_max_val else places
    result, got = places, (shape[0], p.top_k)
    if p.out_max_val:
        result, got = layer.op("Concat", places, values, axis=1), (shape[0], 2 * p.top_k)
    return layer.reshaped(result, got, layer.tops[0])


def batch_reindex(layer: Layer) -> Values:
    """Items in another order."""
    items, order = layer.bottoms
    return layer.op("Gather", items, layer.op("Cast", order, to=7), axis=0)


def filtered(layer: Layer) -> Values:
    """The items whose selector is not 0."""
    *values, selector = layer.bottoms
    flags = layer.op("Cast", selector, to=9)
    flags = layer.op("Reshape", flags, layer.whole([-1]))
    return [layer.op("Compress", value, flags, axis=0) for value in values]
