"""Ctrl-C comes through alone, whatever handler was there before."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
import traceback

import pytest

from sparknet.interrupts import interruptible, postponed

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


def twice() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.01)
    interrupt()


def test_the_handler_from_before_is_not_called_and_comes_back() -> None:
    def handler(number: int, frame: object) -> None:
        raise ConnectionError("a call inside a call")

    signal.signal(signal.SIGINT, handler)
    with pytest.raises(KeyboardInterrupt), interruptible():
        interrupt()
    assert signal.getsignal(signal.SIGINT) is handler


def test_what_was_interrupted_is_not_shown() -> None:
    def transport() -> None:
        interrupt()

    with pytest.raises(KeyboardInterrupt) as caught, interruptible(), interruptible():
        transport()
    shown = "".join(traceback.format_exception(caught.type, caught.value, caught.tb))
    assert "transport" not in shown.replace("transport()", "")
    assert "During handling" not in shown
    assert shown.endswith("KeyboardInterrupt\n")


def test_py4js_report_of_the_interrupted_call_is_not_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with interruptible():
        logging.error("KeyboardInterrupt while sending command.")
        with interruptible():
            logging.error("KeyboardInterrupt while sending command.")
        # A block inside another one leaves the outer one as it is.
        logging.error("KeyboardInterrupt while sending command.")
        logging.error("of the user's own")
    logging.error("after it")
    assert caplog.messages == ["of the user's own", "after it"]


def test_nor_is_its_report_of_a_connection_that_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    py4j = logging.getLogger("py4j.clientserver")
    report = "Exception occurred while shutting down connection"
    caplog.set_level(logging.ERROR, py4j.name)  # Sessions of other tests have silenced it.
    with interruptible():
        py4j.error(report)
        with interruptible():
            py4j.error(report)
        py4j.error(report)
        py4j.error("something else")
    py4j.error(report)
    assert caplog.messages == ["something else", report]


class Freed:
    """What Python raises in here it ignores."""

    def __del__(self) -> None:
        interrupt()


def freeing(after: list[str], checks: bool) -> None:
    with interruptible() as check:
        freed: list[Freed] = [Freed()]
        freed.clear()
        after.append("freed")
        if checks:
            check()
        after.append("the end of the block")


@pytest.mark.parametrize(
    ("checks", "reached"), [(True, ["freed"]), (False, ["freed", "the end of the block"])]
)
def test_a_signal_while_an_object_is_freed_is_not_lost(checks: bool, reached: list[str]) -> None:
    hook = sys.unraisablehook
    after: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        freeing(after, checks)
    assert after == reached
    assert sys.unraisablehook is hook


def test_what_else_is_ignored_goes_to_the_hook_from_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Fails:
        def __del__(self) -> None:
            raise ValueError("of the user's own")

    told: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda raised: told.append(str(raised.exc_value)))
    with interruptible():
        Fails()
    assert told == ["of the user's own"]


def test_pythons_own_handler() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt), interruptible():
        interrupt()


def test_other_threads_leave_the_handler_alone() -> None:
    found = []

    def body() -> None:
        with interruptible():
            found.append(signal.getsignal(signal.SIGINT))
        with postponed():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert found == 2 * [signal.getsignal(signal.SIGINT)]


def test_what_must_not_be_cut_off_goes_on() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    done = []
    with postponed() as interrupted:
        assert not interrupted()
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        done.append("all of it")
    assert interrupted()
    assert done == ["all of it"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt), postponed():
        twice()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_that_was_set_meanwhile_stays() -> None:
    def of_pyspark(number: int, frame: object) -> None:
        pass

    with postponed():
        signal.signal(signal.SIGINT, of_pyspark)
    assert signal.getsignal(signal.SIGINT) is of_pyspark
