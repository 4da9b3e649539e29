"""How fast a cached column of a DataFrame reaches the engine's minibatches, and how fast what the
engine says becomes a column: all that a stage does with a net that does next to nothing, against a
plain memory copy of the same bytes between arrays and native memory.

Both sides take turns in one thread of one process, and the time is that thread's own. Bytes are
counted where a value takes most of them, in the column or in the minibatch: 8 for each number of
array<double> and vector, 4 of array<float>, and 4 of binary, which has 1. Ends with status 1 if a
ratio is below its aim.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import paired
import pyspark
from paired import BenchmarkError
from table import AIM, HEADER, KINDS, parse, ratio, row

from sparknet import jar
from sparknet.sparks import JVM_OPTIONS

HERE = Path(__file__).resolve().parent


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/ingest/run", description=__doc__)
    parser.add_argument("kinds", nargs="*", default=list(KINDS), metavar="KIND", help=str(KINDS))
    parser.add_argument("--values", type=int, default=3072, help="of a row")
    parser.add_argument("--rows", type=int, default=19968, help="whole minibatches")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--write", action="store_true", help=f"append to {paired.RESULTS.name}")
    chosen = parser.parse_args()
    for kind in chosen.kinds:
        if kind not in KINDS:
            parser.error(f"no kind {kind}; there are {', '.join(KINDS)}")
    return chosen


def compiled(classpath: str, folder: str) -> None:
    """Compiles our side: Spark cannot find the classes of a program that Java runs from source."""
    javac = str(Path(os.environ["JAVA_HOME"]) / "bin/javac")
    side = str(HERE / "IngestSide.java")
    paired.output([javac, "-nowarn", "-cp", classpath, "-d", folder, side], HERE)


def main() -> None:
    """Measures and prints the table."""
    chosen = arguments()
    load = paired.load_at_start()
    classpath = f"{jar.find()}:{Path(pyspark.__file__).parent / 'jars/*'}"
    java = [str(Path(os.environ["JAVA_HOME"]) / "bin/java"), "-Xmx4g", *JVM_OPTIONS]
    sizes = list(map(str, [chosen.values, chosen.rows, chosen.batch, chosen.rounds]))
    rows, missed = [], []
    try:
        with tempfile.TemporaryDirectory() as folder:
            compiled(classpath, folder)
            for kind in chosen.kinds:
                side = ["-cp", f"{folder}:{classpath}", "IngestSide", kind, *sizes]
                rounds = parse(paired.output([*java, *side], HERE))
                rows.append(row(kind, chosen.values, chosen.batch, rounds))
                print(rows[-1], file=sys.stderr)
                if ratio(rounds) < AIM:
                    missed.append(f"{kind}: {ratio(rounds):.2f} is below {AIM}")
    except BenchmarkError as error:
        sys.exit(f"benchmarks/ingest: {error}")
    versions = f"Spark {pyspark.__version__}"
    paired.report("DataFrames and minibatches", HEADER, rows, versions, load, chosen.write)
    if missed:
        sys.exit(f"benchmarks/ingest: {'; '.join(missed)}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
