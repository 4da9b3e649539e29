"""Ctrl-C while the JVM works."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

__all__ = ["interruptible"]


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt inside, and nothing else happens.

    PySpark's own handler calls the JVM over the connection that is waiting for an answer,
    which fails with errors of the transport: whoever catches the exception cancels jobs.
    Py4J's report of the call that was cut off is not shown.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    root = logging.getLogger()
    outermost = _is_not_of_py4j not in root.filters
    signal.signal(signal.SIGINT, _raise)
    root.addFilter(_is_not_of_py4j)
    try:
        yield
    finally:
        if outermost:
            root.removeFilter(_is_not_of_py4j)
        signal.signal(signal.SIGINT, before)


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _is_not_of_py4j(record: logging.LogRecord) -> bool:
    return not str(record.msg).endswith("while sending command.")
