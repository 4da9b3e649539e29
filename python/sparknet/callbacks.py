"""What is called while ``Trainer.fit`` runs: ``fit(..., callbacks=[...])``.

A callback is a ``Callback``, or a function, which is called after each round with the trainer and
the ``Round``. It may end the run (``trainer.stop()``), change the next round (``trainer.tau``,
``trainer.learning_rate``), and read or set weights. What it raises ends the run and comes out of
``fit``; the trainer stays usable::

    def watch(trainer, done):
        if done.loss > 10:
            trainer.learning_rate /= 2

    trainer.fit(100, callbacks=[watch, EarlyStopping("accuracy"), CSVLogger("run.csv")])
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar, Union

from sparknet._jvm import Watch, Watched
from sparknet.errors import ArgumentError, SetupError
from sparknet.history import Evaluation, Round

if TYPE_CHECKING:
    from sparknet.trainer import Trainer

__all__ = [
    "BestWeights",
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "Function",
    "LearningRateSchedule",
    "TauSchedule",
    "TensorBoard",
    "callbacks_of",
]

Function = Callable[["Trainer", Round], Any]
_Number = TypeVar("_Number", bound=float)
Schedule = Union[Callable[[int], _Number], Mapping[int, _Number]]


class Callback:
    """Told of what ``fit`` does. A class of your own overrides what it wants to be told of."""

    def on_train_begin(self, trainer: Trainer) -> None:
        """Before the first round; of a run that goes on from a checkpoint, before the next."""

    def on_round_end(self, trainer: Trainer, done: Round) -> None:
        """After each round, when the mean has become the weights."""

    def on_test_end(self, trainer: Trainer, tested: Evaluation) -> None:
        """After each test of the run."""

    def on_train_end(self, trainer: Trainer) -> None:
        """When the run is over, also if an error ended it."""


class _Function(Callback):
    def __init__(self, function: Function) -> None:
        self._function = function

    def on_round_end(self, trainer: Trainer, done: Round) -> None:
        self._function(trainer, done)


def callbacks_of(given: Iterable[Callback | Function]) -> list[Callback]:
    """Callbacks and functions as callbacks."""
    if isinstance(given, Callback) or callable(given):
        given = [given]
    return [_callback(each) for each in given]


def _callback(given: Callback | Function) -> Callback:
    if isinstance(given, Callback):
        return given
    if isinstance(given, type) or not callable(given):
        name = given.__name__ if isinstance(given, type) else type(given).__name__
        raise ArgumentError(
            f"{name} is no callback: pass a Callback, or a function of the trainer and the round"
        )
    return _Function(given)


class Watching(Callback):
    """Looks for the best value of a metric; the JVM does, so that weights need not come here."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self._look: Callable[[], Watched] = lambda: Watched(None, 0, False)

    def follow(self, look: Callable[[], Watched]) -> None:
        """Takes what is known from now on from ``look``."""
        self._look = look

    def settle(self) -> None:
        """Keeps what is known, and looks no more."""
        found = self._look()
        self._look = lambda: found

    @property
    def best(self) -> float | None:
        """The best value in the last run; None: there was none."""
        return self._look().best

    @property
    def best_iteration(self) -> int:
        """The iteration of the best value."""
        return self._look().iteration


class EarlyStopping(Watching):
    """Ends the run when a metric has not got better ``patience`` times in a row.

    metric: an output of the test net, looked at in each test of the run (so ``fit`` needs
    ``test_every``), or ``"train_loss"``, the mean loss of each round. min_delta: by how much a
    value has to be better than the best so far. mode: ``"min"`` or ``"max"`` says what is
    better; ``"auto"`` knows it of names with loss, error or acc in them.
    """

    def __init__(
        self,
        metric: str = "loss",
        patience: int = 5,
        *,
        min_delta: float = 0.0,
        mode: str = "auto",
    ) -> None:
        super().__init__(Watch("EarlyStopping", metric, min_delta, mode, patience))

    @property
    def stopped(self) -> bool:
        """Whether it has ended the last run."""
        return self._look().stopped


class BestWeights(Watching):
    """Makes the weights with which a metric was best the current ones when the run ends.

    Arguments as of ``EarlyStopping``. The weights are kept in the driver's memory, outside its
    heap. A run that an error or Ctrl-C ends keeps its last weights. Snapshots, checkpoints, the
    iteration and momentum are those of the run's last round; ``trainer.snapshot(...)`` after
    ``fit`` writes the best weights.
    """

    def __init__(self, metric: str = "loss", *, min_delta: float = 0.0, mode: str = "auto") -> None:
        super().__init__(Watch("BestWeights", metric, min_delta, mode, None))


