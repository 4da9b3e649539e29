"""Ctrl-C while the JVM works."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NoReturn

__all__ = ["interruptible", "postponed"]


@contextlib.contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """Ctrl-C raises KeyboardInterrupt inside, and nothing else happens. Outside it has no frames
    of what was interrupted.

    PySpark's own handler calls the JVM over the connection that is waiting for an answer,
    which fails with errors of the transport: whoever catches the exception cancels jobs.
    Py4J's report of the call that was cut off is not shown.

    Python ignores what is raised while it frees an object, and Py4J talks to the JVM there. A
    Ctrl-C of such a moment raises at the end of the block, or when what this yields is called,
    as loops do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    ignored: list[bool] = []

    def note(raised: Any) -> None:
        if raised.exc_type is KeyboardInterrupt:
            ignored.append(True)
        else:
            hook(raised)

    def check() -> None:
        if ignored:
            raise KeyboardInterrupt

    hook = sys.unraisablehook
    before = signal.getsignal(signal.SIGINT)
    loggers = [logging.getLogger(), logging.getLogger("py4j.clientserver")]
    outermost = _is_not_of_py4j not in loggers[0].filters
    sys.unraisablehook = note
    signal.signal(signal.SIGINT, _raise)
    for logger in loggers:
        logger.addFilter(_is_not_of_py4j)
    try:
        yield check
        check()
    except KeyboardInterrupt:
        raise KeyboardInterrupt from None
    finally:
        sys.unraisablehook = hook
        if outermost:
            for logger in loggers:
                logger.removeFilter(_is_not_of_py4j)
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def postponed() -> Iterator[Callable[[], bool]]:
    """Ctrl-C is only noted inside; what this yields says whether it came. A second one raises.

    For what must not be cut off: where PySpark is, while it starts its JVM, the JVM is left behind.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)
        if len(came) > 1:
            raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(came)
    finally:
        if signal.getsignal(signal.SIGINT) is note:  # PySpark sets its own.
            signal.signal(signal.SIGINT, before)


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _is_not_of_py4j(record: logging.LogRecord) -> bool:
    # The second one where the JVM has closed the connection first.
    ends = ("while sending command.", "while shutting down connection")
    return not str(record.msg).endswith(ends)
