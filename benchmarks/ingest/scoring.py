"""How fast ResNet-50 scores JPEGs in a cached DataFrame on executors of one core each, against
sparknet.local on arrays in memory in one process with as many cores.

Both sides take turns; the one on Spark decodes and resizes its images, which are 500x375. Ends with
status 1 if a ratio is below its aim.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import isa
import paired
from paired import BenchmarkError
from table import SCORING_AIM, SCORING_HEADER, parse, ratio, scoring_row

from sparknet import jar

HERE = Path(__file__).resolve().parent


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/ingest/scoring", description=__doc__)
    parser.add_argument("--executors", type=int, default=2)
    parser.add_argument("--images", type=int, default=384, help="in a round")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--isa", nargs="*", choices=isa.CHOICES, default=["native"])
    parser.add_argument("--write", action="store_true", help=f"append to {paired.RESULTS.name}")
    return parser.parse_args()


def main() -> None:
    """Measures and prints the table."""
    chosen = arguments()
    load = paired.load_at_start()
    sizes = list(map(str, [chosen.executors, chosen.images, chosen.batch, chosen.rounds]))
    rows, missed = [], []
    try:
        for choice in chosen.isa:
            cores = {"SPARKNET_JAR": str(jar.find()), "OMP_NUM_THREADS": str(chosen.executors)}
            variables = {**isa.environment(choice), **cores}
            side = [sys.executable, "scoring_side.py", *sizes]
            rounds = parse(paired.output(side, HERE, variables))
            label = isa.label(choice, isa.flags())
            rows.append(scoring_row(label, chosen.executors, chosen.batch, rounds))
            print(rows[-1], file=sys.stderr)
            if ratio(rounds) < SCORING_AIM:
                missed.append(f"{label}: {ratio(rounds):.2f} is below {SCORING_AIM}")
    except BenchmarkError as error:
        sys.exit(f"benchmarks/ingest/scoring: {error}")
    title = "Scoring JPEGs with ResNet-50"
    paired.report(title, SCORING_HEADER, rows, "executors of one core", load, chosen.write)
    if missed:
        sys.exit(f"benchmarks/ingest/scoring: {'; '.join(missed)}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
