"""Codes and classes match each other and the C header."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from sparknet import errors, spec
from sparknet.proto import caffe_pb2

pytestmark = pytest.mark.unit


def test_every_code_of_the_header_has_a_class(root: Path) -> None:
    header = (root / "libccaffe/ccaffe.h").read_text()
    codes = {name: int(code) for name, code in re.findall(r"CCAFFE_(\w+) = (\d+)[,\s]", header)}
    listed = {name: code for name, code in codes.items() if code > 0 and name in _status(header)}
    assert len(listed) == 12
    for name, code in listed.items():
        error = errors.error_for(name, "why")
        assert (error.code, error.code_name) == (code, name)
        assert type(error) is not errors.SparkNetError


def _status(header: str) -> set[str]:
    block = header[header.index("CCAFFE_OK = 0") : header.index("CCAFFE_INTERNAL")]
    return set(re.findall(r"CCAFFE_(\w+) =", block)) | {"INTERNAL"}


def test_an_unknown_code_is_internal() -> None:
    assert type(errors.error_for("NEW_CODE", "why")) is errors.InternalError


def test_error_in_a_text_of_spark() -> None:
    text = (
        "Job aborted due to stage failure: Task 1 in stage 3.0 failed 4 times, most recent"
        " failure: Lost task 1.3 (TID 9) (10.0.0.1 executor 1): sparknet.jna.CaffeException"
        " (NUMERIC): layer 'loss': label 12 is not in 0..9\n\tat sparknet.jna.Check.ok"
    )
    error = errors.error_in_text(text)
    assert isinstance(error, errors.NumericError)
    assert str(error) == "layer 'loss': label 12 is not in 0..9"


def test_a_text_that_begins_with_the_error_is_all_of_it() -> None:
    error = errors.error_in_text("sparknet.train.TrainingException (IO): two\nlines")
    assert isinstance(error, errors.FileError)
    assert str(error) == "two; lines"
    assert error.details == "sparknet.train.TrainingException (IO): two\nlines"


def test_a_message_is_one_line_and_details_are_all() -> None:
    error = errors.FileError("not loaded; tried:\n  this\n\n  that\nnothing more.\nend")
    assert str(error) == "not loaded; tried: this; that; nothing more. end"
    assert error.details == "not loaded; tried:\n  this\n\n  that\nnothing more.\nend"
    assert errors.StateError("why", "a trace").details == "a trace"
    copied = pickle.loads(pickle.dumps(errors.ShapeError("why", "a\ntrace")))
    assert (str(copied), copied.details) == ("why", "a\ntrace")
    assert str(errors.SparkNetError()) == ""


def test_notebooks_show_the_users_lines_and_the_message() -> None:
    with pytest.raises(errors.ParseError) as caught:
        spec.is_text(spec.net(Unreadable()))  # type: ignore[arg-type]
    shown = caught.value._render_traceback_()
    assert shown[0] == "Traceback (most recent call last):"
    assert [line.strip() for line in shown if "spec.is_text(" in line]
    assert not [line for line in shown if "spec.py" in line]
    assert shown[-1] == "ParseError: not a net; at all"


class Unreadable:
    """A net of the user's own."""

    def to_proto(self) -> caffe_pb2.NetParameter:
        raise errors.ParseError("not a net\nat all")


# As PySpark 3.5 gives it for a function that raises; sources and marks are quoted.
WORKER = """Job aborted due to stage failure: Task 0 in stage 0.0 failed 1 times, most recent \
failure: Lost task 0.0 in stage 0.0 (TID 0) (192.0.2.2 executor driver): \
org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "/lib/pyspark.zip/pyspark/worker.py", line 1247, in main
    process()
  File "/lib/sparknet/pack.py", line 105, in _check
    raise ValueError(f"sparknet.data (SHAPE): {{where}} is {{array.dtype}}")
          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
{raised}

\tat org.apache.spark.api.python.BasePythonRunner$ReaderIterator.read(PythonRunner.scala:572)

Driver stacktrace:"""


def test_quoted_source_is_no_error() -> None:
    error = errors.error_in_text(
        WORKER.format(raised="ValueError: sparknet.data (SHAPE): item 3 is object")
    )
    assert isinstance(error, errors.ShapeError)
    assert str(error) == "item 3 is object"
    assert errors.error_in_text(WORKER.format(raised="KeyError: 'of another kind'")) is None


def test_the_line_of_a_java_cause() -> None:
    text = (
        "org.apache.spark.SparkException: Job aborted\n\tat a.B.c(D.scala:1)\n"
        "Caused by: sparknet.data.StorageException (IO): hdfs://a/b: closed\n\tat a.B.c(D.scala:2)"
    )
    error = errors.error_in_text(text)
    assert isinstance(error, errors.FileError)
    assert str(error) == "hdfs://a/b: closed"


def test_other_text_has_no_error() -> None:
    assert errors.error_in_text("java.lang.RuntimeException: (SHAPE): no") is None


def test_python_classes_fit_their_meaning() -> None:
    assert issubclass(errors.ShapeError, ValueError)
    assert issubclass(errors.SetupError, errors.StateError)
    for name in errors.__all__:
        value = getattr(errors, name)
        assert not isinstance(value, type) or issubclass(value, errors.SparkNetError)
