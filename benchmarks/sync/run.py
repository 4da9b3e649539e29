"""What it costs to bring the workers' weights together: a round of a trainer, PyTorch's all-reduce
over gloo between as many processes, and a round in plain Spark (broadcast, copy, reduce of arrays),
one after the other in the same run, each with its executors on this machine.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import paired
from paired import BenchmarkError
from table import HEADER, Round, parse, row

from sparknet import jar

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# For so many weights: rounds that are measured, and seconds of rounds before them for each
# executor. Short rounds are for long trainings, and at their speed once the JVMs, which share the
# cores, have compiled what thousands of them run.
CASES = {100_000: (60, 20), 7_000_000: (20, 4), 61_000_000: (7, 4)}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/sync/run", description=__doc__)
    parser.add_argument("--weights", type=int, nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--executors", type=int, nargs="+", default=[2, 4])
    parser.add_argument("--rounds", type=int, default=3, help="measurements of all sides")
    parser.add_argument("--write", action="store_true", help=f"append to {paired.RESULTS.name}")
    return parser.parse_args()


def side(command: list[str], sizes: list[int]) -> str:
    """What a side prints."""
    variables = {**os.environ, "SPARKNET_JAR": str(jar.find()), "OMP_NUM_THREADS": "1"}
    return paired.output([*command, *map(str, sizes)], HERE, variables)


def measure(weights: int, executors: int) -> Round:
    """All sides once, in turn."""
    rounds, warm_up = CASES[weights]
    sizes = [weights, executors, rounds]
    ours = side([sys.executable, "ours_side.py"], [*sizes, warm_up * executors])
    gloo = side([str(ROOT / "target/bench-venv/bin/python"), "gloo_side.py"], sizes)
    submit = str(Path(sys.executable).parent / "spark-submit")
    heaps = ["--driver-memory", "4g", "--conf", "spark.executor.memory=3g"]
    master = f"local-cluster[{executors},1,3072]"
    app = ["--class", "NaiveSide", str(ROOT / "target/bench-sync/naive.jar")]
    naive = side([submit, "--master", master, *heaps, *app], [*sizes, warm_up * executors])
    short, long, fit = (parse(ours, name) for name in ("round", "long", "fit"))
    return Round(short, long, fit, parse(gloo, "round"), parse(naive, "round"))


def main() -> None:
    """Measures and prints the table."""
    chosen = arguments()
    load = paired.load_at_start()
    rows = []
    try:
        for weights in chosen.weights:
            for executors in chosen.executors:
                rounds = [measure(weights, executors) for _ in range(chosen.rounds)]
                rows.append(row(weights, executors, rounds))
                print(rows[-1], file=sys.stderr)
    except BenchmarkError as error:
        sys.exit(f"benchmarks/sync: {error}")
    paired.report(
        "Bringing weights together", HEADER, rows, "executors of one core", load, chosen.write
    )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
