"""A progress bar for a terminal; plain lines, now and then, for a file or a pipe."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

__all__ = ["Progress"]


class Progress:
    """Shows how much of ``total`` is done.

    On a terminal one line is redrawn. Elsewhere a line is written at every tenth of the
    total, so that a log stays readable. stream: default is stderr, as of the call.
    """

    def __init__(self, total: float, label: str, stream: TextIO | None = None) -> None:
        self._total = max(total, 1e-9)
        self._label = label
        self._stream = stream if stream is not None else sys.stderr
        self._redraws = self._stream.isatty()
        self._start = time.monotonic()
        self._shown_tenth = -1
        self._width = 0

    def update(self, done: float, note: str = "") -> None:
        """done: out of the total; note: shown at the end of the line."""
        share = min(1.0, done / self._total)
        tenth = int(share * 10)
        if not self._redraws and tenth == self._shown_tenth:
            return
        self._shown_tenth = tenth
        self._draw(self._line(share, note))

    def message(self, text: str) -> None:
        """A line of its own, above the bar."""
        self.clear()
        self._stream.write(text + "\n")
        self._stream.flush()

    def clear(self) -> None:
        """Takes the bar away until the next update, for what others write."""
        if self._redraws and self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()
            self._width = 0

    def close(self) -> None:
        """Ends the bar's line. What was shown last stays."""
        if self._redraws and self._width:
            self._stream.write("\n")
            self._stream.flush()
            self._width = 0

    def _line(self, share: float, note: str) -> str:
        passed = time.monotonic() - self._start
        left = f", {passed / share - passed:.0f} s left" if 0 < share < 1 else ""
        head = f"{self._label} {share:4.0%} "
        tail = f" {note} [{passed:.0f} s{left}]"
        if not self._redraws:
            return head.rstrip() + tail
        columns = shutil.get_terminal_size().columns - 1
        cells = min(30, columns - len(head) - len(tail) - 2)
        if cells < 5:
            return (head.rstrip() + tail)[:columns]
        filled = int(share * cells)
        return f"{head}[{'#' * filled}{'.' * (cells - filled)}]{tail}"

    def _draw(self, line: str) -> None:
        if self._redraws:
            self.clear()
            self._stream.write(line)
            self._width = len(line)
        else:
            self._stream.write(line + "\n")
        self._stream.flush()