class _Scheduled(Callback, Generic[_Number]):
    """Sets something by the number of rounds that are done, where it changes."""

    def __init__(self, schedule: Schedule[_Number]) -> None:
        self._schedule: Schedule[_Number] = schedule
        self._last: _Number | None = None

    def on_train_begin(self, trainer: Trainer) -> None:
        """Sets it for the next round."""
        self._last = None
        self._follow(trainer)

    def on_round_end(self, trainer: Trainer, done: Round) -> None:
        """Sets it for the next round."""
        self._follow(trainer)

    def _follow(self, trainer: Trainer) -> None:
        now = self._at(trainer.round)
        if now is not None and now != self._last:
            self._set(trainer, now)
            self._last = now

    def _at(self, rounds: int) -> _Number | None:
        if not isinstance(self._schedule, Mapping):
            return self._schedule(rounds)
        begun = [start for start in self._schedule if start <= rounds]
        return self._schedule[max(begun)] if begun else None

    def _set(self, trainer: Trainer, value: _Number) -> None:
        raise NotImplementedError


class TauSchedule(_Scheduled[int]):
    """Sets the steps of each worker by the number of rounds that are done.

    schedule: a function of that number, or a mapping of it to tau from there on:
    ``TauSchedule({0: 5, 20: 50})``.
    """

    def _set(self, trainer: Trainer, value: int) -> None:
        trainer.tau = value


class LearningRateSchedule(_Scheduled[float]):
    """Sets the learning rate by the number of rounds that are done, in place of the solver's
    ``lr_policy``.

    schedule: a function of that number, or a mapping of it to the rate from there on:
    ``LearningRateSchedule({0: 0.1, 50: 0.01})``. The last rate stays when the run is over.
    """

    def _set(self, trainer: Trainer, value: float) -> None:
        trainer.learning_rate = value


class CSVLogger(Callback):
    """Writes a line for each round to ``path``, and one for each test to a file beside it.

    Of ``run.csv`` that is ``run_tests.csv``. Columns are those of ``History.tests``, and of
    ``History.rounds`` those that are numbers. Lines are in the files at once. append: adds to
    what is there, as for a run that goes on from a checkpoint; a second run of the same logger
    does in any case.
    """

    def __init__(self, path: str | os.PathLike[str], *, append: bool = False) -> None:
        self.path = Path(path)
        self.tests_path = self.path.with_name(f"{self.path.stem}_tests{self.path.suffix}")
        self._mode = "a" if append else "w"
        self._files: dict[Path, IO[str]] = {}

    def on_train_begin(self, trainer: Trainer) -> None:
        """Opens the file."""
        if self._mode == "w":
            self.tests_path.unlink(missing_ok=True)
        self._files[self.path] = self.path.open(self._mode, newline="", encoding="utf-8")
        self._mode = "a"

    def on_round_end(self, trainer: Trainer, done: Round) -> None:
        """Writes a line."""
        numbers = {k: v for k, v in done._asdict().items() if not isinstance(v, tuple)}
        columns = [*numbers, "images_per_second"]
        self._write(self.path, columns, [*numbers.values(), done.images_per_second])

    def on_test_end(self, trainer: Trainer, tested: Evaluation) -> None:
        """Writes a line to the other file."""
        path = self.tests_path
        if path not in self._files:
            self._files[path] = path.open("a", newline="", encoding="utf-8")
        self._write(
            path, ["iteration", *tested.scores], [tested.iteration, *tested.scores.values()]
        )

    def on_train_end(self, trainer: Trainer) -> None:
        """Closes both files."""
        for file in self._files.values():
            file.close()
        self._files = {}

    def _write(self, path: Path, columns: list[str], values: list[Any]) -> None:
        file = self._files[path]
        writer = csv.writer(file)
        if file.tell() == 0:
            writer.writerow(columns)
        writer.writerow(values)
        file.flush()


class TensorBoard(Callback):
    """Writes event files for TensorBoard (``tensorboard --logdir FOLDER``).

    Scalars by iteration: ``train/loss``, ``train/images_per_second``, ``train/learning_rate``, and
    ``test/NAME`` for each output of the test net. Needs tensorboardX: ``pip install
    sparknet[tensorboard]``.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            raise SetupError(
                "TensorBoard needs tensorboardX: pip install tensorboardX, or sparknet[tensorboard]"
            ) from None
        self.folder = os.fspath(folder)
        self._open = SummaryWriter
        self._writer: Any = None

    def on_train_begin(self, trainer: Trainer) -> None:
        """Opens an event file."""
        self._writer = self._open(self.folder)

    def on_round_end(self, trainer: Trainer, done: Round) -> None:
        """Writes scalars of the round."""
        self._add("train/loss", done.loss, done.iteration)
        self._add("train/images_per_second", done.images_per_second, done.iteration)
        self._add("train/learning_rate", trainer.learning_rate, done.iteration)

    def on_test_end(self, trainer: Trainer, tested: Evaluation) -> None:
        """Writes the test's scores."""
        for name, value in tested.scores.items():
            self._add(f"test/{name}", value, tested.iteration)

    def on_train_end(self, trainer: Trainer) -> None:
        """Closes the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _add(self, name: str, value: float, iteration: int) -> None:
        self._writer.add_scalar(name, value, iteration)
