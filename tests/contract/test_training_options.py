"""docs/training.md lists the options of a trainer with the defaults that Scala gives them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]


def scala_defaults() -> dict[str, str]:
    """Python's names of the options, and the literals."""
    source = (ROOT / "src/main/scala/sparknet/train/TrainerOptions.scala").read_text()
    head = source[source.index("final case class TrainerOptions(") :].split("\n)")[0]
    found = re.findall(r"^    (\w+): \w+ = (.+?),?$", head, re.MULTILINE)
    return {re.sub("[A-Z]", lambda c: "_" + c[0].lower(), name): value for name, value in found}


def test_the_documented_options_are_those_of_scala() -> None:
    page = (ROOT / "docs/training.md").read_text()
    listed = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", page, re.MULTILINE))
    defaults = scala_defaults()
    assert list(listed) == list(defaults)
    for name, value in defaults.items():
        # What is not a plain value there says in words where it comes from.
        if name not in ("seed", "threads"):
            assert listed[name].strip("`") == value.strip('"'), name
