"""The bar on a terminal, and the lines elsewhere."""

from __future__ import annotations

import io

import pytest

from sparknet.progress import Progress

pytestmark = pytest.mark.unit


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_at_each_tenth_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    bar = Progress(100, "training", stream)
    for done in range(1, 101):
        bar.update(done, f"loss {done}")
    bar.close()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 11
    assert "\r" not in stream.getvalue()
    assert lines[5].startswith("training  50% loss 50")
    assert lines[-1].startswith("training 100% loss 100")


def test_one_line_is_redrawn_on_a_terminal() -> None:
    stream = Terminal()
    bar = Progress(4, "training", stream)
    for done in range(1, 5):
        bar.update(done, "loss 1.0")
    bar.close()
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    last = text.rstrip("\n").split("\r")[-1]
    assert "100%" in last
    assert "." not in last[last.index("[") : last.index("]")]


def test_a_message_goes_above_the_bar() -> None:
    stream = Terminal()
    bar = Progress(2, "training", stream)
    bar.update(1)
    bar.message("iteration 10: accuracy 0.5")
    bar.update(2)
    bar.close()
    lines = [line.split("\r")[-1] for line in stream.getvalue().split("\n")]
    assert lines[0] == "iteration 10: accuracy 0.5"
    assert "100%" in lines[1]


def test_never_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    Progress(2, "training", stream).update(1, "loss 0.123456, 12,345 images/s and more")
    assert max(len(part) for part in stream.getvalue().split("\r")) < 40


def test_beyond_the_total_stays_at_all_of_it() -> None:
    stream = io.StringIO()
    Progress(10, "x", stream).update(12)
    assert stream.getvalue().startswith("x 100%")
