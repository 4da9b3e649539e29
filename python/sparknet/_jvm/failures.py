"""Exceptions of the JVM as errors of this package."""

from __future__ import annotations

import os
import re
from typing import Any

from sparknet.errors import (
    ArgumentError,
    CallbackError,
    FileError,
    InternalError,
    OutOfMemoryError,
    SetupError,
    SparkNetError,
    StateError,
    error_for,
    error_in_text,
)

__all__ = ["connected", "from_server", "remote", "stopped", "translate"]

_JAVA = {
    "java.lang.IllegalArgumentException": ArgumentError,
    "java.io.FileNotFoundException": FileError,
    "java.lang.OutOfMemoryError": OutOfMemoryError,
}
_PYTHON_FAILURE = "org.apache.spark.api.python.PythonException"
# What Spark says of a session that is stopped, before or while it is used.
_STOPPED = ("Cannot call methods on a stopped SparkContext", "SparkContext has been shutdown")
# The Python of the executors: Spark starts a program that is not there, or one of another version.
_NO_PYTHON = re.compile(r'Cannot run program "[^"\n]*python[^\n]*')
_OTHER_PYTHON = re.compile(
    r"PYTHON_VERSION_MISMATCH\] Python in worker has different version"
    r" \D*(\d+)\D+(\d+)\D+ than that in driver (\d+\.\d+)"
)
# Hadoop's client for S3, which plain Spark lacks.
_NO_S3 = "org.apache.hadoop.fs.s3a.S3AFileSystem not found"
_REMEDY = "set PYSPARK_PYTHON to one of this program's version that all of them have"
_NO_OPERATOR = re.compile(r"Unsupported (?:ML operator, found|read for) sparknet\.")
_SERVER_THROWN = re.compile(r"\(sparknet\.[\w.]+\) (.*)", re.DOTALL)
# The exception's own line: frames and source are indented; a group's have a bar in front.
_RAISED = re.compile(r"^(?:  \| )?([^\s|+].*)", re.MULTILINE)


def translate(failure: BaseException) -> SparkNetError:
    """The error of this package for an exception from Py4J or PySpark."""
    thrown = getattr(failure, "java_exception", None) or getattr(failure, "_origin", None)
    if thrown is None:
        return StateError(f"the JVM of the Spark session does not answer: {failure}")
    error = _known(_causes(thrown))
    error.details = _trace(thrown)
    return error


def _known(causes: list[Any]) -> SparkNetError:
    for cause in causes:
        if hasattr(cause, "getCodeName") and _is_caffe(cause):
            return error_for(str(cause.getCodeName()), str(cause.getMessage()))
    texts = [str(cause.toString()) for cause in causes]
    for text in texts:
        quoted = error_in_text(text)
        if quoted is not None:
            return quoted
    for text in texts:
        missing, other = _NO_PYTHON.search(text), _OTHER_PYTHON.search(text)
        if missing is not None:
            return SetupError(
                f"the Python of the executors does not start: {missing[0]}; {_REMEDY}"
            )
        if other is not None:
            theirs, ours = f"{other[1]}.{other[2]}", other[3]
            return SetupError(
                f"the executors have Python {theirs}, and this program is Python {ours}: {_REMEDY}"
            )
        if _NO_S3 in text:
            return SetupError(
                "this Spark has no client for S3: add it by sparknet.session(s3=True), or by --s3"
                " of sparknet's commands"
            )
        if _PYTHON_FAILURE in text:
            return CallbackError(_python_failure(text))
        if any(said in text for said in _STOPPED):
            return stopped()
    kind = _JAVA.get(str(causes[-1].getClass().getName()), InternalError)
    return kind(texts[-1].split("\n")[0])


def stopped() -> StateError:
    """What there is to say of a session that is stopped."""
    return StateError("the Spark session is stopped: make a new one, and its data and trainers")


def connected() -> bool:
    """Whether sessions of this program are Spark Connect's: nothing here makes others then."""
    return "SPARK_REMOTE" in os.environ or "SPARK_CONNECT_MODE_ENABLED" in os.environ


def remote() -> SetupError:
    """What there is to say of a session of Spark Connect."""
    return SetupError(
        "this session is Spark Connect's, whose driver is elsewhere: SparkNet needs one in the"
        " driver, of sparknet.session(), pyspark or spark-submit, without SPARK_REMOTE and --remote"
    )


def from_server(failure: Exception) -> SparkNetError | None:
    """The error of this package for what a Spark Connect server says; None: it is Spark's own."""
    message = str(getattr(failure, "_message", failure))
    details = "\n".join(filter(None, (message, getattr(failure, "_stacktrace", None))))
    if _NO_OPERATOR.search(message):
        return SetupError(
            "the server of this Spark Connect session has no SparkNet: start it with --jars and the"
            " jar for its Spark (sparknet.jar.spark_jars())",
            details,
        )
    thrown = _SERVER_THROWN.match(message)  # With its class and message; servers tell no codes.
    return error_in_text(details) if thrown is None else SparkNetError(thrown[1], details)


def _trace(thrown: Any) -> str:
    """What Java prints of an exception and its causes."""
    try:
        lines: list[str] = []
        for cause in _causes(thrown):
            lines.append(f"{'Caused by: ' if lines else ''}{cause.toString()}")
            lines += [f"\tat {frame.toString()}" for frame in cause.getStackTrace()]
    except Exception:  # The transport's own: the JVM went meanwhile.
        return "there is no trace: the JVM is gone"
    return "\n".join(lines)


def _causes(thrown: Any) -> list[Any]:
    causes: list[Any] = []
    while thrown is not None and len(causes) < 20:
        causes.append(thrown)
        thrown = thrown.getCause()
    return causes


def _is_caffe(thrown: Any) -> bool:
    kind = thrown.getClass()
    while kind is not None and str(kind.getName()) != "sparknet.jna.CaffeException":
        kind = kind.getSuperclass()
    return kind is not None


def _python_failure(text: str) -> str:
    """What a Python function on an executor raised, from the traceback that Spark quotes."""
    after = text[text.index(_PYTHON_FAILURE) :].split("Driver stacktrace:")[0]
    last = after.split("Traceback (most recent call last):\n")[-1]  # Those before are its causes.
    raised = _RAISED.search(last)
    return f"a Python function on an executor failed: {raised[1] if raised else 'no message'}"
