"""From an ONNX file to a net and its weights."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx
from google.protobuf import text_format

from sparknet.errors import FileError, ParseError, UnsupportedError
from sparknet.local import Net
from sparknet.onnx.folding import Folded, opened
from sparknet.onnx.node import Built, Node
from sparknet.onnx.readers import READERS
from sparknet.proto import caffe_pb2
from sparknet.weights import Weights

__all__ = ["convert", "load"]


def load(
    path: str | os.PathLike[str],
    *,
    inputs: Mapping[str, Sequence[int]] | None = None,
    batch: int = 1,
) -> tuple[caffe_pb2.NetParameter, Weights]:
    """The net that an ONNX file describes, and its weights by layer name.

    inputs: shapes by name, for inputs whose shape is free. batch: number of items, where the
    first axis is free. Inputs and outputs keep their names; other blobs are called like the
    file's values, layers like its nodes. What can be worked out beforehand, is.

    UnsupportedError names the nodes whose operator Caffe's layers do not cover, or what about a
    node they do not; ParseError tells that the file is none, FileError that it cannot be read.
    """
    folded = opened(path, inputs or {}, batch)
    _check(folded)
    built = Built(folded)
    built.net.name = Path(path).stem
    for name in folded.inputs:
        shape = {"dim": list(folded.shapes[name])}
        built.add("Input", name, [], [name], shape=shape)
        built.blobs[name] = name
    for proto in folded.nodes:
        READERS[proto.op_type](Node(built, proto))
    for name in folded.outputs:
        _end(built, name)
    return built.net, built.weights


def convert(
    path: str | os.PathLike[str],
    prototxt: str | os.PathLike[str],
    caffemodel: str | os.PathLike[str],
    *,
    inputs: Mapping[str, Sequence[int]] | None = None,
    batch: int = 1,
) -> None:
    """Writes what ``load`` gives as Caffe's two files. The engine has to build the net."""
    net, weights = load(path, inputs=inputs, batch=batch)
    try:
        Path(prototxt).write_text(text_format.MessageToString(net), encoding="utf-8")
    except OSError as error:
        raise FileError(f"{os.fspath(prototxt)}: {error.strerror}") from None
    built = Net(prototxt)
    built.set_weights(weights)
    built.save(caffemodel)


def _check(folded: Folded) -> None:
    """Names operators that are not covered, each with its first node, and nodes that are wrong."""
    unknown: dict[str, str] = {}
    context = folded.context()
    for node in folded.nodes:
        name = (node.name or node.output[0]).strip("/")
        if node.domain not in ("", "ai.onnx") or node.op_type not in READERS:
            op = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
            unknown.setdefault(op, name)
            continue
        try:
            onnx.checker.check_node(node, context)
        except onnx.checker.ValidationError as error:
            reason = str(error).split("\n")[0]
            raise ParseError(f"{folded.path}: node '{name}' ({node.op_type}): {reason}") from None
    if unknown:
        listed = ", ".join(f"node '{name}' ({op})" for op, name in unknown.items())
        raise UnsupportedError(f"{folded.path}: Caffe's layers do not cover {listed}")


def _end(built: Built, name: str) -> None:
    """Makes an output's blob have its name."""
    blob = built.blobs.get(name)
    if blob is None:
        raise UnsupportedError(f"{built.folded.path}: output '{name}' does not depend on data")
    if blob == name:
        return
    if blob in (*built.folded.inputs, *built.folded.outputs):
        built.add("Split", name, [blob], [name])
        return
    for layer in built.net.layer:
        for names in (layer.bottom, layer.top):
            names[:] = [name if other == blob else other for other in names]
    for value, other in built.blobs.items():
        if other == blob:
            built.blobs[value] = name
