"""A progress bar for a terminal or notebook; plain lines, now and then, for a file or a pipe."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import time
from typing import Any, TextIO

__all__ = ["Progress"]

_FORMAT = "{desc} {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}{postfix}]"


class Progress:
    """Shows how much of ``total`` is done.

    On a terminal and in a notebook it is tqdm's bar. Elsewhere a line is written at every tenth
    of the total, so that a log stays readable. stream: default is stderr, as of the call.
    """

    def __init__(self, total: float, label: str, stream: TextIO | None = None) -> None:
        self._total = max(total, 1e-9)
        self._label = label
        self._stream = stream if stream is not None else sys.stderr
        self._start = time.monotonic()
        self._shown_tenth = -1
        self._bar = self._drawn()

    def update(self, done: float, note: str = "") -> None:
        """done: out of the total; note: shown at the end of the line."""
        reached = min(done, self._total)
        if self._bar is not None:
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(reached - self._bar.n)
            return
        share = reached / self._total
        if int(share * 10) != self._shown_tenth:
            self._shown_tenth = int(share * 10)
            self._write(self._line(share, note))

    def message(self, text: str) -> None:
        """A line of its own, above the bar."""
        if self._bar is not None:
            self._bar.write(text, file=self._stream)
        else:
            self._write(text)

    def clear(self) -> None:
        """Takes the bar away until the next update, for what others write."""
        if self._bar is not None:
            self._bar.clear()

    def aside(self) -> contextlib.AbstractContextManager[Any]:
        """Takes the bar away for what is printed inside; it comes back if it was there."""
        if self._bar is None:
            return contextlib.nullcontext()
        aside: contextlib.AbstractContextManager[Any] = self._bar.external_write_mode(self._stream)
        return aside

    def close(self) -> None:
        """Ends the bar's line. What was shown last stays."""
        if self._bar is not None:
            self._bar.close()

    def _drawn(self) -> Any:
        """tqdm's bar, where one can be drawn. Programs on clusters, whose logs are files, need
        no tqdm."""
        if _in_notebook():  # Which draws it with widgets.
            if importlib.util.find_spec("ipywidgets") is None:
                return None
        elif not self._stream.isatty():
            return None
        from tqdm.auto import tqdm

        return tqdm(
            total=self._total,
            desc=self._label,
            file=self._stream,
            bar_format=_FORMAT,
            dynamic_ncols=True,
        )

    def _line(self, share: float, note: str) -> str:
        passed = time.monotonic() - self._start
        left = f", {passed / share - passed:.0f} s left" if 0 < share < 1 else ""
        return f"{self._label} {share:4.0%} {note} [{passed:.0f} s{left}]"

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


def _in_notebook() -> bool:
    """Whether this runs in a notebook's kernel. Spark 4 imports ipykernel in every program, if it
    is there."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and hasattr(shell, "kernel")
