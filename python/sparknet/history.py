"""What a training run did: one entry a round, one entry a test."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from sparknet.errors import SetupError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Evaluation", "History", "LeftOut", "Round", "Turn"]


class Turn(NamedTuple):
    """What one worker did in a round, and where the round's time went, in seconds.

    executor: its id, as Spark's UI has it. compute: its turn, less what it waited for data,
    which is feed. exchange: fetching weights, publishing them and, once that is done, averaging
    them. wait: idle until the others were done; where workers take turns on one host, for their
    turns too.
    """

    worker: int
    executor: str
    steps: int
    images: int
    compute: float
    feed: float
    exchange: float
    wait: float

    @property
    def seconds(self) -> float:
        """Of the whole round, average included: the same for all workers."""
        return self.compute + self.feed + self.exchange + self.wait


class LeftOut(NamedTuple):
    """Records that could not be used: why, how many, and the names of the first of them."""

    reason: str
    records: int
    names: tuple[str, ...]


class Round(NamedTuple):
    """One round: broadcast, tau steps on each worker, average.

    iteration: steps of each worker so far; loss: mean over the round's images; seconds:
    wall time of the round's training; workers: how many took part; lost: how many did not
    because their executors were lost, which are lost_workers. turns: what each worker did that
    trained, in their order; left_out: images that turned out to be unusable in training.
    What ``train`` gives does not know of the average yet.
    """

    iteration: int
    loss: float
    images: int
    seconds: float
    workers: int
    lost: int = 0
    turns: tuple[Turn, ...] = ()
    lost_workers: tuple[int, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def images_per_second(self) -> float:
        """All workers together."""
        return self.images / self.seconds if self.seconds > 0 else 0.0


class Evaluation(NamedTuple):
    """Mean of each net output over the test data, at an iteration."""

    iteration: int
    scores: dict[str, float]


class History:
    """Rounds and tests in order, as tables. ``print`` and notebooks show a summary.

    The tables are pandas', made when they are asked for; totals need no pandas. Other threads may
    ask while a run goes on: each answer is of one moment.
    """

    def __init__(self) -> None:
        self._rounds: list[Round] = []
        self._tests: list[Evaluation] = []

    def add(self, entry: Round | Evaluation) -> None:
        """Notes what was done."""
        if isinstance(entry, Round):
            self._rounds.append(entry)
        else:
            self._tests.append(entry)

    @property
    def rounds(self) -> pd.DataFrame:
        """A row for each round: the fields of ``Round``, and ``images_per_second``."""
        rounds = list(self._rounds)
        frame = _pandas().DataFrame(rounds, columns=list(Round._fields))
        frame["images_per_second"] = [entry.images_per_second for entry in rounds]
        return frame

    @property
    def tests(self) -> pd.DataFrame:
        """A row for each test: ``iteration``, and a column for each output of the test net."""
        rows = [{"iteration": entry.iteration, **entry.scores} for entry in list(self._tests)]
        return _pandas().DataFrame(rows, columns=None if rows else ["iteration"])

    def averaged(self, done: Round) -> None:
        """Has the last round as it is with its average."""
        if self._rounds:
            self._rounds[-1] = done

    @property
    def images(self) -> int:
        """Images trained on so far, all workers together."""
        return _images(self._rounds)

    @property
    def seconds(self) -> float:
        """Wall time of all rounds."""
        return _seconds(self._rounds)

    @property
    def images_per_second(self) -> float:
        """All workers together."""
        rounds = list(self._rounds)
        seconds = _seconds(rounds)
        return _images(rounds) / seconds if seconds > 0 else 0.0

    def plot(self, axes: Any = None) -> Any:
        """Draws losses and, against an axis on the right, the other outputs of tests.

        axes: matplotlib's, by default those of a new figure. Returns the axes, whose
        ``figure.savefig(path)`` writes the picture. Needs matplotlib.
        """
        try:
            from matplotlib import pyplot
        except ImportError:
            raise SetupError(
                "plot needs matplotlib: pip install matplotlib, or sparknet[plot]"
            ) from None
        if axes is None:
            axes = pyplot.subplots(figsize=(7, 4))[1]
        losses = [(entry.iteration, entry.loss) for entry in self._rounds]
        axes.plot([step for step, _ in losses], [loss for _, loss in losses], label="training loss")
        right = None
        tests = list(self._tests)
        outputs = list(dict.fromkeys(name for entry in tests for name in entry.scores))
        for number, name in enumerate(outputs, 1):
            points = [(e.iteration, e.scores[name]) for e in tests if name in e.scores]
            on = axes
            if "loss" not in name:
                right = on = axes.twinx() if right is None else right
                on.set_ylabel("score")
            on.plot(*zip(*points), "o-", color=f"C{number}", label=f"test {name}")
        axes.set(xlabel="iteration", ylabel="loss")
        lines = [line for part in (axes, right) if part is not None for line in part.get_lines()]
        upper = axes if right is None else right  # What is drawn last, and hides no legend.
        upper.legend(lines, [line.get_label() for line in lines], loc="center right")
        return axes

    def __repr__(self) -> str:
        parts = [_counted(len(self._rounds), "round")]
        if self._rounds:
            first, last = self._rounds[0], self._rounds[-1]
            parts.append(f"iteration {last.iteration:,}")
            parts.append(f"loss {first.loss:.4f} -> {last.loss:.4f}")
            parts.append(f"{self.images:,} images, {self.images_per_second:,.0f} images/s")
        if self._tests:
            scores = self._tests[-1].scores
            shown = ", ".join(f"{name} {value:.4f}" for name, value in scores.items())
            parts.append(f"{_counted(len(self._tests), 'test')}, the last: {shown}")
        return f"History: {'; '.join(parts)}"

    def _repr_html_(self) -> str:
        """What notebooks show: the summary, the last tests and rounds."""
        tables = [
            frame.tail(10).to_html(index=False, na_rep="", float_format="{:.4g}".format)
            for frame in (self.tests, self.rounds)
            if len(frame)
        ]
        return "".join([f"<p>{self!r}</p>".replace("->", "&rarr;"), *tables])


def _images(rounds: Iterable[Round]) -> int:
    return sum(entry.images for entry in rounds)


def _seconds(rounds: Iterable[Round]) -> float:
    return sum(entry.seconds for entry in rounds)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _pandas() -> Any:
    try:
        import pandas
    except ImportError:
        raise SetupError(
            "tables of a history need pandas: pip install pandas, or sparknet[spark]"
        ) from None
    return pandas
