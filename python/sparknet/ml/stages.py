"""What the stages share: their Params are those of the Scala classes, which say names, types,
defaults and documentation."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from google.protobuf import text_format
from pyspark.ml.param import Param, TypeConverters
from pyspark.ml.util import JavaMLReader
from pyspark.ml.wrapper import JavaParams

from sparknet import engine, spec
from sparknet._jvm import failures
from sparknet._jvm.calls import current_session, translated
from sparknet._jvm.failures import connected
from sparknet._jvm.py4j import Py4JJvm
from sparknet.errors import ArgumentError, SetupError
from sparknet.ml import remote

__all__ = [
    "Reader",
    "Stage",
    "java",
    "java_class",
    "net_text",
    "place",
    "session_jvm",
    "solver_text",
    "translated",
]

_PACKAGE = "sparknet.ml"

# By the Java class of the Param; Spark checks ranges.
_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "BooleanParam": TypeConverters.toBoolean,
    "DoubleArrayParam": TypeConverters.toListFloat,
    "DoubleParam": TypeConverters.toFloat,
    "IntArrayParam": TypeConverters.toListInt,
    "IntParam": TypeConverters.toInt,
    "LongParam": TypeConverters.toInt,
    "Param": TypeConverters.toString,
    "StringArrayParam": TypeConverters.toListString,
}


def java(name: str) -> Any:
    """A new object of a class of ``sparknet.ml``; for Spark Connect what its server calls it."""
    if connected():
        return remote.operator(name)
    made = java_class(name)
    with translated(name):
        return made()


def java_class(name: str) -> Any:
    """A class of ``sparknet.ml``."""
    return getattr(session_jvm().jvm.sparknet.ml, name)


def session_jvm() -> Py4JJvm:
    """The JVM of the session; raises if there is none, or it has no jar."""
    session = current_session()
    if session is None:
        if connected():
            raise failures.remote()
        raise SetupError("no Spark session: call sparknet.session() first")
    return Py4JJvm(session)


def net_text(net: spec.NetSource) -> str:
    """Prototxt of a net that is given as path, text or message."""
    read = remote.read if connected() else engine.read
    return str(text_format.MessageToString(spec.net(net, read=read)))


def solver_text(solver: spec.SolverSource) -> str:
    """Prototxt of a solver with its nets inside."""
    read = remote.read if connected() else engine.read
    return str(text_format.MessageToString(spec.solver(solver, read=read)))


def place(path: str | os.PathLike[str]) -> str:
    """A path as the JVM sees it, whose working directory may be another; or a URI."""
    if connected():
        return remote.place(os.fspath(path))
    return session_jvm().place(os.fspath(path))


class Reader(JavaMLReader[Any]):
    """Reads what a stage's ``write()`` wrote."""

    @classmethod
    def _java_loader_class(cls, clazz: Any) -> str:
        return f"{_PACKAGE}.{clazz.__name__}"

    def load(self, path: str) -> Any:
        """The stage."""
        with translated("load"):
            return super().load(path)


class Stage(JavaParams):
    """Params of a stage: by Spark's names, ``stage.learningRate``, with ``setLearningRate`` and
    ``getLearningRate``."""

    _learned: Mapping[str, Any] = MappingProxyType({})  # Of a model that a server has loaded.
    _arguments: type  # What says names and types of the Params where there is no Java stage.

    def _own(self, java_object: Any, given: dict[str, Any]) -> None:
        """Wraps a Java stage, or a server's, and sets Params; what is None is left as it is."""
        self._java_obj = java_object
        if connected():
            self._declare()
        else:
            self._create_params_from_java()
            self._resetUid(java_object.uid())
            self._transfer_params_from_java()
        self._assign(given)

    def _declare(self) -> None:
        """Makes the Params that the Java stage would say."""
        for name, converter in remote.params(self._arguments).items():
            if not hasattr(type(self), name):
                setattr(self, name, Param(self, name, "", converter))
        self._params = None  # Params looks for them anew.

    def _set(self, **values: Any) -> Any:
        if connected():  # A property of the model's has the name of a Param of the Java stage's.
            learned = values.keys() - self.__dict__.keys()
            self._learned = {**self._learned, **{name: values.pop(name) for name in learned}}
        return super()._set(**values)

    def setParams(self, **params: Any) -> Stage:  # noqa: N802 (Spark's name)
        """Sets Params by Python's names or Spark's."""
        self._assign(params)
        return self

    def _assign(self, given: dict[str, Any]) -> None:
        for key, value in given.items():
            if value is None:
                continue
            name = remote.camel(key)
            if name == "featuresCol" and not isinstance(value, str):
                name, value = "featuresCols", list(value)
            if not self.hasParam(name):
                known = sorted(param.name for param in self.params)
                raise ArgumentError(f"{type(self).__name__} has no parameter '{key}', only {known}")
            try:
                self._set(**{name: self._plain(name, value)})
            except (TypeError, ValueError) as error:
                raise ArgumentError(f"{key}: {error}") from None

    def _plain(self, name: str, value: Any) -> Any:
        """A value as its Param takes it."""
        if name == "net":
            return net_text(value)
        if name == "solver":
            return solver_text(value)
        if name in ("weights", "checkpoint"):
            return place(value)
        if name in ("crop", "imageSize") and isinstance(value, int):
            return [value, value]
        if name == "mean":
            flat = value.ravel() if hasattr(value, "ravel") else value
            return [float(each) for each in ([flat] if isinstance(flat, (int, float)) else flat)]
        if name == "optimizer" and not isinstance(value, str):
            raise TypeError(f"a name, not {value!r}")
        return value

    def _create_params_from_java(self) -> None:
        before = {param.name for param in self.params}
        super()._create_params_from_java()
        stage: Any = self._java_obj
        kinds = {str(p.name()): str(p.getClass().getSimpleName()) for p in stage.params()}
        for param in self.params:
            if param.name not in before:
                param.typeConverter = _CONVERTERS.get(kinds[param.name], TypeConverters.identity)

    def __getattr__(self, name: str) -> Any:
        # setLearningRate and getLearningRate, for every Param that there is.
        if name[:3] in ("set", "get") and len(name) > 3:
            param = name[3].lower() + name[4:]
            if param in self.__dict__ and isinstance(self.__dict__[param], Param):
                if name.startswith("get"):
                    return lambda: self.getOrDefault(param)

                def setter(value: Any) -> Stage:
                    self._assign({param: value})
                    return self

                return setter
        raise AttributeError(f"'{type(self).__name__}' has no attribute '{name}'")

    @classmethod
    def read(cls) -> Any:
        """What reads stages of this kind."""
        if connected():
            remote.operator(cls.__name__)
            from pyspark.ml.connect.readwrite import RemoteMLReader  # Of Spark 4.

            return RemoteMLReader(cls)
        return Reader(cls)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: str) -> Any:
        """The stage that was saved to a path or URI."""
        if not connected():
            session_jvm()
        with translated("load"):
            return cls.read().load(path)
