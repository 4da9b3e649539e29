"""What becomes of the times that the sides of benchmarks/sync print."""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass

from paired import BenchmarkError

MORE = 10  # steps by which our long rounds are longer

HEADER = (
    "| weights | executors | sparknet, ms a round | less its steps | in fit | gloo | naive Spark "
    "| times gloo's | naive / ours |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def parse(output: str, name: str) -> float:
    """The median of a line `name: <ms> <ms> ...`."""
    found = re.search(rf"^{name}: ([\d. ]+)$", output, re.MULTILINE)
    if found is None:
        raise BenchmarkError(f"no line '{name}: <ms> ...' in:\n{output}")
    return statistics.median(map(float, found[1].split()))


@dataclass(frozen=True)
class Round:
    """Milliseconds of one measurement of all sides: medians over their rounds.

    short, long: ours, of one step and of MORE steps more.
    """

    short: float
    long: float
    fit: float
    gloo: float
    naive: float

    def sync(self) -> float:
        """Ours without the step in it."""
        return self.short - (self.long - self.short) / MORE


def row(weights: int, executors: int, rounds: list[Round]) -> str:
    """One line of the table: medians over the measurements, ratios from within each of them."""

    def median(of: list[float]) -> float:
        return statistics.median(of)

    sync = median([r.sync() for r in rounds])
    times = (
        f"| {weights / 1e6:g} M | {executors} | {median([r.short for r in rounds]):.1f} "
        f"| {sync:.1f} | {median([r.fit for r in rounds]):.1f} "
        f"| {median([r.gloo for r in rounds]):.1f} | {median([r.naive for r in rounds]):.1f} "
    )
    against_gloo = median([r.sync() / r.gloo for r in rounds])
    against_naive = median([r.naive / r.sync() for r in rounds])
    return times + f"| **{against_gloo:.1f}** | **{against_naive:.1f}** |"
