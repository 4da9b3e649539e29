"""A net in its TEST form, with inputs where its data layers were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from google.protobuf import text_format

from sparknet import local
from sparknet._jvm.pyjnius import call
from sparknet.errors import ArgumentError
from sparknet.fields import did_you_mean
from sparknet.onnx.graph import Shape
from sparknet.proto import caffe_pb2

__all__ = ["described", "net"]

# To build one empties its file.
_WRITERS = frozenset({"HDF5Output"})


def net(
    message: caffe_pb2.NetParameter, inputs: Mapping[str, Sequence[int]], batch: int | None
) -> local.Net:
    """The net, built. inputs: shapes of what data layers give; batch: replaces their first axis."""
    engine = local._engine()
    # By way of its text, which the engine brings from older forms into today's.
    text = text_format.MessageToString(message)
    today = caffe_pb2.NetParameter()
    today.ParseFromString(bytes(call(call(engine.engine, "parseNetText", text), "toByteArray")))
    kept = [layer for layer in today.layer if layer.type not in _WRITERS]
    del today.layer[:]
    today.layer.extend(kept)
    unknown = dict(inputs)
    for layer in today.layer:
        # A Parameter layer has weights to give.
        if layer.bottom or layer.type == "Parameter" or _trains_only(layer):
            continue
        shapes = _shapes(layer, inputs)
        for name in layer.top:
            unknown.pop(name, None)
        layer.type = "Input"
        layer.input_param.Clear()
        for shape in shapes:
            extents = shape if batch is None or not shape else (batch, *shape[1:])
            layer.input_param.shape.add().dim.extend(extents)
    if unknown:
        name = next(iter(unknown))
        tops = [top for layer in today.layer if layer.type == "Input" for top in layer.top]
        raise ArgumentError(f"inputs: the net has no data '{name}'{did_you_mean(name, tops)}")
    java = call(engine.net, "fromBytes", today.SerializeToString(), local.TEST)
    return local.Net._lent(java, local._Native(java))


def described(built: local.Net) -> caffe_pb2.NetParameter:
    """The net as the engine built it: layers of the phase, with those that split blobs."""
    message = caffe_pb2.NetParameter()
    message.ParseFromString(bytes(call(call(built._java, "proto"), "toByteArray")))
    return message


def _trains_only(layer: caffe_pb2.LayerParameter) -> bool:
    included = [rule.phase for rule in layer.include if rule.HasField("phase")]
    excluded = [rule.phase for rule in layer.exclude if rule.HasField("phase")]
    return caffe_pb2.TEST in excluded or (bool(included) and caffe_pb2.TEST not in included)


def _shapes(layer: caffe_pb2.LayerParameter, inputs: Mapping[str, Sequence[int]]) -> list[Shape]:
    """Shapes of a data layer's tops: those that are given, or its own; one label per item."""
    own = _own(layer)
    given = [name for name in layer.top if name in inputs]
    if not given and not own:
        example = f"inputs={{'{layer.top[0]}': (1, 3, 224, 224)}}" if layer.top else "inputs"
        raise ArgumentError(
            f"layer '{layer.name}' ({layer.type}) does not say what shapes it gives:"
            f" pass them, such as {example}"
        )
    if len(own) != len(layer.top):
        items = tuple(inputs[given[0]])[:1] if given else own[0][:1]
        own = own[:1] * len(layer.top) if layer.type == "Input" else [items] * len(layer.top)
    shapes = [tuple(inputs.get(name, shape)) for name, shape in zip(layer.top, own)]
    return [tuple(int(extent) for extent in shape) for shape in shapes]


def _own(layer: caffe_pb2.LayerParameter) -> list[Shape]:
    """Shapes that a layer tells: one, or one per top; none if they are those of its data."""
    if layer.type == "Input":
        return [tuple(shape.dim) for shape in layer.input_param.shape]
    if layer.type == "JavaData":
        return [tuple(layer.java_data_param.shape.dim)]
    if layer.type == "MemoryData":
        m = layer.memory_data_param
        return [(m.batch_size, m.channels, m.height, m.width), (m.batch_size, 1, 1, 1)]
    if layer.type == "DummyData":
        d = layer.dummy_data_param
        shapes = [tuple(shape.dim) for shape in d.shape] or list(
            zip(d.num, d.channels, d.height, d.width)
        )
        return shapes * len(layer.top) if len(shapes) == 1 else shapes
    return []
