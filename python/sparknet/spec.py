"""Nets and solvers from a prototxt file, prototxt text or a protobuf message.

A ``str`` is text if it has a line break, a brace or the form ``field: value``; otherwise
it is a path, as is any ``os.PathLike``.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, TypeVar, Union

from google.protobuf import text_format
from google.protobuf.message import Message

from sparknet import models
from sparknet.errors import ArgumentError, FileError, ParseError
from sparknet.proto import caffe_pb2

__all__ = ["NetSource", "SolverSource", "net", "solver"]

NetSource = Union[str, "os.PathLike[str]", caffe_pb2.NetParameter]
SolverSource = Union[str, "os.PathLike[str]", caffe_pb2.SolverParameter]

_TEXT = re.compile(r"[\n{]|^\s*\w+\s*:\s*\S")
_M = TypeVar("_M", bound=Message)


def net(source: NetSource) -> caffe_pb2.NetParameter:
    """The net that a path, a text or a message gives. Messages are not copied."""
    return _message(source, caffe_pb2.NetParameter)


def solver(
    source: SolverSource, net: NetSource | None = None, **fields: Any
) -> caffe_pb2.SolverParameter:
    """A solver with its nets inside, so that it needs no file on another machine.

    net: replaces the net that the solver names. fields: solver fields to set, such as
    ``base_lr=0.01``. Nets that the solver names by path are read: relative to the working
    directory, as in Caffe, or else to a folder above the solver's own file.
    """
    result = caffe_pb2.SolverParameter()
    result.CopyFrom(_message(source, caffe_pb2.SolverParameter))
    for field, value in fields.items():
        try:
            result.ClearField(field)
            result.MergeFrom(caffe_pb2.SolverParameter(**{field: value}))
        except (TypeError, ValueError) as error:
            raise ArgumentError(f"solver field {field}: {error}") from None
    if net is not None:
        for field in ("net", "train_net", "train_net_param", "test_net", "test_net_param"):
            result.ClearField(field)
        result.net_param.CopyFrom(_message(net, caffe_pb2.NetParameter))
        return result
    folders = _folders(source)
    if result.net:
        result.net_param.CopyFrom(_named(result.net, folders))
    if result.train_net:
        result.train_net_param.CopyFrom(_named(result.train_net, folders))
    result.test_net_param.extend(_named(path, folders) for path in result.test_net)
    for field in ("net", "train_net", "test_net"):
        result.ClearField(field)
    return result


def schedule(solver: caffe_pb2.SolverParameter) -> caffe_pb2.SolverParameter:
    """The solver without its nets."""
    result = caffe_pb2.SolverParameter()
    result.CopyFrom(solver)
    for field in ("net_param", "train_net_param", "test_net_param", "train_state", "test_state"):
        result.ClearField(field)
    return result


def _folders(source: object) -> list[Path]:
    """Where a solver's net may lie: the working directory, and above its file."""
    folders = [Path()]
    if not isinstance(source, Message) and not _is_text(source):
        folders += Path(os.path.abspath(str(source))).parents
    return folders


def _named(path: str, folders: list[Path]) -> caffe_pb2.NetParameter:
    """The net in the first of the folders that has the path, or in the jar."""
    for folder in folders:
        if (folder / path).is_file():
            return net(folder / path)
    text = models.text(path)
    if text is None:
        raise FileError(f"net '{path}' of the solver: no such file in {Path.cwd()}")
    return parse(text, caffe_pb2.NetParameter, path)


def _is_text(source: object) -> bool:
    return isinstance(source, str) and _TEXT.search(source) is not None


def _message(source: object, kind: type[_M]) -> _M:
    if isinstance(source, kind):
        return source
    if isinstance(source, str) and _is_text(source):
        return parse(source, kind, "<text>")
    if not isinstance(source, (str, os.PathLike)):
        raise ArgumentError(
            f"expected a path, prototxt text or a {kind.__name__}, not {type(source).__name__}"
        )
    path = os.fspath(source)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ParseError(f"{path}: not a prototxt: it is not UTF-8 text") from None
    except OSError as error:
        bundled = models.text(path)
        if bundled is None:
            raise FileError(f"{path}: {error.strerror}") from None
        text = bundled
    return parse(text, kind, path)


def parse(text: str, kind: type[_M], name: str) -> _M:
    """The message in a prototxt text. name: what errors call it, such as the file's path."""
    message = kind()
    try:
        text_format.Parse(text, message)
    except text_format.ParseError as error:
        reason = re.sub(r"^\d+:\d+ : ", "", str(error))
        raise ParseError(f"{name}:{error.GetLine()}:{error.GetColumn()}: {reason}") from None
    return message
