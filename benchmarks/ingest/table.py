"""What becomes of the rounds of benchmarks/ingest."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence

from paired import BenchmarkError, spread

KINDS = {
    "float": "array<float> into minibatches",
    "double": "array<double> into minibatches",
    "vector": "vector into minibatches",
    "binary": "binary into minibatches",
    "to-array": "minibatches to array<float>",
    "to-vector": "minibatches to vector",
}
AIM = 0.5
SCORING_AIM = 0.9
HEADER = (
    "| column | values, batch | plain copy, MB/s | column, MB/s | ratio | aim | rounds |\n"
    "| --- | --- | --- | --- | --- | --- | --- |"
)

SCORING_HEADER = (
    "| executors | batch | isa | sparknet.local, images/s | DataFrame, images/s | ratio | aim "
    "| rounds |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |"
)


def parse(output: str) -> list[tuple[float, float]]:
    """For each round the speed of both sides: of a plain copy and a column, for instance."""
    rounds = [(float(a), float(b)) for a, b in re.findall(r"^round: (\S+) (\S+)$", output, re.M)]
    if not rounds:
        raise BenchmarkError(f"no lines 'round: <speed> <speed>' in:\n{output}")
    return rounds


def ratio(rounds: Sequence[tuple[float, float]]) -> float:
    """How fast the second side is against the first: the median over the rounds."""
    return statistics.median(ours / plain for plain, ours in rounds)


def row(kind: str, values: int, batch: int, rounds: Sequence[tuple[float, float]]) -> str:
    """One line of the table of columns."""
    plain, ours = (statistics.median(side) for side in zip(*rounds))
    return (
        f"| {KINDS[kind]} | {values}, {batch} | {plain:,.0f} | {ours:,.0f} "
        f"| {judged(rounds, AIM)} |"
    )


def scoring_row(isa: str, executors: int, batch: int, rounds: Sequence[tuple[float, float]]) -> str:
    """One line of the table of scoring."""
    local, ours = (statistics.median(side) for side in zip(*rounds))
    return (
        f"| {executors} | {batch} | {isa} | {local:.1f} | {ours:.1f} "
        f"| {judged(rounds, SCORING_AIM)} |"
    )


def judged(rounds: Sequence[tuple[float, float]], aim: float) -> str:
    """The last cells of a line."""
    return f"**{ratio(rounds):.2f}** | {aim} | {spread([b / a for a, b in rounds])}"
