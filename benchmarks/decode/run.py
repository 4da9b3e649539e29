"""Decoding and resizing of JPEGs against ImageIO and Pillow, side by side in one run.

Our side is ScaleAndConvert in a JVM, with the way through JNA. Each round runs all sides one after
the other, in alternating order, in processes of their own and on one thread; their processor time
counts. A ratio above 1 means that we are faster; the figure to quote is the median over the rounds.
Ends with status 1 if a ratio is below its floor.
"""

from __future__ import annotations

import argparse
import os
import sys
import tarfile
import tempfile
from pathlib import Path

import paired
import PIL
import pyspark
from paired import BenchmarkError, Figure, measure
from table import HEADER, OTHERS, OURS, below_floor, rows

from sparknet import jar

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SHARED = Path(os.environ.get("SPARKNET_SHARED", ROOT.parent / "shared"))
SIDES = [OURS, *OTHERS]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/decode/run", description=__doc__)
    sample = SHARED / "data/imagenet-sample.tar"
    parser.add_argument("tar", nargs="?", type=Path, default=sample, help="a tar of JPEGs")
    parser.add_argument("--size", type=int, default=256, help="height and width of the results")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--passes", type=int, default=5, help="timed passes over the images")
    parser.add_argument("--warm-up", type=int, default=3, help="passes before those")
    parser.add_argument("--write", action="store_true", help=f"append to {paired.RESULTS.name}")
    chosen = parser.parse_args()
    if not chosen.tar.is_file():
        parser.error(f"there is no {chosen.tar}: name a tar of JPEGs")
    return chosen


def unpack(tar: Path, folder: Path) -> int:
    """Writes the JPEGs to the folder; how many there are."""
    count = 0
    with tarfile.open(tar) as archive:
        for member in archive:
            content = archive.extractfile(member)
            data = content.read() if content else b""
            if data.startswith(b"\xff\xd8"):
                (folder / f"{count:06}.jpg").write_bytes(data)
                count += 1
    if count == 0:
        raise BenchmarkError(f"{tar} has no JPEGs")
    return count


def command(side: str, folder: Path, chosen: argparse.Namespace) -> list[str]:
    """How to run one side."""
    sizes = [str(folder), str(chosen.size), str(chosen.warm_up), str(chosen.passes)]
    if side.startswith("pillow"):
        return [sys.executable, str(HERE / "pillow_side.py"), side, *sizes]
    spark = Path(pyspark.__file__).parent / "jars/*"
    java = Path(os.environ["JAVA_HOME"]) / "bin/java"
    options = ["-Djava.awt.headless=true", "-XX:+UseSerialGC", "-Xmx1g", "-cp"]
    program = [f"{jar.find()}:{spark}", str(HERE / "DecodeSide.java")]
    return [str(java), *options, *program, side, *sizes]


def main() -> None:
    """Measures and prints the table."""
    chosen = arguments()
    load = paired.load_at_start()
    figures: dict[str, list[Figure]] = {side: [] for side in SIDES}
    try:
        with tempfile.TemporaryDirectory() as name:
            count = unpack(chosen.tar, Path(name))
            for i in range(chosen.rounds):
                # A machine that slows down during a round must not favour one side.
                for side in SIDES if i % 2 == 0 else reversed(SIDES):
                    figures[side].append(measure(command(side, Path(name), chosen), HERE))
                speeds = (f"{s} {figures[s][-1].images_per_second(count):.0f}" for s in SIDES)
                print(f"round {i + 1}, images/s: {', '.join(speeds)}", file=sys.stderr)
    except BenchmarkError as error:
        sys.exit(f"benchmarks/decode: {error}")
    versions = f"Pillow {PIL.__version__}, {count} images of {chosen.tar.name}"
    paired.report(
        "Decoding", HEADER, rows(figures, count, chosen.size), versions, load, chosen.write
    )
    missed = below_floor(figures)
    if missed:
        sys.exit(f"benchmarks/decode: {'; '.join(missed)}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
