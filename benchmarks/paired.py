"""Runs the sides of a benchmark in turn and works out ratios: what all benchmarks share."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"


class BenchmarkError(Exception):
    """A side did not run or did not print its figure; the message holds what it said."""


@dataclass(frozen=True)
class Figure:
    """Milliseconds for one step: a training step, or one pass over the images."""

    median: float
    fastest: float

    def images_per_second(self, batch: int) -> float:
        """At the median step, of `batch` images."""
        return 1000 * batch / self.median


def parse(output: str) -> Figure:
    """The figure in a program's output: a line `ms_per_step: <median> <min>`."""
    for line in output.splitlines():
        if line.startswith("ms_per_step:"):
            median, fastest = map(float, line.split(":")[1].split())
            return Figure(median, fastest)
    raise BenchmarkError(f"no line 'ms_per_step: <median> <min>' in:\n{output}")


def output(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> str:
    """Runs one side in a process of its own, in that folder (and environment, if not in ours), and
    returns what it prints."""
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise BenchmarkError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def measure(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> Figure:
    """The figure of a side that prints one."""
    return parse(output(command, folder, environment))


def ratios(ours: Sequence[Figure], theirs: Sequence[Figure]) -> list[float]:
    """How many times as fast as the other side we are, in each round."""
    return [b.median / a.median for a, b in zip(ours, theirs)]


def speed(figures: Sequence[Figure], batch: int) -> str:
    """Images/s: the median over the rounds."""
    return f"{statistics.median(f.images_per_second(batch) for f in figures):,.0f}"


def spread(ratios: Sequence[float]) -> str:
    """Number of rounds, and the lowest and highest ratio."""
    return f"{len(ratios)}: {min(ratios):.2f} to {max(ratios):.2f}"


def load_at_start() -> float:
    """The machine's load, with a warning on stderr if it is busy."""
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"The machine is busy (load {load:.1f}): ratios will be rough.", file=sys.stderr)
    return load


def processor() -> str:
    """Its name, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def report(
    title: str, header: str, rows: Sequence[str], versions: str, load: float, write: bool
) -> None:
    """Prints the table under a line that says where and when it was measured, and adds it to
    RESULTS.md if asked."""
    today = datetime.date.today().isoformat()
    where = f"{processor()}, {os.cpu_count()} cores, {versions}"
    lines = "\n".join([header, *rows])
    table = f"{today}, {where}, load {load:.1f} at the start.\n\n{lines}\n"
    print(table)
    if write:
        with RESULTS.open("a", encoding="utf-8") as results:
            results.write(f"\n## {title}\n\n{table}")
