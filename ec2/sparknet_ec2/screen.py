"""What the user sees and is asked."""

from __future__ import annotations

import sys
import time
from typing import TextIO

__all__ = ["Screen"]

_WIDTH, _EVERY = 30, 10.0


class Screen:
    """Lines on a stream, and a bar for what takes long. sure: all questions are answered with yes.

    Where the stream is no terminal a bar is a line now and then, and nobody is asked: the answer
    is no.
    """

    def __init__(self, sure: bool = False, out: TextIO | None = None) -> None:
        self._sure = sure
        self._out = sys.stderr if out is None else out
        self._drawn = False
        self._told = (-_EVERY, "")

    @property
    def _terminal(self) -> bool:
        return self._out.isatty()

    def say(self, text: str) -> None:
        """A line."""
        self._clear()
        print(text, file=self._out, flush=True)

    def bar(self, stage: str, done: int, total: int, more: str = "") -> None:
        """How far a stage is. The bar goes when something else is said."""
        filled = _WIDTH * done // max(total, 1)
        drawing = f"[{'=' * filled}{' ' * (_WIDTH - filled)}] " if self._terminal else ""
        line = f"{stage:<22} {drawing}{done}/{total}{f' {more}' if more else ''}"
        if self._terminal:
            self._clear()
            print(line, end="", file=self._out, flush=True)
            self._drawn = True
        elif line != self._told[1] and (
            done == total or time.monotonic() - self._told[0] >= _EVERY
        ):
            print(line, file=self._out, flush=True)
            self._told = (time.monotonic(), line)

    def asks(self, question: str) -> bool:
        """Whether the user says yes."""
        if self._sure:
            return True
        self._clear()
        if not (sys.stdin.isatty() and self._terminal):
            return False
        print(f"{question} [y/N] ", end="", file=self._out, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def _clear(self) -> None:
        if self._drawn:
            print("\r\x1b[K", end="", file=self._out, flush=True)
            self._drawn = False
