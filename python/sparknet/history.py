"""What a training run did: one entry a round, one entry a test."""

from __future__ import annotations

from typing import NamedTuple

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
    """Rounds and tests in order."""

    def __init__(self) -> None:
        self.rounds: list[Round] = []
        self.tests: list[Evaluation] = []

    def averaged(self, done: Round) -> None:
        """Has the last round as it is with its average."""
        if self.rounds:
            self.rounds[-1] = done

    @property
    def images(self) -> int:
        """Images trained on so far, all workers together."""
        return sum(entry.images for entry in self.rounds)

    @property
    def seconds(self) -> float:
        """Wall time of all rounds."""
        return sum(entry.seconds for entry in self.rounds)

    @property
    def images_per_second(self) -> float:
        """All workers together."""
        return self.images / self.seconds if self.seconds > 0 else 0.0

    def losses(self) -> list[tuple[int, float]]:
        """(iteration, training loss) of each round."""
        return [(entry.iteration, entry.loss) for entry in self.rounds]

    def scores(self, output: str) -> list[tuple[int, float]]:
        """(iteration, value) of a net output at each test."""
        return [(test.iteration, test.scores[output]) for test in self.tests]
