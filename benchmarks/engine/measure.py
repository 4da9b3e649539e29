"""What becomes of the rounds of one net. Needs neither torch nor the engine."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

import paired
from paired import Figure


@dataclass(frozen=True)
class Result:
    """Paired rounds of one net: ours[i] and theirs[i] were measured one after the other."""

    net: str
    batch: int
    isa: str
    threads: int
    layout: str
    ours: list[Figure]
    theirs: list[Figure]

    def ratios(self) -> list[float]:
        """How many times as fast as PyTorch we are, in each round."""
        return paired.ratios(self.ours, self.theirs)

    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return statistics.median(self.ratios())


HEADER = (
    "| net, batch | isa | threads | sparknet, images/s | PyTorch, images/s | PyTorch's best "
    "| ratio | rounds |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |"
)


def row(result: Result) -> str:
    """One line of the table; images/s are medians over the rounds."""
    return (
        f"| {result.net}, {result.batch} | {result.isa} | {result.threads} "
        f"| {paired.speed(result.ours, result.batch)} "
        f"| {paired.speed(result.theirs, result.batch)} | {result.layout} "
        f"| **{result.ratio():.2f}** | {paired.spread(result.ratios())} |"
    )
