"""Exit statuses and one-line errors."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sparknet import cli
from sparknet.errors import FileError

pytestmark = pytest.mark.unit


def outcome(error: BaseException | None) -> int:
    def main() -> None:
        if error is not None:
            raise error

    with pytest.raises(SystemExit) as exit_:
        cli.run(main)
    return int(exit_.value.code or 0)


def test_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(None) == 0
    assert outcome(FileError("x.bin: too short")) == 1
    assert capsys.readouterr().err == "error: x.bin: too short\n"
    assert outcome(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == ""


def test_ctrl_c_within_an_exec_of_a_string(tmp_path: Path) -> None:
    lines = ["from sparknet import cli", """cli.run(lambda: exec("raise KeyboardInterrupt"))"""]
    (tmp_path / "stopped.py").write_text("\n".join(lines))
    command = [sys.executable, "-m", "stopped"]
    path = {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    assert subprocess.run(command, env={**os.environ, **path}, check=False).returncode == 130


def test_bugs_keep_their_trace() -> None:
    def main() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cli.run(main)


@pytest.mark.parametrize("text", ["0", "-1"])
def test_positive(text: str) -> None:
    assert cli.positive("3") == 3
    assert cli.positive_number("0.5") == 0.5
    for kind in (cli.positive, cli.positive_number):
        with pytest.raises(argparse.ArgumentTypeError, match="above 0"):
            kind(text)
    with pytest.raises(argparse.ArgumentTypeError):
        cli.positive_number("inf")


def test_a_file_to_resume_from(tmp_path: Path) -> None:
    there = tmp_path / "net.solverstate"
    there.touch()
    for place in (None, str(there), "s3a://bucket/net.solverstate"):
        cli.check_resume(place)
    for place in (str(tmp_path / "gone"), str(tmp_path)):
        with pytest.raises(FileError, match="no such file to resume from"):
            cli.check_resume(place)
