"""ONNX's convolutions and poolings read as Caffe's, whose padding is alike on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparknet.onnx.node import Node

__all__ = ["average_pool", "conv", "conv_transpose", "global_pool", "lrn", "max_pool", "pad"]


def _pads(
    node: Node, extents: Sequence[int], kernel: Sequence[int], stride: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Padding before and behind each spatial axis. kernel: extents with their dilation."""
    auto = node.attribute("auto_pad", "NOTSET")
    axes = len(kernel)
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        total = [
            max((-(-extent // s) - 1) * s + k - extent, 0)
            for extent, k, s in zip(extents, kernel, stride)
        ]
        less, more = [t // 2 for t in total], [t - t // 2 for t in total]
        return (less, more) if auto == "SAME_UPPER" else (more, less)
    pads = [0] * (2 * axes) if auto == "VALID" else list(node.attribute("pads", [0] * (2 * axes)))
    return pads[:axes], pads[axes:]


def _once(values: Sequence[int]) -> list[int]:
    """Extents as Caffe takes them: once if they are all the same."""
    return list(values[:1]) if len(set(values)) == 1 else list(values)


def pad(node: Node) -> None:
    """Zeros around an image are left to the layer that takes it."""
    rank = len(node.shape())
    pads = [int(extent) for extent in node.setting("pads", 1)]
    axes = [int(a) % rank for a in node.setting("axes", 3, list(range(rank)))]
    before, behind = [0] * rank, [0] * rank
    for index, axis in enumerate(axes):
        before[axis], behind[axis] = pads[index], pads[len(axes) + index]
    value = node.setting("value", 2, 0.0)
    if not any(pads):
        node.same()
        return
    if node.attribute("mode", "constant") != "constant" or np.any(np.asarray(value) != 0):
        raise node.unsupported("Caffe pads by zeros")
    if any(before[:2]) or any(behind[:2]) or min(before + behind) < 0:
        raise node.unsupported("Caffe pads spatial axes, by 0 or more")
    source = (node.bottom(), before[2:], behind[2:])
    node.built.padded[node.proto.output[0]] = source


def _source(node: Node) -> tuple[str, list[int], list[int]]:
    """The blob of the first input, and zeros that are to be added around it."""
    value = node.proto.input[0]
    none = [0] * (len(node.shape()) - 2)
    return node.built.padded.get(value) or (node.bottom(), none, none)


def _grown(
    node: Node, weights: NDArray[np.float32], before: list[int], behind: list[int]
) -> tuple[NDArray[np.float32], list[int]]:
    """Weights, and the padding on both sides with which they do what they did with two.

    Where one side has less, zeros on that side of the kernel make up for it.
    """
    both = [max(pair) for pair in zip(before, behind)]
    if min(both, default=0) < 0:
        raise node.unsupported("padding below 0 has no counterpart in Caffe")
    dilation = node.attribute("dilations", [1] * len(both))
    growth = [(0, 0), (0, 0)]
    for axis, extent in enumerate(both):
        pair = (extent - before[axis], extent - behind[axis])
        if any(zeros % dilation[axis] for zeros in pair):
            raise node.unsupported("its padding differs between the sides, and it is dilated")
        growth.append((pair[0] // dilation[axis], pair[1] // dilation[axis]))
    return np.pad(weights, growth), both


def _convolution(
    node: Node,
    kind: str,
    bottom: str,
    weights: NDArray[np.float32],
    outputs: int,
    sides: tuple[list[int], list[int]],
) -> None:
    axes = weights.ndim - 2
    if axes < 1:
        raise node.unsupported("it has no spatial axis")
    weights, both = _grown(node, weights, *sides)
    bias = [node.known(2, "its bias")] if node.has(2) else []
    node.layer(
        kind,
        [bottom],
        weights=[weights, *bias],
        num_output=outputs,
        kernel_size=_once(weights.shape[2:]),
        stride=_once(node.attribute("strides", [1] * axes)),
        pad=_once(both),
        dilation=_once(node.attribute("dilations", [1] * axes)),
        group=node.attribute("group", 1),
        bias_term=bool(bias),
    )


def _extent(node: Node, kernel: Sequence[int]) -> list[int]:
    """Extents of a kernel with its dilation."""
    dilation = node.attribute("dilations", [1] * len(kernel))
    return [d * (k - 1) + 1 for k, d in zip(kernel, dilation)]


def conv(node: Node) -> None:
    """Conv, and zeros around its input."""
    weights = node.known(1, "its kernel")
    bottom, before, behind = _source(node)
    stride = node.attribute("strides", [1] * (weights.ndim - 2))
    own = _pads(node, node.shape()[2:], _extent(node, weights.shape[2:]), stride)
    before = [a + b for a, b in zip(own[0], before)]
    behind = [a + b for a, b in zip(own[1], behind)]
    _convolution(node, "Convolution", bottom, weights, len(weights), (before, behind))


def conv_transpose(node: Node) -> None:
    """ConvTranspose; what output_padding adds is less padding behind."""
    weights = node.known(1, "its kernel")
    if node.attribute("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise node.unsupported("auto_pad is not covered: give pads")
    if node.attribute("output_shape"):
        raise node.unsupported("output_shape is not covered: give pads")
    axes = weights.ndim - 2
    before, behind = _pads(node, node.shape()[2:], weights.shape[2:], [1] * axes)
    more = node.attribute("output_padding", [0] * axes)
    behind = [extent - extra for extent, extra in zip(behind, more)]
    outputs = weights.shape[1] * node.attribute("group", 1)
    _convolution(node, "Deconvolution", node.bottom(), weights, outputs, (before, behind))


class _Windows:
    """Where the windows of a pooling lie along one axis.

    up: their number is rounded up; clipped: each has to begin in the image or in front of it.
    """

    def __init__(
        self,
        extent: int,
        kernel: int,
        stride: int,
        pads: tuple[int, int],
        *,
        up: bool,
        clipped: bool,
    ) -> None:
        self.extent, self.kernel, self.stride, self.pads = extent, kernel, stride, pads
        room = extent + sum(pads) - kernel
        self.count = (-(-room // stride) if up else room // stride) + 1
        if clipped and (self.count - 1) * stride >= extent + pads[0]:
            self.count -= 1

    def sizes(self, counted: bool) -> list[int]:
        """How much of each window lies in the image, or in the padded one."""
        low, high = (-self.pads[0], self.pads[1]) if counted else (0, 0)
        starts = [number * self.stride - self.pads[0] for number in range(self.count)]
        return [max(min(s + self.kernel, self.extent + high) - max(s, low), 0) for s in starts]


def _pool(node: Node, method: str, bottom: str, zeros: tuple[list[int], list[int]]) -> None:
    """A pooling with the same windows, and for averages the same divisors."""
    if len(node.shape()) != 4:
        raise node.unsupported("Caffe pools values of 4 axes")
    if any(d != 1 for d in node.attribute("dilations", [1])):
        raise node.unsupported("Caffe's pooling has no dilation")
    kernel = node.attribute("kernel_shape")
    stride = node.attribute("strides", [1, 1])
    plane = node.shape()[2:]
    before, behind = _pads(node, plane, kernel, stride)
    up = bool(node.attribute("ceil_mode", 0))
    counted = bool(node.attribute("count_include_pad", 0))
    pad = [a + b for a, b in zip(before, zeros[0])]
    theirs = [
        _Windows(*sizes, up=up, clipped=up)
        for sizes in zip(plane, kernel, stride, zip(before, behind))
    ]
    image = [extent - a - b for extent, a, b in zip(plane, *zeros)]
    for mode in ("CEIL", "FLOOR"):
        ours = [
            _Windows(*sizes, up=mode == "CEIL", clipped=any(pad))
            for sizes in zip(image, kernel, stride, zip(pad, pad))
        ]
        same = all(a.count == b.count for a, b in zip(theirs, ours))
        if method == "AVE":
            same &= all(a.sizes(counted) == b.sizes(True) for a, b in zip(theirs, ours))
        if same and all(p < k for p, k in zip(pad, kernel)):
            sides = {**_sides("kernel", kernel), **_sides("stride", stride), **_sides("pad", pad)}
            node.layer("Pooling", [bottom], pool=method, round_mode=mode, **sides)
            return
    raise node.unsupported("Caffe's pooling has no such windows or divisors")


def _sides(name: str, pair: Sequence[int]) -> dict[str, Any]:
    if pair[0] == pair[1]:
        return {"kernel_size" if name == "kernel" else name: pair[0]}
    return {f"{name}_h": pair[0], f"{name}_w": pair[1]}


def max_pool(node: Node) -> None:
    """MaxPool, without the places of the maxima."""
    if len(node.proto.output) > 1 and node.proto.output[1]:
        raise node.unsupported("places of maxima are counted otherwise in Caffe")
    _pool(node, "MAX", node.bottom(), ([0, 0], [0, 0]))


def average_pool(node: Node) -> None:
    """AveragePool, and zeros around its input."""
    bottom, before, behind = _source(node)
    _pool(node, "AVE", bottom, (before, behind))


def global_pool(node: Node) -> None:
    """GlobalAveragePool and GlobalMaxPool."""
    if len(node.shape()) != 4:
        raise node.unsupported("Caffe pools values of 4 axes")
    method = "MAX" if node.proto.op_type == "GlobalMaxPool" else "AVE"
    node.layer("Pooling", pool=method, global_pooling=True)


def lrn(node: Node) -> None:
    """LRN across channels."""
    if len(node.shape()) != 4 or node.attribute("size") % 2 == 0:
        raise node.unsupported("Caffe normalises 4 axes over an odd number of channels")
    node.layer(
        "LRN",
        local_size=node.attribute("size"),
        alpha=node.attribute("alpha", 1e-4),
        beta=node.attribute("beta", 0.75),
        k=node.attribute("bias", 1.0),
    )
