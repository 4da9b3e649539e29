"""Nets and solvers from a prototxt file, prototxt text, a protobuf message or Python values.

A ``str`` is text if it has a line break, a brace or the form ``field: value``; otherwise
it is a path, as is any ``os.PathLike``. Prototxts are read by the engine, whose rules hold for
all of SparkNet.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar, Union

from google.protobuf.message import Message

from sparknet import engine, fields, models
from sparknet.errors import ArgumentError, FileError
from sparknet.proto import caffe_pb2

__all__ = [
    "SOLVER_OPTIONS",
    "NetSource",
    "SolverSource",
    "is_text",
    "net",
    "runs_in",
    "solver",
    "tested",
]


class _Proto(Protocol):
    """A net in Python code, such as ``sparknet.Net``."""

    def to_proto(self) -> caffe_pb2.NetParameter: ...


NetSource = Union[str, "os.PathLike[str]", caffe_pb2.NetParameter, _Proto]
Read = Callable[[bytes, bool, str], bytes]  # ``sparknet._jvm.Jvm.read``
SolverSource = Union[str, "os.PathLike[str]", caffe_pb2.SolverParameter, Mapping[str, Any]]

_OPTIMIZERS = ("SGD", "Nesterov", "Adam", "AdaGrad", "RMSProp", "AdaDelta")
# Names for fields of the solver that are not its own.
_ALIASES = {"learning_rate": "base_lr", "optimizer": "type"}
_OF_POLICIES = ("gamma", "power", "stepsize", "stepvalue")
_SOLVER_FIELDS = caffe_pb2.SolverParameter.DESCRIPTOR.fields_by_name
SOLVER_OPTIONS = (*_SOLVER_FIELDS, *_ALIASES)
_NEVER = 2**31 - 1

_TEXT = re.compile(r"[\n{]|^\s*\w+\s*:\s*\S")
_M = TypeVar("_M", bound=Message)


def net(source: NetSource, *, read: Read = engine.read) -> caffe_pb2.NetParameter:
    """The net that a path, a text, a message or a net in code gives. Messages are not copied.

    read: what reads prototxts.
    """
    return _net(source, read)


def _net(source: object, read: Read) -> caffe_pb2.NetParameter:
    to_proto = getattr(source, "to_proto", None)
    if to_proto is not None:
        source = to_proto()
    return _message(source, caffe_pb2.NetParameter, read)


def solver(
    source: SolverSource | None = None,
    net: NetSource | None = None,
    *,
    read: Read = engine.read,
    **options: Any,
) -> caffe_pb2.SolverParameter:
    """A solver with its nets inside, so that it needs no file on another machine.

    source: may be a dict of the solver's fields, or None if the options are all of it. net:
    replaces the net that the solver names. options: solver fields to set, such as
    ``momentum=0.9``, and ``learning_rate`` for ``base_lr`` and ``optimizer``, in any case, for
    ``type``. Without ``lr_policy`` the learning rate stays as it is. Nets that the solver names by
    path are read: relative to the working directory, as in Caffe, or else to a folder above the
    solver's own file. read: what reads prototxts.
    """
    result = caffe_pb2.SolverParameter()
    if isinstance(source, Mapping):
        _set(result, source)
    elif source is not None:
        result.CopyFrom(_message(source, caffe_pb2.SolverParameter, read))
    _set(result, options)
    if source is None or isinstance(source, Mapping):
        _check_rates(result)
    if not result.HasField("lr_policy"):
        result.lr_policy = "fixed"
    if net is not None:
        for field in ("net", "train_net", "train_net_param", "test_net", "test_net_param"):
            result.ClearField(field)
        result.net_param.CopyFrom(_net(net, read))
        return result
    folders = _folders(source)
    if result.net:
        result.net_param.CopyFrom(_named(result.net, folders, read))
    if result.train_net:
        result.train_net_param.CopyFrom(_named(result.train_net, folders, read))
    result.test_net_param.extend(_named(path, folders, read) for path in result.test_net)
    for field in ("net", "train_net", "test_net"):
        result.ClearField(field)
    return result


def runs_in(layer: caffe_pb2.LayerParameter, phase: int) -> bool:
    """Whether a layer's rules let it take part in a phase."""
    included = [rule.phase for rule in layer.include if rule.HasField("phase")]
    excluded = [rule.phase for rule in layer.exclude if rule.HasField("phase")]
    return phase not in excluded and (not included or phase in included)


