"""Runs the two sides of the benchmark and works out ratios. Needs neither torch nor the engine."""

from __future__ import annotations

import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class BenchmarkError(Exception):
    """A side did not run or did not print its figure; the message holds what it said."""


@dataclass(frozen=True)
class Figure:
    """Milliseconds for one training step."""

    median: float
    fastest: float

    def images_per_second(self, batch: int) -> float:
        """At the median step."""
        return 1000 * batch / self.median


def parse(output: str) -> Figure:
    """The figure in a program's output: a line `ms_per_step: <median> <min>`."""
    for line in output.splitlines():
        if line.startswith("ms_per_step:"):
            median, fastest = map(float, line.split(":")[1].split())
            return Figure(median, fastest)
    raise BenchmarkError(f"no line 'ms_per_step: <median> <min>' in:\n{output}")


def measure(command: Sequence[str], folder: Path) -> Figure:
    """Runs one side in a process of its own, in that folder."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise BenchmarkError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return parse(done.stdout)


@dataclass(frozen=True)
class Result:
    """Paired rounds of one net: ours[i] and theirs[i] were measured one after the other."""

    net: str
    batch: int
    threads: int
    layout: str
    ours: list[Figure]
    theirs: list[Figure]

    def ratios(self) -> list[float]:
        """How many times as fast as PyTorch we are, in each round."""
        return [b.median / a.median for a, b in zip(self.ours, self.theirs)]

    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return statistics.median(self.ratios())


HEADER = (
    "| net, batch | threads | sparknet, images/s | PyTorch, images/s | PyTorch's best | ratio "
    "| rounds |\n"
    "| --- | --- | --- | --- | --- | --- | --- |"
)


def row(result: Result) -> str:
    """One line of the table; images/s are medians over the rounds."""

    def speed(figures: list[Figure]) -> str:
        return f"{statistics.median(f.images_per_second(result.batch) for f in figures):,.0f}"

    ratios = result.ratios()
    return (
        f"| {result.net}, {result.batch} | {result.threads} | {speed(result.ours)} "
        f"| {speed(result.theirs)} | {result.layout} | **{result.ratio():.2f}** "
        f"| {len(ratios)}: {min(ratios):.2f} to {max(ratios):.2f} |"
    )
