"""What becomes of the rounds of one workload. Needs neither torch nor the engine."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import paired
from paired import BenchmarkError, Figure
from workloads import Workload

# Whom we are compared with, by the name that medians.csv has for them.
PEERS = {"eager": "PyTorch", "compile": "torch.compile", "onnxruntime": "onnxruntime"}
TITLES = {
    "train": "Engine against PyTorch",
    "infer": "Prediction against PyTorch and onnxruntime",
    "memory": "Memory of a training step against PyTorch's",
}


def peers(kind: str) -> tuple[str, ...]:
    """Who can do such work."""
    return tuple(PEERS) if kind == "infer" else ("eager", "compile")


def amount(output: str, kind: str) -> float:
    """What a side's output says: milliseconds a step (the median), or for memory its peak in MiB,
    of a line `peak_mib: <MiB>`."""
    if kind != "memory":
        return paired.parse(output).median
    found = re.search(r"^peak_mib: ([\d.]+)$", output, re.MULTILINE)
    if found is None:
        raise BenchmarkError(f"no line 'peak_mib: <MiB>' in:\n{output}")
    return float(found[1])


@dataclass(frozen=True)
class Result:
    """Paired rounds of one workload: ours[i] and theirs[peer][i] were measured one after the other.

    ours, theirs -- as `amount` gives them; layouts -- how each peer did it; who could not do it is
    in neither.
    """

    workload: Workload
    isa: str
    threads: int
    ours: list[float]
    theirs: dict[str, list[float]]
    layouts: dict[str, str]

    def ratios(self, peer: str) -> list[float]:
        """How many times as fast as the peer we are, or how many times as much memory we take, in
        each round."""
        pairs = zip(self.ours, self.theirs[peer])
        if self.workload.kind == "memory":
            return [ours / theirs for ours, theirs in pairs]
        return [theirs / ours for ours, theirs in pairs]

    def ratio(self, peer: str) -> float:
        """The median of the rounds' ratios."""
        return statistics.median(self.ratios(peer))

    def shown(self, amounts: Sequence[float]) -> str:
        """MiB, or images/s: the median over the rounds."""
        if self.workload.kind == "memory":
            return f"{statistics.median(amounts):,.0f}"
        return paired.speed([Figure(a, a) for a in amounts], self.workload.batch)


def header(kind: str) -> str:
    """That of the table of such work."""
    unit = "MiB" if kind == "memory" else "images/s"
    columns = ["net, batch", "isa", "threads", f"sparknet, {unit}"]
    for peer in peers(kind):
        columns += [f"{PEERS[peer]}, {unit}", "ratio, rounds"]
    return f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}"


def row(result: Result) -> str:
    """One line of the table; the columns of a peer that could not do it are empty."""
    workload = result.workload
    cells = [
        f"{workload.net}, {workload.batch}",
        result.isa,
        str(result.threads),
        result.shown(result.ours),
    ]
    for peer in peers(workload.kind):
        if peer in result.theirs:
            cells.append(f"{result.shown(result.theirs[peer])} {result.layouts[peer]}".strip())
            spread = paired.spread(result.ratios(peer))
            cells.append(f"**{result.ratio(peer):.2f}**, {spread}")
        else:
            cells += ["", ""]
    return f"| {' | '.join(cells)} |"
