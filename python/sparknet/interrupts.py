"""Ctrl-C while the JVM works."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

__all__ = ["interruptible"]


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt inside, whatever becomes of the JVM.

    PySpark's own handler first cancels Spark's jobs. Under spark-submit the JVM gets the
    signal too and may be gone by then, and the handler would raise a network error instead.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def handle(number: int, frame: FrameType | None) -> NoReturn:
        if callable(before):
            with contextlib.suppress(Exception):
                before(number, frame)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
