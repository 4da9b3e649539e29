"""Stages in a session of Spark Connect: operators that its server runs.

Since Spark 4 a server runs ML operators that it finds among its jars. A program has none of them in
a JVM of its own, so names and types of their Params are those of the arguments here, and what is
not set is the server's default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, Union, get_type_hints

from google.protobuf import text_format
from numpy.typing import NDArray
from pyspark.ml import util
from pyspark.ml.param import TypeConverters

from sparknet._jvm.failures import remote
from sparknet.errors import ParseError, SetupError
from sparknet.proto import caffe_pb2

__all__ = ["camel", "needs_classic", "operator", "params", "place", "read"]

_CONVERTERS: dict[Any, Any] = {
    bool: TypeConverters.toBoolean,
    int: TypeConverters.toInt,
    float: TypeConverters.toFloat,
    str: TypeConverters.toString,
    Sequence[int]: TypeConverters.toListInt,
    Sequence[str]: TypeConverters.toListString,
    Union[int, Sequence[int]]: TypeConverters.toListInt,
    Union[float, Sequence[float], NDArray[Any]]: TypeConverters.toListFloat,
    Union[str, os.PathLike[str]]: TypeConverters.toString,
}


def operator(name: str) -> str:
    """What a class of ``sparknet.ml`` is called by the server; SetupError if servers of this Spark
    run no operators."""
    if not hasattr(util, "try_remote_fit"):
        raise remote()
    return f"sparknet.ml.{name}"


def params(arguments: type) -> Mapping[str, Any]:
    """The Params for a TypedDict of arguments, with what converts values for them."""
    hints = {camel(name): hint for name, hint in get_type_hints(arguments).items()}
    several = hints.pop("featuresCol")
    assert several == Union[str, Sequence[str]]
    own = {"featuresCol": TypeConverters.toString, "featuresCols": TypeConverters.toListString}
    return {**own, **{name: _CONVERTERS[hint] for name, hint in hints.items()}}


def camel(name: str) -> str:
    """Spark's name for an argument."""
    first, *others = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def place(path: str) -> str:
    """A path as the server sees it, which may be on this machine; or a URI."""
    return path if ":/" in path else os.path.abspath(path)


def read(prototxt: bytes, solver: bool, name: str) -> bytes:
    """As ``sparknet._jvm.Jvm.read``, of the fields alone: the server's engine reads it again."""
    message = caffe_pb2.SolverParameter() if solver else caffe_pb2.NetParameter()
    try:
        text_format.Parse(prototxt, message)
    except text_format.ParseError as error:
        raise ParseError(f"{name}:{error}") from None
    return message.SerializeToString()


def needs_classic(what: str) -> NoReturn:
    """Refuses what servers do not run for others: Spark lists the methods of its own models."""
    raise SetupError(
        f"{what} needs a session in the driver, of sparknet.session(), pyspark or spark-submit:"
        " this one is Spark Connect's, which fits, transforms, saves and loads"
    )
