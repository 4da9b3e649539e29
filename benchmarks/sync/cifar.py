"""Training cifar10_quick on CIFAR-10, minibatches of 100 for each worker of one thread: a trainer
on Spark, and PyTorch's DistributedDataParallel over gloo, one after the other in the same run.
Images/s of the whole training, tests not counted, and the accuracy on the test images after it.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from pathlib import Path

import isa
import paired
from paired import BenchmarkError

from sparknet import jar

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HEADER = (
    "| workers | passes | isa | sparknet, images/s | accuracy | DistributedDataParallel, images/s "
    "| accuracy | ratio | rounds |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/sync/cifar", description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=8, help="passes over the images")
    parser.add_argument("--data", type=Path, default=ROOT / "caffe/data/cifar10")
    parser.add_argument("--isa", choices=isa.CHOICES, default="native", help="of both sides")
    parser.add_argument("--rounds", type=int, default=1, help="measurements of both sides")
    parser.add_argument("--write", action="store_true", help=f"append to {paired.RESULTS.name}")
    return parser.parse_args()


def side(python: str | Path, program: str, chosen: argparse.Namespace) -> tuple[float, float]:
    """Images/s and accuracy, as a side prints them."""
    threads = {"SPARKNET_JAR": str(jar.find()), "OMP_NUM_THREADS": "1"}
    variables = {**isa.environment(chosen.isa), **threads}
    sizes = [str(chosen.workers), str(chosen.epochs), str(chosen.data.resolve())]
    output = paired.output([str(python), program, *sizes], HERE, variables)
    found = re.search(r"^trained: ([\d.]+) images/s, accuracy ([\d.]+)$", output, re.MULTILINE)
    if found is None:
        raise BenchmarkError(f"no line 'trained: ...' in:\n{output}")
    return float(found[1]), float(found[2])


def main() -> None:
    """Measures and prints the table."""
    chosen = arguments()
    load = paired.load_at_start()
    pairs = []
    try:
        for _ in range(chosen.rounds):
            ours = side(sys.executable, "cifar_ours.py", chosen)
            theirs = side(ROOT / "target/bench-venv/bin/python", "cifar_ddp.py", chosen)
            pairs.append((ours, theirs))
    except BenchmarkError as error:
        sys.exit(f"benchmarks/sync/cifar: {error}")
    ratios = [ours[0] / theirs[0] for ours, theirs in pairs]
    cells = [
        f"{statistics.median(pair[which][0] for pair in pairs):,.0f} "
        f"| {statistics.median(pair[which][1] for pair in pairs):.1%}"
        for which in (0, 1)
    ]
    row = (
        f"| {chosen.workers} | {chosen.epochs} | {isa.label(chosen.isa, isa.flags())} "
        f"| {cells[0]} | {cells[1]} "
        f"| **{statistics.median(ratios):.2f}** | {paired.spread(ratios)} |"
    )
    paired.report(
        "CIFAR-10 with several workers", HEADER, [row], "executors of one core", load, chosen.write
    )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
