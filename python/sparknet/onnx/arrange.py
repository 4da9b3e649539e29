"""ONNX's operators that move values and change shapes, read as Caffe's layers."""

from __future__ import annotations

import numpy as np

from sparknet.onnx.graph import Shape
from sparknet.onnx.node import Node

__all__ = [
    "concat",
    "dropout",
    "flatten",
    "gather",
    "reduce",
    "same",
    "slices",
    "split",
    "tile",
    "transpose",
]


def same(node: Node) -> None:
    """What does nothing to numbers."""
    node.same()


def dropout(node: Node) -> None:
    """Dropout, which goes on doing what it did if the net is trained."""
    ratio = float(node.setting("ratio", 1, 0.5))
    if 0 < ratio < 1:
        node.layer("Dropout", dropout_ratio=ratio)
    else:
        node.same()


def _extents(shape: Shape, target: Shape) -> list[int]:
    """The dimensions of a Reshape layer, which take over the first axis as it is."""
    kept = 0
    while kept < min(len(shape), len(target)) and shape[kept] == target[kept]:
        kept += 1
    extents = [0] * kept + list(target[kept:])
    if target and kept == 0:
        extents[0] = -1
    return extents


def flatten(node: Node) -> None:
    """Flatten, Reshape, Squeeze and Unsqueeze: the same values in another shape."""
    shape, target = node.shape(), node.result()
    if shape == target:
        node.same()
    elif target == (shape[0], int(np.prod(shape[1:]))) and len(shape) > 1:
        node.layer("Flatten")
    else:
        node.layer("Reshape", shape={"dim": _extents(shape, target)})


def transpose(node: Node) -> None:
    """A transposition that moves nothing but axes of extent 1."""
    shape = node.shape()
    order = node.attribute("perm", list(range(len(shape)))[::-1])
    moved = [axis for axis in order if shape[axis] != 1 or axis == 0]
    if moved != sorted(moved):
        raise node.unsupported("Caffe does not exchange axes")
    flatten(node)


def concat(node: Node) -> None:
    """Concat along an axis."""
    bottoms = [node.bottom(index) for index in range(len(node.proto.input))]
    if len(bottoms) == 1:
        node.same()
    else:
        node.layer("Concat", bottoms, axis=node.axis(0))


def split(node: Node) -> None:
    """Split into parts of any sizes."""
    tops = list(node.proto.output)
    axis = node.axis(0)
    if len(tops) == 1:
        node.same()
        return
    points = np.cumsum([node.result(index)[axis] for index in range(len(tops))])[:-1].tolist()
    node.built.add("Slice", node.name, [node.bottom()], tops, axis=axis, slice_point=points)
    node.built.blobs.update((top, top) for top in tops)


def slices(node: Node) -> None:
    """Slice with steps of 1: what is cut off goes to a Silence layer."""
    shape = node.shape()
    starts, ends = node.setting("starts", 1), node.setting("ends", 2)
    axes = [int(a) % len(shape) for a in node.setting("axes", 3, list(range(len(starts))))]
    if any(step != 1 for step in node.setting("steps", 4, [1])):
        raise node.unsupported("Caffe's slices have steps of 1")
    ranges = {}
    for axis, start, end in zip(axes, starts, ends):
        low, high, _ = slice(int(start), int(end)).indices(shape[axis])
        ranges[axis] = (low, high)
    _cut(node, ranges, node.result())


def _cut(node: Node, ranges: dict[int, tuple[int, int]], target: Shape) -> None:
    """The parts of some axes between two places, in the shape ``target``."""
    blob, shape = node.bottom(), list(node.shape())
    for axis, (low, high) in ranges.items():
        if (low, high) == (0, shape[axis]):
            continue
        if high <= low:
            raise node.unsupported("nothing is left of its input")
        points = [point for point in (low, high) if 0 < point < shape[axis]]
        name = f"{node.name}_axis{axis}"
        tops = [f"{name}_{number}" for number in range(len(points) + 1)]
        node.built.add("Slice", name, [blob], tops, axis=axis, slice_point=points)
        blob = tops.pop(1 if low > 0 else 0)
        node.built.add("Silence", f"{name}_rest", tops, [])
        shape[axis] = high - low
    if tuple(shape) == target:
        node.same(blob)
    else:
        node.layer("Reshape", [blob], shape={"dim": _extents(tuple(shape), target)})


def gather(node: Node) -> None:
    """Rows of a constant table, or one place or stretch of an axis."""
    table, places = node.constant(0), node.constant(1)
    axis = node.axis(0)
    if table is not None:
        if table.ndim != 2 or axis != 0:
            raise node.unsupported("Caffe picks rows of a matrix")
        rows, columns = table.shape
        sizes = {"num_output": columns, "input_dim": rows, "bias_term": False}
        node.layer("Embed", [node.bottom(1)], weights=[table], **sizes)
        return
    wanted = node.known(1, "what it picks").reshape(-1) % node.shape()[axis]
    if wanted.size == 0 or np.any(np.diff(wanted) != 1) or (places is not None and places.ndim > 1):
        raise node.unsupported("Caffe picks what follows one another")
    _cut(node, {axis: (int(wanted[0]), int(wanted[-1]) + 1)}, node.result())


def tile(node: Node) -> None:
    """Tile, and Expand of axes of extent 1."""
    shape, target = node.shape(), node.result()
    if len(shape) != len(target):
        raise node.unsupported("Caffe's tiles have the axes of what they are made of")
    blob = node.bottom()
    for axis, (extent, wanted) in enumerate(zip(shape, target)):
        if extent != wanted:
            blob = node.inner("Tile", f"axis{axis}", [blob], axis=axis, tiles=wanted // extent)
    node.same(blob)


def reduce(node: Node) -> None:
    """Sums and means over the last axes."""
    operation = {
        "ReduceL1": "ASUM",
        "ReduceMean": "MEAN",
        "ReduceSum": "SUM",
        "ReduceSumSquare": "SUMSQ",
    }[node.proto.op_type]
    shape, target = node.shape(), node.result()
    rank = len(shape)
    axes = sorted(int(axis) % rank for axis in node.setting("axes", 1, list(range(rank))))
    if not axes:
        axes = list(range(0 if not node.attribute("noop_with_empty_axes", 0) else rank, rank))
    if axes != list(range(rank - len(axes), rank)):
        raise node.unsupported("Caffe reduces the last axes")
    first = rank - len(axes)
    if shape[:first] == target:
        node.layer("Reduction", operation=operation, axis=first)
        return
    sums = node.inner("Reduction", "sum", [node.bottom()], operation=operation, axis=first)
    node.layer("Reshape", [sums], shape={"dim": _extents(shape[:first], target)})
