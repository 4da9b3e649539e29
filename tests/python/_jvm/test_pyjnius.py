"""Exceptions of pyjnius become the classes of sparknet.errors, and a foreign JVM is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sparknet import errors
from sparknet._jvm.pyjnius import system_property, translate

pytestmark = pytest.mark.unit


class PyjniusError(Exception):
    """What pyjnius raises: texts only."""

    def __init__(self, message: str, stacktrace: list[str] | None = None) -> None:
        super().__init__(message)
        self.stacktrace = stacktrace


def test_code_and_whole_message_come_from_the_chain_of_causes() -> None:
    text = "sparknet.jna.CaffeException (IO): not loaded; tried:\n  this\n  that"
    failure = PyjniusError("JVM exception occurred: not loaded", [text, "sparknet.jna.X.y(1)"])
    error = translate(failure)
    assert type(error) is errors.FileError
    assert str(error) == "not loaded; tried: this; that"
    assert error.details.endswith("tried:\n  this\n  that\nsparknet.jna.X.y(1)")


def test_other_exceptions_are_internal() -> None:
    error = translate(PyjniusError("JVM exception occurred: index 3\nmore", None))
    assert type(error) is errors.InternalError
    assert str(error) == "JVM exception occurred: index 3"


def test_a_jvm_of_others_without_the_jar(jar: Path) -> None:
    code = (
        "import jnius\njnius.autoclass('java.lang.String')\n"
        "from sparknet.local import Net\nNet('x.prototxt')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "SetupError: SparkNet's classes are not on the class path of the JVM" in done.stderr
    assert str(jar) in done.stderr


@pytest.mark.boundary
def test_what_the_jvm_says_of_itself() -> None:
    assert system_property("java.version").split(".")[0].isdigit()
