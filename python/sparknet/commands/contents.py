"""What is in a file of Caffe's, or a model's folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Any, TypeVar

from google.protobuf import text_format
from google.protobuf.message import DecodeError, Message

from sparknet import spec, tables
from sparknet.commands.places import placed
from sparknet.errors import ArgumentError, FileError, ParseError
from sparknet.proto import caffe_pb2

__all__ = ["lines"]

_M = TypeVar("_M", bound=Message)
_WIDTH = 80


def lines(file: str) -> Iterator[str]:
    """What there is to say, line by line."""
    if os.path.isdir(file):
        return _of_model(Path(file))
    if file.endswith(".caffemodel"):
        return _of_weights(_binary(file, caffe_pb2.NetParameter))
    if file.endswith(".solverstate"):
        return _of_state(_binary(file, caffe_pb2.SolverState))
    if file.endswith(".h5"):
        raise ArgumentError(f"{file}: HDF5 has tools of its own, such as h5dump -n")
    return _of_prototxt(file)


def _binary(file: str, kind: type[_M]) -> _M:
    message = kind()
    try:
        message.ParseFromString(Path(file).read_bytes())
    except OSError as error:
        raise FileError(f"{file}: {error.strerror}") from None
    except DecodeError:
        raise ParseError(f"{file}: not a {kind.__name__} of Caffe's") from None
    return message


def _of_prototxt(file: str) -> Iterator[str]:
    """A table of a net's layers; of a solver its fields, and its net."""
    from sparknet.nets import Net

    solver = _solver(file)
    if solver is None:
        yield from str(Net.load(file).summary()).split("\n")
        return
    yield from text_format.MessageToString(spec.schedule(solver)).splitlines()
    net = solver.net_param if solver.HasField("net_param") else solver.train_net_param
    yield ""
    yield from str(Net.load(net).summary("TRAIN")).split("\n")


def _solver(file: str) -> caffe_pb2.SolverParameter | None:
    """None: it is a net."""
    try:
        spec.net(file)
    except ParseError as of_net:
        try:
            return spec.solver(file)
        except ParseError as of_solver:
            raise (of_solver if "solver" in os.path.basename(file) else of_net) from None
    return None


def _of_weights(net: caffe_pb2.NetParameter) -> Iterator[str]:
    rows, total = [], 0
    for name, kind, blobs in _layers(net):
        shapes = [tuple(blob.shape.dim) or _old_shape(blob) for blob in blobs]
        values = sum(prod(shape) for shape in shapes)
        if shapes:
            rows.append((name, kind, ", ".join(map(str, shapes)), f"{values:,}"))
        total += values
    yield f"weights of net '{net.name}': {len(rows)} layers, {total:,} values"
    yield from tables.aligned(("layer", "type", "shapes", "values"), rows, words=3)


def _layers(net: caffe_pb2.NetParameter) -> Iterator[tuple[str, str, Sequence[Any]]]:
    """Name, type and blobs, in the form of today or Caffe's old ones."""
    for layer in net.layer:
        yield layer.name, layer.type, layer.blobs
    for old in net.layers:
        if old.HasField("layer"):
            yield old.layer.name, old.layer.type, old.layer.blobs
        else:
            yield old.name, caffe_pb2.V1LayerParameter.LayerType.Name(old.type), old.blobs


def _old_shape(blob: caffe_pb2.BlobProto) -> tuple[int, ...]:
    """Four numbers, before blobs had shapes; none at all of a single value."""
    if not blob.HasField("num"):
        return ()
    return (blob.num, blob.channels, blob.height, blob.width)


def _of_state(state: caffe_pb2.SolverState) -> Iterator[str]:
    values = sum(len(blob.data) + len(blob.double_data) for blob in state.history)
    yield f"iteration  {state.iter:,}"
    yield f"step       {state.current_step} of the learning rate"
    yield f"weights    {state.learned_net or 'none are named'}"
    yield f"history    {len(state.history)} blobs, {values:,} values"


def _of_model(folder: Path) -> Iterator[str]:
    """Of a stage of Spark's: its class, its Params, and its net if it has one."""
    placed(str(folder))
    try:
        (part,) = sorted((folder / "metadata").glob("part-*"))
        stage: dict[str, Any] = json.loads(part.read_text(encoding="utf-8"))
        kind, params = stage["class"], {**stage.get("defaultParamMap", {}), **stage["paramMap"]}
    except (OSError, ValueError, KeyError):
        raise FileError(f"{folder}: no folder that a model was saved to") from None
    yield f"{kind}, saved by Spark {stage.get('sparkVersion', 'of an unknown version')}"
    for name, value in sorted(params.items()):
        yield f"  {name}: {_short(json.dumps(value))}"
    net = folder / "net" / "deploy.prototxt"
    if net.is_file():
        from sparknet.nets import Net

        yield ""
        yield from str(Net.load(net).summary()).split("\n")


def _short(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."
