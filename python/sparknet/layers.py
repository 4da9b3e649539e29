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

The functions above are few and have the names of the original SparkNet. ``Layers`` has all types
of Caffe, and takes all fields by the names of caffe.proto::

    Layers.Deconvolution("up", ["score"], num_output=21, kernel_size=4, stride=2)
    Layers.Data("data", top=["data", "label"], source="train_lmdb", backend="LMDB",
                batch_size=64, transform_param={"mirror": True, "crop_size": 227})

``sparknet.Net`` has the same types as methods that hand on what a layer writes. ``dir(Layers)``
lists the types, ``help(Layers.Pooling)`` the fields of one. A message is a dict of
its fields, an enum the name of its value, a repeated field a list or one value.
"""

# ruff: noqa: N802 - the names are those of the Scala DSL.
from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from sparknet import fields
from sparknet.errors import ArgumentError
from sparknet.layer_types import Layers, build
from sparknet.proto import caffe_pb2

__all__ = [
    "Accuracy",
    "ConvolutionLayer",
    "Include",
    "InnerProductLayer",
    "Layers",
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
    """A layer that has its own message ``field`` also when nothing in it is set."""
    if isinstance(bottom, str):
        raise ArgumentError(f"{kind} layer '{name}': bottom must be a list of names")
    top = options.pop("top", None)
    layer = build(kind, name, bottom, top, {**known, **options})
    getattr(layer, field).SetInParent()
    return layer


def NetParam(
    name: str, *layers: caffe_pb2.LayerParameter, **options: Any
) -> caffe_pb2.NetParameter:
    """A net of the given layers, in order. options: other fields of NetParameter."""
    net = caffe_pb2.NetParameter(name=name, layer=layers)
    try:
        fields.set_all(net, options)
    except fields.FieldError as error:
        raise ArgumentError(f"net '{name}': {error}") from None
    return net


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
