"""What the site makes of docstrings."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("griffe")
sys.path.append(str(Path(__file__).parents[2] / "build" / "site"))
from docstrings import markdown

pytestmark = pytest.mark.unit


def test_arguments_are_a_list() -> None:
    text = """Reads files.

files: where they
are; height, width ("in pixels"): of each. Others stay. note: is no argument.
"""
    assert markdown(text, {"files", "height", "width"}).splitlines() == [
        "Reads files.",
        "",
        "- `files`: where they are.",
        '- `height, width` ("in pixels"): of each. Others stay. note: is no argument.',
    ]


def test_a_sentence_may_end_before_them() -> None:
    assert markdown("A net; path: of it.", {"path"}) == "A net.\n\n- `path`: of it."


@pytest.mark.parametrize("before", ["The loop by hand is", "By name.", "Heads."])
def test_examples_are_code(before: str) -> None:
    text = f"{before}::\n\n    a = 1\n\n    b = 2\n\nAfter."
    end = ":" if before[-1].isalnum() else ""
    block = "```python\na = 1\n\nb = 2\n```"
    assert markdown(text, ()) == f"{before}{end}\n\n{block}\n\nAfter."


def test_a_paragraph_of_colons_alone_begins_an_example() -> None:
    words = markdown("Title.\n\n::\n\n    a = 1\n", ()).split()
    assert words == ["Title.", "```python", "a", "=", "1", "```"]
