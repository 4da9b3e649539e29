"""Training steps of the engine against PyTorch, side by side in one run.

Each round runs both sides one after the other, in alternating order, in processes of their own and
with the same number of threads. PyTorch runs in its better layout, found by a trial first. A ratio
above 1 means that the engine is faster; the figure to quote is the median over the rounds.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import isa
import paired
import torch
from measure import HEADER, Result, row
from paired import BenchmarkError, Figure, measure
from torch_nets import RECIPES

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ENGINE = ROOT / "target/native/build/bench_engine"
LAYOUTS = ("plain", "channels_last")
# Warm-up and timed steps of one measurement: some seconds on two cores of 2023.
STEPS = {
    "cifar10_quick": (10, 50),
    "cifar10_full": (10, 50),
    "caffenet": (2, 6),
    "googlenet": (2, 6),
    "resnet50": (2, 6),
}
DEFAULT = ("cifar10_quick", "cifar10_full", "caffenet")  # the others take minutes a round


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/engine/run", description=__doc__)
    parser.add_argument(
        "nets", nargs="*", default=list(DEFAULT), metavar="NET", help=", ".join(RECIPES)
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument(
        "--isa",
        nargs="+",
        choices=isa.CHOICES,
        default=["native"],
        help="instruction sets to measure with: the CPU's own, or AVX2 at most on both sides "
        "(kernels of ours that the compiler chooses, as the solver's update, stay the CPU's own)",
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engine", type=Path, default=ENGINE, help="bench_engine, if elsewhere")
    parser.add_argument("--write", action="store_true", help=f"append to {paired.RESULTS.name}")
    chosen = parser.parse_args()
    for net in chosen.nets:
        if net not in RECIPES:
            parser.error(f"no net {net}; there are {', '.join(RECIPES)}")
    if not chosen.engine.is_file():
        parser.error(f"there is no {chosen.engine}: benchmarks/engine/run builds it")
    if "avx2" in chosen.isa and isa.label("avx2", isa.flags()) != "avx2":
        parser.error("this CPU has no AVX2")
    return chosen


def engine_side(engine: Path, name: str, choice: str, threads: int) -> Figure:
    """bench_engine reads paths in a solver relative to caffe/."""
    recipe = RECIPES[name]
    sizes = [recipe.batch, *recipe.image, threads, *STEPS[name]]
    command = [str(engine.resolve()), recipe.solver, *map(str, sizes)]
    return measure(command, ROOT / "caffe", isa.environment(choice))


def torch_side(name: str, choice: str, threads: int, layout: str) -> Figure:
    """The same step in PyTorch."""
    sizes = map(str, [RECIPES[name].batch, threads, *STEPS[name]])
    command = [sys.executable, str(HERE / "torch_step.py"), name, *sizes, layout]
    return measure(command, HERE, isa.environment(choice))


def compare(engine: Path, name: str, choice: str, threads: int, rounds: int) -> Result:
    """All rounds of one net."""
    trial = {layout: torch_side(name, choice, threads, layout) for layout in LAYOUTS}
    layout = min(trial, key=lambda tried: trial[tried].median)
    width = isa.label(choice, isa.flags())
    result = Result(name, RECIPES[name].batch, width, threads, layout, [], [])
    for i in range(rounds):
        # A machine that slows down during a round must not favour one side.
        for side in ("ours", "theirs") if i % 2 == 0 else ("theirs", "ours"):
            if side == "ours":
                result.ours.append(engine_side(engine, name, choice, threads))
            else:
                result.theirs.append(torch_side(name, choice, threads, layout))
        print(
            f"{name}, {width}, {threads} thread(s), round {i + 1}: {result.ratios()[-1]:.2f}",
            file=sys.stderr,
        )
    return result


def main() -> None:
    """Measures what the command line asks for and prints the table."""
    chosen = arguments()
    load = paired.load_at_start()
    rows = []
    try:
        for name in chosen.nets:
            for choice, threads in itertools.product(chosen.isa, chosen.threads):
                rows.append(row(compare(chosen.engine, name, choice, threads, chosen.rounds)))
    except BenchmarkError as error:
        sys.exit(f"benchmarks/engine: {error}")
    paired.report(
        "Engine against PyTorch", HEADER, rows, f"PyTorch {torch.__version__}", load, chosen.write
    )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
