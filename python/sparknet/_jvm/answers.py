"""What ``sparknet.train.Answers`` and ``sparknet.io.Notices`` in Scala say, each as one string."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Callable, TypeVar

from sparknet._jvm import Event, Kept, Resumed, Watched
from sparknet.errors import InternalError
from sparknet.history import Evaluation, LeftOut, Round, Turn
from sparknet.notices import Notice

__all__ = ["notices", "parse", "told", "watched"]

T = TypeVar("T")


def parse(text: str) -> Event:
    """What was done; None: nothing is left to do."""
    kind, *values = text.split("\0")
    if kind == "round":
        return _round(iter(values))
    if kind == "test":
        means = (float(value) for value in values[2::2])
        return Evaluation(int(values[0]), dict(zip(values[1::2], means)))
    if kind == "snapshot":
        return values
    if kind == "resumed":
        return Resumed(*map(int, values))
    if kind == "checkpoint":
        return Kept(values[0])
    if kind == "over":
        return None
    raise InternalError(f"the JVM did something that is not known here: {kind}")


def _round(values: Iterator[str]) -> Round:
    """Lists have their lengths before them."""

    def listed(entry: Callable[[], T]) -> tuple[T, ...]:
        return tuple(entry() for _ in range(int(next(values))))

    def turn() -> Turn:
        worker, executor, steps, images = (next(values) for _ in range(4))
        times = (float(next(values)) for _ in range(4))
        return Turn(int(worker), executor, int(steps), int(images), *times)

    def left_out() -> LeftOut:
        return LeftOut(next(values), int(next(values)), listed(lambda: next(values)))

    iteration, loss, images, seconds, workers = (next(values) for _ in range(5))
    lost = listed(lambda: int(next(values)))
    return Round(
        int(iteration),
        float(loss),
        int(images),
        float(seconds),
        int(workers),
        len(lost),
        turns=listed(turn),
        lost_workers=lost,
        left_out=listed(left_out),
    )


def notices(text: str) -> list[Notice]:
    """What there is to tell, in order."""
    values = text.split("\0") if text else []
    return [Notice(getattr(logging, level), said) for level, said in zip(values[::2], values[1::2])]


def told(text: str) -> tuple[Event, list[Notice]]:
    """What was done, and what there is to tell."""
    done, _, more = text.partition("\1")
    return parse(done), notices(more)


def watched(text: str) -> Watched:
    """What a watch has found."""
    best, iteration, stopped = text.split("\0")
    return Watched(float(best) if best else None, int(iteration), stopped == "true")
