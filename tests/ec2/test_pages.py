"""What pages tell people to type is understood."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from sparknet_ec2 import command_line
from sparknet_ec2.options import specs

pytestmark = pytest.mark.unit


@pytest.fixture
def page(root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(root)
    return (root / "docs" / "ec2.md").read_text()


def test_commands(page: str) -> None:
    lines = re.sub(r"\\\n\s*", "", page).splitlines()
    typed = [line for line in lines if line.startswith("ec2/spark-ec2 ")]
    assert len(typed) > 4
    asked = [command_line.parse(shlex.split(line)[1:], "") for line in typed]
    assert {each.cluster for each in asked} == {"sparknet"}


def test_options_and_actions(page: str) -> None:
    known = {name for spec in specs() for name in spec.names} | {"--help", "--config"}
    text = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    code = " ".join(each for each in re.findall(r"`([^`]+)`", text) if "build/" not in each)
    named = set(re.findall(r"(?<!\S)--[a-z][a-z0-9-]+", code))
    assert "--modernise" in named
    assert named <= known
    listed = re.search(r"## Actions(.*?)Options can", page, re.DOTALL)
    assert listed is not None
    assert set(command_line.ACTIONS) <= set(re.findall(r"`([a-z-]+)", listed[1]))
