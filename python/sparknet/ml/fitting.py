"""A ``fit`` of an estimator that runs in the JVM: what it tells is shown, and Ctrl-C ends it."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Any

from pyspark.sql import DataFrame

from sparknet._jvm import Event, Resumed
from sparknet._jvm.answers import notices, told
from sparknet._jvm.calls import call
from sparknet._jvm.py4j import Py4JJvm
from sparknet.errors import StateError
from sparknet.history import Evaluation, Round
from sparknet.interrupts import interruptible
from sparknet.notices import Notice, telling
from sparknet.progress import Progress
from sparknet.runs import listed

__all__ = ["fitted"]


def fitted(estimator: Any, frame: DataFrame, progress: bool) -> Any:
    """The Java model that a Java estimator makes of a frame.

    progress: whether to show how far it is. Of several that run side by side, in threads, none is
    shown, since their bars would be drawn over each other, and only warnings are told.
    """
    alone = threading.current_thread() is threading.main_thread()
    shows = progress and alone
    fitting = _Fitting(estimator, frame, shows, logging.NOTSET if alone else logging.WARNING)
    try:
        with interruptible() as check:
            with telling(fitting):
                images = fitting.begin()
            check()
            with _bar(images, shows) as bar:
                shown = _Shown(bar)
                while True:
                    with telling(fitting, bar=bar):
                        event = fitting.next()
                    if event is None:
                        break
                    shown.show(event)
                    check()
            return fitting.model()
    finally:
        with contextlib.suppress(StateError):  # The JVM may be gone.
            fitting.close()


class _Fitting:
    """A ``sparknet.ml.FitAnswers`` in the JVM. least: level of notices that are told."""

    def __init__(self, estimator: Any, frame: DataFrame, hides: bool, least: int) -> None:
        package = Py4JJvm(frame.sparkSession).jvm.sparknet.ml  # Threads have no active session.
        self._java = call(package, "FitAnswers", estimator, frame._jdf, hides)
        self._least = least
        self._notices: list[Notice] = []
        self._behind = False  # Whether the JVM has notices that came with no answer.

    def begin(self) -> float:
        """Images to train on in all."""
        self._behind = True
        return float(call(self._java, "begin"))

    def next(self) -> Event:
        """Does the next thing there is to do."""
        self._behind = True
        event, came = told(call(self._java, "next"))
        self._behind = False
        self._notices += came
        return event

    def notices(self) -> list[Notice]:
        """What there is to tell since the last call."""
        if self._behind:
            self._notices += notices(str(call(self._java, "notices")))
            self._behind = False
        came, self._notices = self._notices, []
        return [notice for notice in came if notice.level >= self._least]

    def model(self) -> Any:
        """The Java model."""
        return call(self._java, "model")

    def close(self) -> None:
        """Ends it, whatever it does, and what it runs on the cluster."""
        call(self._java, "close")


class _Shown:
    """What a bar has beside it: the loss, and the last scores of the rows that are looked at."""

    def __init__(self, bar: Progress | None) -> None:
        self._bar = bar
        self._images = 0
        self._round = ""
        self._scores = ""

    def show(self, event: Event) -> None:
        """Shows what was done."""
        if isinstance(event, Round):
            self._images += event.images
            self._round = f"loss {event.loss:.4f}, {event.images_per_second:,.0f} images/s"
        elif isinstance(event, Evaluation):
            self._scores = f", validation {listed(event.scores)}"
        elif isinstance(event, Resumed):
            self._images = event.images
        if self._bar is not None:
            self._bar.update(self._images, self._round + self._scores)


@contextlib.contextmanager
def _bar(total: float, shows: bool) -> Iterator[Progress | None]:
    bar = Progress(total, "training") if shows else None
    try:
        yield bar
    finally:
        if bar is not None:
            with contextlib.suppress(OSError):
                bar.close()
