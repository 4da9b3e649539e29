"""What feeding a net from a worker's data costs, against the same net on data in its memory.

Both sides take turns in one process, a few steps at a time. The cost is the median over the rounds
of how much longer a step is. Ends with status 1 if it is above what is allowed.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import paired
import pyspark
from paired import BenchmarkError
from table import CASES, HEADER, SOLVERS, cost, parse, row

from sparknet import jar

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/feed/run", description=__doc__)
    parser.add_argument(
        "nets", nargs="*", default=list(CASES), metavar="NET", help=", ".join(CASES)
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[2])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--write", action="store_true", help=f"append to {paired.RESULTS.name}")
    chosen = parser.parse_args()
    for net in chosen.nets:
        if net not in CASES:
            parser.error(f"no net {net}; there are {', '.join(CASES)}")
    return chosen


def measure(name: str, threads: int, rounds: int) -> list[tuple[float, float]]:
    """Runs one net; paths in a solver are relative to caffe/."""
    case = CASES[name]
    spark = Path(pyspark.__file__).parent / "jars/*"
    java = str(Path(os.environ["JAVA_HOME"]) / "bin/java")
    options = ["-Xmx2g", "-cp", f"{jar.find()}:{spark}", str(HERE / "FeedSide.java")]
    files = [f"{case.folder}/{SOLVERS[name]}.prototxt", f"{case.folder}/{case.net}.prototxt"]
    sizes = [case.batch, case.size, case.crop, threads, case.items, case.warm_up, case.steps]
    command = [java, *options, *files, *map(str, [*sizes, rounds])]
    return parse(paired.output(command, ROOT / "caffe"))


def main() -> None:
    """Measures and prints the table."""
    chosen = arguments()
    load = paired.load_at_start()
    rows, missed = [], []
    try:
        for name in chosen.nets:
            for threads in chosen.threads:
                rounds = measure(name, threads, chosen.rounds)
                rows.append(row(name, threads, rounds))
                print(rows[-1], file=sys.stderr)
                if cost(rounds) > CASES[name].allowed:
                    missed.append(f"{name}: {cost(rounds):.1%} is above {CASES[name].allowed:.0%}")
    except BenchmarkError as error:
        sys.exit(f"benchmarks/feed: {error}")
    paired.report("Feeding", HEADER, rows, "data of random bytes", load, chosen.write)
    if missed:
        sys.exit(f"benchmarks/feed: {'; '.join(missed)}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
