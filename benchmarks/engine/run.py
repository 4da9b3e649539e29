"""Training steps of the engine against PyTorch, side by side in one run.

Each round runs both sides one after the other, in alternating order, in processes of their own and
with the same number of threads. PyTorch runs in its better layout, found by a trial first. A ratio
above 1 means that the engine is faster; the figure to quote is the median over the rounds.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from measure import HEADER, BenchmarkError, Figure, Result, measure, row
from torch_nets import RECIPES, Recipe

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ENGINE = ROOT / "target/native/build/bench_engine"
RESULTS = HERE.parent / "RESULTS.md"
LAYOUTS = ("plain", "channels_last")
# Warm-up and timed steps of one measurement: some seconds on two cores of 2023.
STEPS = {"cifar10_quick": (10, 50), "cifar10_full": (10, 50), "caffenet": (2, 6)}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/engine/run", description=__doc__)
    parser.add_argument(
        "nets", nargs="*", default=list(RECIPES), metavar="NET", help=", ".join(RECIPES)
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engine", type=Path, default=ENGINE, help="bench_engine, if elsewhere")
    parser.add_argument("--write", action="store_true", help=f"append to {RESULTS.name}")
    chosen = parser.parse_args()
    for net in chosen.nets:
        if net not in RECIPES:
            parser.error(f"no net {net}; there are {', '.join(RECIPES)}")
    if not chosen.engine.is_file():
        parser.error(f"there is no {chosen.engine}: benchmarks/engine/run builds it")
    return chosen


def engine_side(engine: Path, name: str, recipe: Recipe, threads: int) -> Figure:
    """bench_engine reads paths in a solver relative to caffe/."""
    sizes = [recipe.batch, *recipe.image, threads, *STEPS[name]]
    return measure([str(engine.resolve()), recipe.solver, *map(str, sizes)], ROOT / "caffe")


def torch_side(name: str, recipe: Recipe, threads: int, layout: str) -> Figure:
    """The same step in PyTorch."""
    sizes = map(str, [recipe.batch, threads, *STEPS[name]])
    return measure([sys.executable, str(HERE / "torch_step.py"), name, *sizes, layout], HERE)


def compare(engine: Path, name: str, threads: int, rounds: int) -> Result:
    """All rounds of one net."""
    recipe = RECIPES[name]
    trial = {layout: torch_side(name, recipe, threads, layout) for layout in LAYOUTS}
    layout = min(trial, key=lambda tried: trial[tried].median)
    result = Result(name, recipe.batch, threads, layout, [], [])
    for i in range(rounds):
        # A machine that slows down during a round must not favour one side.
        for side in ("ours", "theirs") if i % 2 == 0 else ("theirs", "ours"):
            if side == "ours":
                result.ours.append(engine_side(engine, name, recipe, threads))
            else:
                result.theirs.append(torch_side(name, recipe, threads, layout))
        print(
            f"{name}, {threads} thread(s), round {i + 1}: {result.ratios()[-1]:.2f}",
            file=sys.stderr,
        )
    return result


def processor() -> str:
    """Its name, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def report(rows: Sequence[str], load: float) -> str:
    """The table under a line that says where and when it was measured."""
    today = datetime.date.today().isoformat()
    where = f"{processor()}, {os.cpu_count()} cores, PyTorch {torch.__version__}"
    return (
        f"{today}, {where}, load {load:.1f} at the start.\n\n" + "\n".join([HEADER, *rows]) + "\n"
    )


def main() -> None:
    """Measures what the command line asks for and prints the table."""
    chosen = arguments()
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"The machine is busy (load {load:.1f}): ratios will be rough.", file=sys.stderr)
    rows = []
    try:
        for name in chosen.nets:
            for threads in chosen.threads:
                rows.append(row(compare(chosen.engine, name, threads, chosen.rounds)))
    except BenchmarkError as error:
        sys.exit(f"benchmarks/engine: {error}")
    table = report(rows, load)
    print(table)
    if chosen.write:
        with RESULTS.open("a", encoding="utf-8") as results:
            results.write(f"\n## Engine against PyTorch\n\n{table}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
