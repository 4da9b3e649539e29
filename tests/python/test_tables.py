"""Tables of text."""

from __future__ import annotations

import pytest

from sparknet import tables

pytestmark = pytest.mark.unit


def test_words_to_the_left_and_numbers_to_the_right() -> None:
    lines = tables.aligned(("layer", "ms"), [("ip", "10.25"), ("a long one", "")], words=1)
    assert list(lines) == ["layer          ms", "ip          10.25", "a long one"]
