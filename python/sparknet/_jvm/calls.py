"""Calls of a Spark session's JVM over Py4J: how they fail, end, and find the session."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError
from pyspark import SparkContext
from pyspark.sql import SparkSession

from sparknet._jvm.failures import connected, from_server, stopped, translate
from sparknet.errors import InternalError, SparkNetError
from sparknet.interrupts import interruptible

__all__ = ["call", "current_session", "ending_jobs", "silence", "translated"]


def call(java: Any, method: str, *args: Any) -> Any:
    """Calls a method of a Java object or class, or of PySpark.

    Ctrl-C raises KeyboardInterrupt without the transport's own report; what the JVM is doing
    goes on, unless whoever called ends it.
    """
    try:
        with interruptible():
            return getattr(java, method)(*args)
    except Exception as failure:
        error = _known(failure, method)
        if error is None:
            raise
        raise error from None


@contextmanager
def translated(method: str) -> Iterator[None]:
    """Failures of the JVM inside are errors of this package, as those of ``call`` are."""
    try:
        yield
    except Exception as failure:
        error = _known(failure, method)
        if error is None:
            raise
        raise error from None


def _known(failure: Exception, method: str) -> SparkNetError | None:
    """The error for what the JVM threw; the one place that translates. None: it is Python's own."""
    if isinstance(failure, (Py4JJavaError, Py4JNetworkError)):
        return translate(failure)
    if isinstance(failure, Py4JError):  # No such method: jar and package differ in version.
        return InternalError(f"{method}: {str(failure).splitlines()[0]}")
    if type(failure).__module__ == "pyspark.errors.exceptions.connect":
        return from_server(failure)
    # PySpark turns some JVM exceptions into its own; they keep the Java one.
    return None if getattr(failure, "_origin", None) is None else translate(failure)


@contextmanager
def ending_jobs(context: SparkContext) -> Iterator[None]:
    """Ctrl-C ends the Spark jobs that were started inside, and no others."""
    if context._jsc is None:
        raise stopped()
    tag = f"sparknet-{uuid.uuid4()}"
    _own_properties(context)
    call(context, "addJobTag", tag)
    try:
        yield
    except KeyboardInterrupt:
        # Under spark-submit the JVM gets the signal too, and may be gone.
        with contextlib.suppress(SparkNetError), translated("end"):
            jvm: Any = context._jvm
            call(jvm.sparknet.io.EndedJobs, "end", context._jsc, tag)
        raise
    finally:
        with contextlib.suppress(SparkNetError):
            call(context, "removeJobTag", tag)


def _own_properties(context: SparkContext) -> None:
    """Gives this thread local properties of its own, as they are. PySpark 4 lets all threads of a
    CrossValidator share one object, so that a tag of one were a tag of all."""
    scala: Any = context._jsc
    with translated("setLocalProperties"), interruptible():
        spark = scala.sc()
        spark.setLocalProperties(spark.getLocalProperties().clone())


def current_session() -> SparkSession | None:
    """The session of this thread, or else the one that there is; none that is Spark Connect's.

    A thread that Ctrl-C has cut off from the JVM is another one there, without a session.
    """
    if connected():
        return None
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    try:
        found = SparkSession.active()
    except RuntimeError:
        return None
    return None if found.sparkContext._jsc is None else found


def silence(spark: SparkSession) -> None:
    """Ends Spark's logging, and the standard error of its JVM: Scala's thread pools print there."""
    call(spark.sparkContext, "setLogLevel", "OFF")
    jvm: Any = spark.sparkContext._jvm
    nowhere = call(jvm.java.io.OutputStream, "nullOutputStream")
    call(jvm.java.lang.System, "setErr", call(jvm.java.io, "PrintStream", nowhere))
