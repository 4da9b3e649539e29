"""Exceptions of Py4J and PySpark become the classes of sparknet.errors."""

from __future__ import annotations

from typing import Any

import pytest
from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError

from sparknet import errors
from sparknet._jvm.calls import call
from sparknet._jvm.failures import translate

pytestmark = pytest.mark.unit


class JavaClass:
    def __init__(self, name: str, above: JavaClass | None = None) -> None:
        self._name, self._above = name, above

    def getName(self) -> str:  # noqa: N802 - Java's name.
        return self._name

    def getSuperclass(self) -> JavaClass | None:  # noqa: N802 - Java's name.
        return self._above


class Frame:
    def toString(self) -> str:  # noqa: N802 - Java's name.
        return "a.B.c(D.scala:7)"


class Thrown:
    """A Java exception, as far as translation looks at it."""

    def __init__(self, kind: str, message: str, cause: Thrown | None = None) -> None:
        self._class, self._message, self._cause = JavaClass(kind), message, cause

    def getClass(self) -> JavaClass:  # noqa: N802 - Java's name.
        return self._class

    def getMessage(self) -> str:  # noqa: N802 - Java's name.
        return self._message

    def getCause(self) -> Thrown | None:  # noqa: N802 - Java's name.
        return self._cause

    def toString(self) -> str:  # noqa: N802 - Java's name.
        return f"{self._class.getName()}: {self._message}"

    def getStackTrace(self) -> list[Frame]:  # noqa: N802 - Java's name.
        return [Frame()]


class ThrownByEngine(Thrown):
    def __init__(self, code: str, message: str) -> None:
        super().__init__("", message)
        above = JavaClass("sparknet.jna.CaffeException", JavaClass("java.lang.RuntimeException"))
        self._class, self._code = JavaClass("sparknet.train.TrainingException", above), code

    def getCodeName(self) -> str:  # noqa: N802 - Java's name.
        return self._code


class Failing:
    """A Java object whose methods raise."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def method(self, *_: object) -> None:
        raise self._error


def from_java(thrown: Thrown) -> Py4JJavaError:
    error = Py4JJavaError.__new__(Py4JJavaError)
    error.java_exception = thrown
    return error


def test_an_engine_exception_in_the_chain_gives_class_and_message() -> None:
    cause = ThrownByEngine("SHAPE", "layer 'ip': 3 values, 4 needed")
    failure = from_java(Thrown("org.apache.spark.SparkException", "Job aborted", cause))
    with pytest.raises(errors.ShapeError, match=r"^layer 'ip': 3 values, 4 needed$") as caught:
        call(Failing(failure), "method")
    assert caught.value.__cause__ is None
    assert caught.value.code == 6
    assert caught.value.details.split("\n") == [
        "org.apache.spark.SparkException: Job aborted",
        "\tat a.B.c(D.scala:7)",
        "Caused by: sparknet.train.TrainingException: layer 'ip': 3 values, 4 needed",
        "\tat a.B.c(D.scala:7)",
    ]


def test_an_engine_exception_that_spark_quotes() -> None:
    text = (
        "Job aborted due to stage failure: Lost task 0.0 (TID 1) (host executor 0):"
        " sparknet.jna.CaffeException (NUMERIC): the loss is NaN\n\tat sparknet.jna.Check.ok"
    )
    error = translate(from_java(Thrown("org.apache.spark.SparkException", text)))
    assert type(error) is errors.NumericError
    assert str(error) == "the loss is NaN"


def test_no_client_for_s3() -> None:
    text = "Class org.apache.hadoop.fs.s3a.S3AFileSystem not found"
    cause = Thrown("java.lang.ClassNotFoundException", text)
    error = translate(from_java(Thrown("java.lang.RuntimeException", "x", cause)))
    assert type(error) is errors.SetupError
    assert "this Spark has no client for S3: add it by sparknet.session(s3=True)" in str(error)


PYTHON = """Job aborted due to stage failure: Task 0 in stage 1.0 failed 1 times, most recent \
failure: Lost task 0.0 in stage 1.0 (TID 1) (host executor driver): \
org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "worker.py", line 1, in main
    process()
  File "mine.py", line 2, in decode
    raise KeyError("no such image")
{error}

\tat org.apache.spark.api.python.BasePythonRunner.read(PythonRunner.scala:572)

