"""What ``Trainer.fit`` does while the JVM trains: it notes, shows and calls back."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sparknet._jvm import Event, FitHandle, Resumed, Watch
from sparknet.callbacks import Callback, Watching
from sparknet.errors import ArgumentError, SparkNetError
from sparknet.history import Evaluation, Round
from sparknet.notices import telling
from sparknet.progress import Progress
from sparknet.proto import caffe_pb2

if TYPE_CHECKING:
    from sparknet.trainer import Trainer

__all__ = ["Length", "Run", "listed", "watches"]


class Length(NamedTuple):
    """How long a run is: rounds, epochs or, if both are None, to the solver's ``max_iter``."""

    rounds: int | None
    epochs: float | None
    max_iter: int

    @classmethod
    def of(
        cls, rounds: int | None, epochs: float | None, solver: caffe_pb2.SolverParameter
    ) -> Length:
        """Of what ``fit`` is given."""
        if rounds is not None and epochs is not None:
            raise ArgumentError("fit takes rounds or epochs, not both")
        if rounds is None and epochs is None and solver.max_iter < 1:
            raise ArgumentError("fit needs rounds or epochs: the solver has no max_iter")
        return cls(rounds, epochs, solver.max_iter)

    @property
    def by_solver(self) -> bool:
        """Whether the solver says it."""
        return self.rounds is None and self.epochs is None

    def options(self, images: int) -> dict[str, Any]:
        """As the JVM is told; images: of an epoch."""
        return {
            "rounds": self.rounds,
            "images": None if self.epochs is None else float(self.epochs * images),
        }

    def total(self, images: int, iteration: int) -> float:
        """What the bar shows the share of; iteration: the trainer's."""
        if self.rounds is not None:
            return self.rounds
        return self.max_iter - iteration if self.epochs is None else self.epochs * images


class Run:
    """A ``fit`` that runs. rounds: how many are done; start: iteration in which it began."""

    def __init__(
        self, trainer: Trainer, handle: FitHandle, callbacks: Sequence[Callback], start: int
    ) -> None:
        self.handle = handle
        self.rounds = 0
        self._trainer = trainer
        self._callbacks = callbacks
        self._begun: list[Callback] = []
        self._watching = [each for each in callbacks if isinstance(each, Watching)]
        self._start = start
        self._done: float = 0

    def follow(
        self, bar: Progress | None, length: Length, resumes: bool, check: Callable[[], None]
    ) -> None:
        """Has all of it done. resumes: whether the first event says from where it goes on.

        check: of ``interruptible``.
        """
        for index, watching in enumerate(self._watching):
            watching.follow(functools.partial(self.handle.watched, index))
        if not resumes:
            self._begin(bar)
        while True:
            with telling(self.handle, bar=bar):
                event = self.handle.next()
            if event is None:
                break
            self._note(event, bar, length)
            self._call_back(event, bar)
            check()

    def end(self, bar: Progress | None) -> None:
        """All callbacks that have begun end, also if one of them fails."""
        failure: BaseException | None = None
        for watching in self._watching:
            with contextlib.suppress(SparkNetError):  # The JVM may be gone.
                watching.settle()
        while self._begun:
            try:
                with _aside(bar):
                    self._begun.pop(0).on_train_end(self._trainer)
            except BaseException as raised:
                failure = failure or raised
        if failure is not None:
            raise failure

    def _note(self, event: Event, bar: Progress | None, length: Length) -> None:
        """Into the history, and onto the screen."""
        shown = ""
        if isinstance(event, Round):
            self.rounds += 1
            self._trainer.history.add(event)
            if length.rounds is not None:
                self._done += 1
            elif length.epochs is not None:
                self._done += event.images
            else:
                self._done = event.iteration - self._start
            if bar is not None:
                speed = f"{event.images_per_second:,.0f} images/s"
                bar.update(self._done, f"loss {event.loss:.4f}, {speed}")
        elif isinstance(event, Evaluation):
            self._trainer.history.add(event)
            shown = f"iteration {event.iteration}: {listed(event.scores)}"
        elif isinstance(event, Resumed):
            self.rounds = event.rounds
            if length.rounds is not None:
                self._done = event.rounds
            else:
                by_images = length.epochs is not None
                self._done = event.images if by_images else event.iteration - self._start
        elif isinstance(event, list):
            self._trainer.snapshots = event
            shown = f"snapshot {event[0]}"
        if shown and bar is not None:
            bar.message(shown)

    def _begin(self, bar: Progress | None) -> None:
        for callback in self._callbacks:
            self._begun.append(callback)
            with _aside(bar):
                callback.on_train_begin(self._trainer)

    def _call_back(self, event: Event, bar: Progress | None) -> None:
        if isinstance(event, Resumed):
            self._begin(bar)
        if not self._callbacks or not isinstance(event, (Round, Evaluation)):
            return
        with _aside(bar):
            for callback in self._callbacks:
                if isinstance(event, Round):
                    callback.on_round_end(self._trainer, event)
                else:
                    callback.on_test_end(self._trainer, event)


def watches(callbacks: Sequence[Callback]) -> list[Watch]:
    """What the JVM looks after, in the order in which ``Run`` numbers them."""
    return [each.watch for each in callbacks if isinstance(each, Watching)]


def _aside(bar: Progress | None) -> contextlib.AbstractContextManager[Any]:
    """The bar steps aside for what is printed inside."""
    return contextlib.nullcontext() if bar is None else bar.aside()


def listed(scores: Mapping[str, float]) -> str:
    """Scores of a test in a line."""
    return ", ".join(f"{name} {value:.4f}" for name, value in sorted(scores.items()))
