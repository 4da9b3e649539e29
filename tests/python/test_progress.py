"""The bar on a terminal, and the lines elsewhere."""

from __future__ import annotations

import fcntl
import io
import os
import struct
import subprocess
import sys
import termios

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
        bar.update(done, f"loss {done}")
    bar.close()
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    last = text.rstrip("\n").split("\r")[-1]
    assert last.startswith("training 100%|")
    assert "loss 4" in last


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


def test_the_bar_steps_aside(capsys: pytest.CaptureFixture[str]) -> None:
    stream = Terminal()
    bar = Progress(2, "training", stream)
    bar.update(1)
    with bar.aside():
        assert stream.getvalue().rstrip("\r").split("\r")[-1].strip() == ""
        stream.write("of a callback\n")
    assert stream.getvalue().split("\n")[1].startswith("\rtraining  50%")
    bar.close()
    lines = io.StringIO()
    with Progress(2, "training", lines).aside():
        lines.write("x")
    assert lines.getvalue() == "x"


def test_never_wider_than_the_terminal() -> None:
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 40, 0, 0))
    with os.fdopen(slave, "w") as terminal:
        bar = Progress(2, "training", terminal)
        bar.update(1, "loss 0.123456, 12,345 images/s and more")
        bar.close()
        shown = ""
        while "\n" not in shown:  # Which ends the bar.
            shown += os.read(master, 10_000).decode()
    os.close(master)
    assert "training  50%" in shown
    assert max(len(part) for part in shown.strip().split("\r")) < 40


def test_beyond_the_total_stays_at_all_of_it() -> None:
    for stream in (io.StringIO(), Terminal()):
        bar = Progress(10, "x", stream)
        bar.update(12)
        bar.close()
        assert "x 100%" in stream.getvalue()


def test_a_log_needs_no_tqdm() -> None:
    code = """
import sys
sys.modules["tqdm"] = None
from sparknet.progress import Progress
Progress(2, "training").update(1)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.startswith("training  50%")