def tested(solver: caffe_pb2.SolverParameter) -> caffe_pb2.SolverParameter:
    """The solver, changed so that it has test nets: the engine makes one for each ``test_iter``.

    How many iterations a test takes is not its affair: all items are used. A solver with a
    ``train_net`` alone has nothing to test.
    """
    nets = len(solver.test_net_param) or int(solver.HasField("net_param"))
    if not solver.test_iter:
        solver.test_iter.extend([1] * nets)
    if solver.test_interval <= 0:
        solver.test_interval = _NEVER
    return solver


def _set(solver: caffe_pb2.SolverParameter, options: Mapping[str, Any]) -> None:
    """Sets fields by their names or aliases, of which one may be given."""
    for name, value in options.items():
        if name not in SOLVER_OPTIONS:
            hint = fields.did_you_mean(str(name), SOLVER_OPTIONS)
            raise ArgumentError(f"a solver has no field {name}{hint}")
        field = _ALIASES.get(name, name)
        if field != name and value is not None and options.get(field) is not None:
            raise ArgumentError(f"{name} and {field} are the same field of a solver")
        if name == "optimizer" and value is not None:
            value = _optimizer(value)
        try:
            fields.set_field(solver, _SOLVER_FIELDS[field], value, name)
        except fields.FieldError as error:
            raise ArgumentError(f"solver: {error}") from None


def _optimizer(name: Any) -> str:
    for known in _OPTIMIZERS:
        if str(name).lower() == known.lower():
            return known
    hint = fields.did_you_mean(str(name), _OPTIMIZERS)
    raise ArgumentError(f"optimizer '{name}' is not one of {', '.join(_OPTIMIZERS)}{hint}")


def _check_rates(solver: caffe_pb2.SolverParameter) -> None:
    """A solver of Python values says how fast it learns, and nothing that would be ignored."""
    if not solver.HasField("base_lr"):
        raise ArgumentError("a solver needs a learning rate, such as learning_rate=0.01")
    if not solver.HasField("lr_policy"):
        for name in _OF_POLICIES:
            given = getattr(solver, name)
            if given or (name != "stepvalue" and solver.HasField(name)):
                raise ArgumentError(
                    f"{name} changes nothing without an lr_policy, such as lr_policy='step'"
                )


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
    if isinstance(source, (str, os.PathLike)) and not is_text(source):
        folders += Path(os.path.abspath(str(source))).parents
    return folders


def _named(path: str, folders: list[Path], read: Read) -> caffe_pb2.NetParameter:
    """The net in the first of the folders that has the path, or in the jar."""
    for folder in folders:
        if (folder / path).is_file():
            return _net(folder / path, read)
    text = models.text(path)
    if text is None:
        raise FileError(f"net '{path}' of the solver: no such file in {Path.cwd()}")
    return _parsed(text.encode(), caffe_pb2.NetParameter, path, read)


def is_text(source: object) -> bool:
    """Whether a source is prototxt text, and no path."""
    return isinstance(source, str) and _TEXT.search(source) is not None


def _message(source: object, kind: type[_M], read: Read) -> _M:
    if isinstance(source, kind):
        return source
    if isinstance(source, str) and is_text(source):
        return _parsed(source.encode(), kind, "<text>", read)
    if not isinstance(source, (str, os.PathLike)):
        raise ArgumentError(
            f"expected a path, prototxt text or a {kind.__name__}, not {type(source).__name__}"
        )
    path = os.fspath(source)
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        bundled = models.text(path)
        if bundled is None:
            raise FileError(f"{path}: {error.strerror}") from None
        text = bundled.encode()
    return _parsed(text, kind, path, read)


def _parsed(text: bytes, kind: type[_M], name: str, read: Read) -> _M:
    """The message in a prototxt. name: what errors call it, such as the file's path."""
    message = kind()
    message.ParseFromString(read(text, kind is caffe_pb2.SolverParameter, name))
    return message
