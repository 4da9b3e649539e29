"""docs/commands.md names commands and options that there are, and all commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from sparknet.commands.program import app

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/commands.md").read_text()
FOREIGN = {"--jars"}  # Of spark-submit, where the page speaks of it.


def options() -> dict[str, set[str]]:
    """Of each command."""
    group = typer.main.get_command(app)
    return {
        name: {spelled for each in command.params for spelled in (*each.opts, *each.secondary_opts)}
        for name, command in group.commands.items()  # type: ignore[attr-defined]
    }


def lines() -> list[list[str]]:
    """The words of the command lines in blocks."""
    blocks = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    joined = "".join(blocks).replace("\\\n", " ")
    return [shlex.split(line) for line in joined.splitlines()]


def test_every_command_is_in_the_table() -> None:
    table = re.findall(r"^\| `(\w+) ", PAGE, re.MULTILINE)
    assert table == list(options())


@pytest.mark.parametrize("words", lines(), ids=" ".join)
def test_command_lines(words: list[str]) -> None:
    assert words[0] == "sparknet"
    own = words[2 : words.index("--")] if "--" in words else words[2:]
    given = {word for word in own if word.startswith("-")}
    assert given <= options()[words[1]]


def test_options_in_the_text() -> None:
    known = set().union(*options().values(), FOREIGN, {"--help"})
    named = set(re.findall(r"(?<![-\w])--[a-z][\w-]+", PAGE))
    assert named <= known
    assert len(named) > 30
