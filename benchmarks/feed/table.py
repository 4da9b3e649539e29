"""What becomes of the rounds of benchmarks/feed."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from paired import BenchmarkError

HEADER = (
    "| net, batch | threads | in memory, ms a step | fed, ms a step | cost | allowed | rounds |\n"
    "| --- | --- | --- | --- | --- | --- | --- |"
)


@dataclass(frozen=True)
class Case:
    """A net and how it is run; allowed: the share of a step that feeding may cost."""

    folder: str
    net: str
    batch: int
    size: int
    crop: int
    items: int
    warm_up: int
    steps: int
    allowed: float


CASES = {
    "cifar10_quick": Case(
        "examples/cifar10", "cifar10_quick_train_test", 100, 32, 32, 10000, 60, 40, 0.05
    ),
    "caffenet": Case("models/bvlc_reference_caffenet", "train_val", 64, 256, 227, 512, 3, 3, 0.02),
}
SOLVERS = {"cifar10_quick": "cifar10_quick_solver", "caffenet": "solver"}


def parse(output: str) -> list[tuple[float, float]]:
    """For each round milliseconds a step: in memory, fed."""
    rounds = [(float(a), float(b)) for a, b in re.findall(r"^round: (\S+) (\S+)$", output, re.M)]
    if not rounds:
        raise BenchmarkError(f"no lines 'round: <ms> <ms>' in:\n{output}")
    return rounds


def cost(rounds: Sequence[tuple[float, float]]) -> float:
    """Share of a step that feeding costs: the median over the rounds."""
    return statistics.median(fed / memory - 1 for memory, fed in rounds)


def row(name: str, threads: int, rounds: Sequence[tuple[float, float]]) -> str:
    """One line of the table."""
    case = CASES[name]
    costs = [fed / memory - 1 for memory, fed in rounds]
    memory, fed = (statistics.median(side) for side in zip(*rounds))
    return (
        f"| {name}, {case.batch} | {threads} | {memory:.1f} | {fed:.1f} | **{cost(rounds):.1%}** "
        f"| {case.allowed:.0%} | {len(rounds)}: {min(costs):.1%} to {max(costs):.1%} |"
    )