Driver stacktrace:
"""


def test_a_python_that_is_not_there() -> None:
    why = 'Cannot run program "/nowhere/python3": error=2, No such file or directory'
    error = translate(from_java(Thrown("java.io.IOException", f"{why}\n\tat java.base/java.lang")))
    assert type(error) is errors.SetupError
    assert str(error).startswith(
        f"the Python of the executors does not start: {why}; set PYSPARK_P"
    )
    other = Thrown("java.io.IOException", 'Cannot run program "dot": error=2, No such file')
    assert type(translate(from_java(other))) is errors.InternalError


def test_a_python_of_another_version() -> None:
    mismatch = (
        "pyspark.errors.exceptions.base.PySparkRuntimeError: [PYTHON_VERSION_MISMATCH] Python in "
        "worker has different version (3, 9) than that in driver 3.11, PySpark cannot run with "
        "different minor versions."
    )
    error = translate(from_java(Thrown("a.B", PYTHON.format(error=mismatch))))
    assert type(error) is errors.SetupError
    assert str(error).startswith("the executors have Python 3.9, and this program is Python 3.11: ")


def test_a_python_function_that_raised() -> None:
    text = PYTHON.format(error="KeyError: 'no such image'")
    error = translate(from_java(Thrown("org.apache.spark.SparkException", text)))
    assert type(error) is errors.CallbackError
    assert str(error).endswith("failed: KeyError: 'no such image'")


def test_a_python_function_that_raised_while_it_handled_an_error() -> None:
    second = """ValueError: first

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "mine.py", line 5, in decode
    raise KeyError("second")
KeyError: 'second'"""
    error = translate(from_java(Thrown("java.lang.Exception", PYTHON.format(error=second))))
    assert str(error).endswith("failed: KeyError: 'second'")


def test_a_python_function_that_raised_a_group() -> None:
    text = """org.apache.spark.api.python.PythonException:   + Exception Group Traceback \
(most recent call last):
  |   File "mine.py", line 13, in decode
  |     raise ExceptionGroup("many", [ValueError("one"), KeyError("two")])
  | ExceptionGroup: many (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: one
    +------------------------------------

\tat org.apache.spark.api.python.BasePythonRunner.read(PythonRunner.scala:572)
"""
    error = translate(from_java(Thrown("java.lang.Exception", text)))
    assert str(error).endswith("failed: ExceptionGroup: many (2 sub-exceptions)")


def test_an_item_that_packing_refused() -> None:
    text = PYTHON.format(error="ValueError: sparknet.data (SHAPE): item 3 has shape (2,)")
    error = translate(from_java(Thrown("org.apache.spark.SparkException", text)))
    assert type(error) is errors.ShapeError
    assert str(error) == "item 3 has shape (2,)"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("java.lang.IllegalArgumentException", errors.ArgumentError),
        ("java.io.FileNotFoundException", errors.FileError),
        ("java.lang.OutOfMemoryError", errors.OutOfMemoryError),
        ("java.lang.NullPointerException", errors.InternalError),
    ],
)
def test_other_java_exceptions(kind: str, expected: type) -> None:
    error = translate(from_java(Thrown(kind, "why\n\tat somewhere")))
    assert type(error) is expected
    assert str(error) == f"{kind}: why"


@pytest.mark.parametrize(
    "said",
    [
        "Cannot call methods on a stopped SparkContext.\nThis stopped SparkContext was made at:",
        "SparkContext has been shutdown",
    ],
)
def test_a_session_that_is_stopped(said: str) -> None:
    error = translate(from_java(Thrown("java.lang.IllegalStateException", said)))
    assert type(error) is errors.StateError
    assert str(error).startswith("the Spark session is stopped: make a new one")
    assert said in error.details


def test_exceptions_that_pyspark_made_its_own() -> None:
    class CapturedError(Exception):
        _origin: Any = ThrownByEngine("IO", "x.bin is missing")

    with pytest.raises(errors.FileError, match=r"x\.bin is missing"):
        call(Failing(CapturedError()), "method")
    with pytest.raises(ZeroDivisionError):
        call(Failing(ZeroDivisionError()), "method")


def test_a_jvm_that_is_gone_and_a_method_that_is_not_there() -> None:
    with pytest.raises(errors.StateError, match="does not answer"):
        call(Failing(Py4JNetworkError("refused")), "method")
    with pytest.raises(errors.InternalError, match="method: No such"):
        call(Failing(Py4JError("No such method\ntrace")), "method")


def test_a_chain_that_goes_round_ends() -> None:
    thrown = Thrown("a.B", "round")
    thrown._cause = thrown
    assert isinstance(translate(from_java(thrown)), errors.InternalError)
