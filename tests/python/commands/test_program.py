"""How commands end, and what is seen of errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from command_line import run

from sparknet import commands
from sparknet.commands import contents, installation

pytestmark = pytest.mark.unit

NAMES = ["train", "test", "predict", "time", "draw", "info", "submit"]


def test_help_lists_the_commands() -> None:
    for arguments in ([], ["--help"]):
        ended = run(*arguments)
        assert ended.status == 0
        assert ended.err == ""
        places = [ended.out.index(f" {name} ") for name in NAMES]
        assert places == sorted(places)


@pytest.mark.parametrize("name", NAMES)
def test_each_command_has_help(name: str) -> None:
    ended = run(name, "--help")
    assert ended.status == 0
    assert f"sparknet {name}" in ended.out
    assert "TODO" not in ended.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fly"], "No such command 'fly'"),
        (["train", "s.prototxt"], "Missing option '--train'"),
        (["draw", "n.prototxt", "--shape", "3"], "No such option: --shape"),
        (["time", "n.prototxt", "--iterations", "0"], "Invalid value for '--iterations'"),
        (["predict", "only-one"], "it takes MODEL DATA, or NET WEIGHTS DATA"),
        (["train", "s.prototxt", "--train", "d", "--crop", "a"], "'a' is not like 3,32,32"),
        (["train", "s.prototxt", "--train", "d", "--conf", "a"], "'a' is not like key=value"),
    ],
)
def test_wrong_arguments_are_one_line(arguments: list[str], said: str) -> None:
    ended = run(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("error: ")
    assert said in ended.err
    assert ended.err.count("\n") == 1


def test_an_error_is_one_line(tmp_path: Path) -> None:
    ended = run("info", tmp_path / "gone.caffemodel")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == f"error: {tmp_path}/gone.caffemodel: No such file or directory\n"


def test_what_the_system_refuses_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: str) -> NoReturn:
        raise OSError(28, "No space left on device", "x.svg")

    monkeypatch.setattr(contents, "lines", full)
    assert run("info", "x") == (1, "", "error: x.svg: No space left on device\n")


def test_control_c(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(installation, "lines", interrupted)
    ended = run("info")
    assert ended.status == 130
    assert ended.err.strip() == ""


def test_bugs_keep_their_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> NoReturn:
        raise ZeroDivisionError

    monkeypatch.setattr(installation, "lines", broken)
    with pytest.raises(ZeroDivisionError):
        run("info")


def test_without_typer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delitem(sys.modules, "sparknet.commands.program", raising=False)
    monkeypatch.delattr(commands, "program", raising=False)
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit) as ended:
        commands.main()
    assert ended.value.code == 1
    said = "error: the command line needs the package typer: pip install typer\n"
    assert capsys.readouterr().err == said


@pytest.mark.boundary
def test_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sparknet", "fly"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "error: No such command 'fly' (sparknet --help tells more)\n"


@pytest.mark.boundary
def test_help_does_without_spark_and_numpy_alike() -> None:
    program = (
        "import sys; from sparknet.commands.program import app\n"
        "try: app(['train', '--help'])\n"
        "except SystemExit: print(sorted({'pyspark', 'jnius', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
