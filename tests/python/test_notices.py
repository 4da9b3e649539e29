"""Notices go to logging where it is set up, else to stderr; once in each case."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from sparknet.errors import NumericError, StateError
from sparknet.notices import Notice, tell, telling

pytestmark = pytest.mark.unit

LOGGER = logging.getLogger("sparknet")
BOTH = [Notice(logging.WARNING, "1% left out"), Notice(logging.INFO, "2 threads")]


class Told:
    """Has something to tell, once, or fails."""

    def __init__(self, *notices: Notice, fails: bool = False) -> None:
        self.left = list(notices)
        self.fails = fails

    def notices(self) -> list[Notice]:
        if self.fails:
            raise StateError("the JVM does not answer")
        told, self.left = self.left, []
        return told


def without_logging(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a program that has not set up logging; pytest has."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])


def test_records_where_logging_is_set_up(caplog: pytest.LogCaptureFixture, capsys) -> None:  # type: ignore[no-untyped-def]
    with caplog.at_level(logging.INFO):
        tell(BOTH)
    assert caplog.record_tuples == [
        ("sparknet", logging.WARNING, "1% left out"),
        ("sparknet", logging.INFO, "2 threads"),
    ]
    assert capsys.readouterr().err == ""


def test_lines_where_it_is_not(monkeypatch: pytest.MonkeyPatch, capsys) -> None:  # type: ignore[no-untyped-def]
    without_logging(monkeypatch)
    tell(BOTH)
    assert capsys.readouterr().err == "SparkNet: 1% left out\nSparkNet: 2 threads\n"
    monkeypatch.setattr(LOGGER, "level", logging.WARNING)
    tell(BOTH)
    assert capsys.readouterr().err == "SparkNet: 1% left out\n"


def test_a_plain_program_has_lines_and_basic_config_ends_them() -> None:
    program = """
import logging
from sparknet.notices import Notice, tell
notices = [Notice(logging.WARNING, "a"), Notice(logging.INFO, "b")]
tell(notices)
logging.basicConfig(level=logging.INFO)
tell(notices)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr == "SparkNet: a\nSparkNet: b\nWARNING:sparknet:a\nINFO:sparknet:b\n"


def test_what_there_is_when_a_block_ends_or_fails(monkeypatch: pytest.MonkeyPatch, capsys) -> None:  # type: ignore[no-untyped-def]
    without_logging(monkeypatch)
    source = Told(BOTH[0])
    for _ in range(2):
        with telling(source):
            print("working", file=sys.stderr)
    assert capsys.readouterr().err == "working\nSparkNet: 1% left out\nworking\n"
    with pytest.raises(NumericError, match="NaN"), telling(Told(BOTH[1])):
        raise NumericError("loss is NaN")
    assert capsys.readouterr().err == "SparkNet: 2 threads\n"


def test_the_error_of_a_block_comes_before_that_of_asking() -> None:
    with pytest.raises(NumericError, match="NaN"), telling(Told(fails=True)):
        raise NumericError("loss is NaN")
    with pytest.raises(StateError, match="does not answer"), telling(Told(fails=True)):
        pass
