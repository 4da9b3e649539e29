"""A JVM inside this process, over pyjnius."""

from __future__ import annotations

import ctypes
import logging
import os
import shutil
from typing import Any

from sparknet import jar, version
from sparknet.errors import InternalError, SetupError, SparkNetError, error_in_text
from sparknet.notices import Notice, tell
from sparknet.python_layers import Runner

__all__ = ["call", "classes", "read", "set_python_layers", "system_property", "translate"]

# Ctrl-C stays Python's; the heap only holds small things, blobs are native memory.
_OPTIONS = ("-Xrs", "-Xss4m")


def _told(_context: object, text: bytes) -> None:
    """The engine's ``ccaffe_warning_callback``."""
    tell([Notice(logging.WARNING, text.decode(errors="replace"))])


# The engine has its address: it lives as long as the process.
_warned = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)(_told)


class _Classes:
    """The Scala classes that sparknet.local drives."""

    def __init__(self) -> None:
        autoclass = _jnius().autoclass
        try:
            self.net: Any = autoclass("sparknet.jna.NativeNet")
            self.solver: Any = autoclass("sparknet.jna.NativeSolver")
            self.engine: Any = autoclass("sparknet.jna.Engine")
        except _jnius().JavaException as failure:
            raise SetupError(
                "SparkNet's classes are not on the class path of the JVM that this process"
                f" already runs: start it with {_jars()} on it ({failure})"
            ) from None


_started = None
_layers: Runner | None = None


def set_python_layers(runner: Runner) -> None:
    """Lets nets have layers of type Python; the first runner stays."""
    global _layers
    if _layers is None:
        call(classes().engine, "setPythonLayer", runner.address)
        _layers = runner


def classes() -> _Classes:
    """The classes; the first call starts the JVM."""
    global _started
    if _started is None:
        _start()
        loaded = _Classes()
        version.check(str(call(loaded.engine, "version")))
        # Python is told of warnings at once: what logs in the JVM of Spark is not in this one.
        call(loaded.engine, "setWarningCallback", ctypes.cast(_warned, ctypes.c_void_p).value)
        _started = loaded
    return _started


def _start() -> None:
    try:
        import jnius_config
    except ImportError:
        raise SetupError(
            "sparknet.local needs pyjnius: pip install pyjnius; so does reading a prototxt where"
            " there is no Spark session"
        ) from None
    if not jnius_config.vm_running:
        jnius_config.add_options(*_OPTIONS)
        jnius_config.add_classpath(*map(str, jar.of_any_line()))
    try:
        _jnius()
    except Exception as failure:  # pyjnius raises whatever its search for a JVM met.
        hint = "" if shutil.which("java") else ": install a JRE, version 17, or set JAVA_HOME"
        raise SetupError(f"no JVM could be started{hint} ({failure})") from None


def _jars() -> str:
    return os.pathsep.join(map(str, jar.of_any_line()))


def _jnius() -> Any:
    import jnius

    return jnius


def translate(failure: BaseException) -> SparkNetError:
    """The error of this package for a JavaException of pyjnius."""
    # pyjnius keeps texts only; a CaffeException tells its code in its own.
    trace = [str(text) for text in getattr(failure, "stacktrace", None) or ()]
    whole = "\n".join([str(failure), *trace])
    for text in (*trace, str(failure)):
        found = error_in_text(text)
        if found is not None:
            found.details = whole
            return found
    return InternalError(str(failure).split("\n")[0], whole)


def call(java: Any, method: str, *args: Any) -> Any:
    """Calls a Java method, or a static one of a class; the one place that translates errors."""
    try:
        return getattr(java, method)(*args)
    except _jnius().JavaException as failure:
        cause = _layers.take_failure() if _layers is not None else None
        if isinstance(cause, (KeyboardInterrupt, SystemExit)):
            raise cause from None
        raise translate(failure) from cause


def read(prototxt: bytes, solver: bool, name: str) -> bytes:
    """As ``sparknet._jvm.Jvm.read``."""
    method = "solverBytes" if solver else "netBytes"
    return bytes(call(classes().engine, method, prototxt, name))


def system_property(name: str) -> str:
    """What the JVM says of itself, such as ``java.version``."""
    classes()
    return str(call(_jnius().autoclass("java.lang.System"), "getProperty", name))
