"""Ctrl-C comes through, whatever handler was there before."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from sparknet.interrupts import interruptible

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def restored():  # type: ignore[no-untyped-def]
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)
    pytest.fail("the signal did not arrive")


def test_a_handler_that_fails_does_not_hide_the_interrupt() -> None:
    seen = []

    def handler(number: int, frame: object) -> None:
        seen.append(number)
        raise ConnectionError("the JVM is gone")

    signal.signal(signal.SIGINT, handler)
    with pytest.raises(KeyboardInterrupt), interruptible():
        interrupt()
    assert seen == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is handler


def test_pythons_own_handler() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt), interruptible():
        interrupt()


def test_other_threads_leave_the_handler_alone() -> None:
    found = []

    def body() -> None:
        with interruptible():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGINT)]
