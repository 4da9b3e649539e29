"""Layers that slide a window, written as ONNX nodes: convolution, pooling, and LRN within one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparknet.onnx.graph import Layer, Values
from sparknet.proto import caffe_pb2

__all__ = ["convolution", "deconvolution", "im2col", "lrn", "pooling", "spp"]

_Pooling = caffe_pb2.PoolingParameter


def _extents(given: Sequence[int], pair: Sequence[int], axes: int, default: int) -> list[int]:
    """One number per spatial axis, of a field that is given once, for each, or as _h and _w."""
    values = list(given) or (list(pair) if any(pair) else [default])
    return values * axes if len(values) == 1 else values


def _geometry(layer: Layer) -> dict[str, list[int]]:
    """Kernel, stride, padding and dilation of a convolution, as ONNX's attributes."""
    p = layer.proto.convolution_param
    axes = len(layer.shapes[0]) - 2
    if layer.axis(p.axis) != 1 or axes < 1:
        raise layer.unsupported("in ONNX, axis 1 has the channels, and spatial axes follow")
    pads = _extents(p.pad, (p.pad_h, p.pad_w), axes, 0)
    return {
        "kernel_shape": _extents(p.kernel_size, (p.kernel_h, p.kernel_w), axes, 0),
        "strides": _extents(p.stride, (p.stride_h, p.stride_w), axes, 1),
        "pads": pads + pads,
        "dilations": _extents(p.dilation, (), axes, 1),
    }


def _convolved(layer: Layer, op: str) -> Values:
    geometry = _geometry(layer)
    constants = [layer.param(index) for index in range(len(layer.params))]
    group = layer.proto.convolution_param.group
    return [layer.op(op, bottom, *constants, group=group, **geometry) for bottom in layer.bottoms]


def convolution(layer: Layer) -> Values:
    """Conv, of each bottom with the same weights."""
    return _convolved(layer, "Conv")


def deconvolution(layer: Layer) -> Values:
    """ConvTranspose, whose weights lie as Caffe's do."""
    return _convolved(layer, "ConvTranspose")


def im2col(layer: Layer) -> Values:
    """A convolution of each channel by kernels that pick one value each."""
    geometry = _geometry(layer)
    kernel = geometry["kernel_shape"]
    channels, taps = layer.shapes[0][1], int(np.prod(kernel))
    picks = np.tile(np.eye(taps, dtype=np.float32), (channels, 1))
    weights = layer.weight("weight", picks.reshape(channels * taps, 1, *kernel))
    return layer.op("Conv", layer.bottoms[0], weights, group=channels, **geometry)


def pooling(layer: Layer) -> Values:
    """Max or average pooling with the windows and divisors that Caffe has."""
    p = layer.proto.pooling_param
    if p.global_pooling and len(layer.tops) == 1:
        kind = {_Pooling.MAX: "GlobalMaxPool", _Pooling.AVE: "GlobalAveragePool"}
        if p.pool in kind:
            return layer.op(kind[p.pool])
    plane = list(layer.shapes[0][2:])
    kernel = plane if p.global_pooling else _pair(p, "kernel")
    return _pooled(layer, p.pool, kernel, _pair(p, "stride"), _pair(p, "pad"), layer.tops[0][2:])


def _pair(p: caffe_pb2.PoolingParameter, name: str) -> list[int]:
    if p.HasField(f"{name}_h") or p.HasField(f"{name}_w"):
        return [getattr(p, f"{name}_h"), getattr(p, f"{name}_w")]
    return [p.kernel_size if name == "kernel" else getattr(p, name)] * 2


def _pooled(
    layer: Layer,
    pool: int,
    kernel: list[int],
    stride: list[int],
    pad: list[int],
    out: Sequence[int],
) -> Values:
    """Pooling to ``out`` windows per axis.

    The windows' number is told by padding at the ends, not by ONNX's ceil_mode, whose divisors
    runtimes do not agree about. Caffe divides an average by the part of its window that lies in
    the padded image, on both sides alike; windows that go beyond have fewer values.
    """
    plane = layer.shapes[0][2:]
    # How far the last window reaches behind the image.
    ends = [max((out[i] - 1) * stride[i] + kernel[i] - pad[i] - plane[i], 0) for i in range(2)]
    if any(end >= extent for end, extent in zip(ends, kernel)):
        raise layer.unsupported("a window lies outside of the image")
    shape = {"kernel_shape": kernel, "strides": stride}
    if pool == _Pooling.MAX:
        if len(layer.tops) == 1:
            return layer.op("MaxPool", pads=pad + ends, **shape)
        values, indices = layer.ops("MaxPool", outputs=2, pads=pad + ends, **shape)
        # ONNX counts through the whole batch, Caffe within a plane.
        within = layer.op("Mod", indices, layer.whole(int(np.prod(plane))))
        return [values, layer.op("Cast", within, to=1)]
    if pool != _Pooling.AVE:
        raise layer.unsupported("only MAX and AVE pooling have a counterpart in ONNX")
    image = layer.bottoms[0]
    beyond = [max(end - side, 0) for end, side in zip(ends, pad)]
    if any(beyond) and any(pad):
        image = layer.op("Pad", image, layer.whole([0, 0, *pad, 0, 0, *pad]))
        return layer.op("AveragePool", image, pads=[0, 0, *beyond], count_include_pad=0, **shape)
    counted = int(any(pad))
    return layer.op("AveragePool", image, pads=pad + ends, count_include_pad=counted, **shape)


def spp(layer: Layer) -> Values:
    """A pyramid of poolings to 1, 2x2, 4x4... bins, side by side."""
    p = layer.proto.spp_param
    _, _, *plane = layer.shapes[0]
    parts = []
    for level in range(p.pyramid_height):
        bins = 2**level
        kernel = [-(-extent // bins) for extent in plane]
        pad = [(k * bins - extent + 1) // 2 for k, extent in zip(kernel, plane)]
        part = _pooled(layer, p.pool, kernel, kernel, pad, (bins, bins))
        if p.pyramid_height == 1:
            return part
        parts.append(layer.op("Flatten", *part if isinstance(part, list) else [part], axis=1))
    return layer.op("Concat", *parts, axis=1)


def lrn(layer: Layer) -> Values:
    """LRN across channels as it is; within a channel by an average of squares."""
    p = layer.proto.lrn_param
    if p.norm_region == caffe_pb2.LRNParameter.ACROSS_CHANNELS:
        return layer.op("LRN", alpha=p.alpha, beta=p.beta, bias=p.k, size=p.local_size)
    x = layer.bottoms[0]
    mean = layer.op(
        "AveragePool",
        layer.op("Mul", x, x),
        kernel_shape=[p.local_size] * 2,
        pads=[(p.local_size - 1) // 2] * 4,
        count_include_pad=1,
    )
    power = layer.op("Pow", layer.affine(mean, p.alpha, 1), layer.number(-p.beta))
    return layer.op("Mul", x, power)
