"""What becomes of the rounds of benchmarks/ingest."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence

from paired import BenchmarkError

KINDS = {
    "float": "array<float>",
    "double": "array<double>",
    "vector": "vector",
    "binary": "binary",
}
AIM = 0.5
HEADER = (
    "| column | values, batch | plain copy, MB/s | column, MB/s | ratio | aim | rounds |\n"
    "| --- | --- | --- | --- | --- | --- | --- |"
)


def parse(output: str) -> list[tuple[float, float]]:
    """For each round MB/s: of the plain copy, of the column."""
    rounds = [(float(a), float(b)) for a, b in re.findall(r"^round: (\S+) (\S+)$", output, re.M)]
    if not rounds:
        raise BenchmarkError(f"no lines 'round: <MB/s> <MB/s>' in:\n{output}")
    return rounds


def ratio(rounds: Sequence[tuple[float, float]]) -> float:
    """How fast the column is against the plain copy: the median over the rounds."""
    return statistics.median(ours / plain for plain, ours in rounds)


def row(kind: str, values: int, batch: int, rounds: Sequence[tuple[float, float]]) -> str:
    """One line of the table."""
    plain, ours = (statistics.median(side) for side in zip(*rounds))
    ratios = [b / a for a, b in rounds]
    return (
        f"| {KINDS[kind]} | {values}, {batch} | {plain:,.0f} | {ours:,.0f} "
        f"| **{ratio(rounds):.2f}** | {AIM} "
        f"| {len(rounds)}: {min(ratios):.2f} to {max(ratios):.2f} |"
    )
