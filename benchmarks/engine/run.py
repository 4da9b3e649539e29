"""The engine against PyTorch (eager and torch.compile) and onnxruntime, side by side in one run.

Measures training steps, forward passes (of the net for prediction), and the memory that a training
step takes at most. Each round runs all sides one after the other, in alternating order, in
processes of their own and with the same number of threads. PyTorch runs in its better layout,
found by a trial first. A ratio above 1 means that the engine is faster, or takes more memory; the
figure to quote is the median over the rounds.

What medians.csv has for this kind of CPU is compared with what was measured: where that is worse by
more than the row's tolerance, a line says so and the exit status is 1.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import itertools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import isa
import paired
import targets
from measure import TITLES, Result, header, row
from paired import BenchmarkError
from sides import ROOT, Sides, compare
from workloads import KINDS, MODELS, WORKLOADS, Workload

ENGINE = ROOT / "target/native/build/bench_engine"
ONNX = ROOT / "target/bench-onnx"


def arguments(command_line: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line; `kinds` are those of the flags, or all."""
    parser = argparse.ArgumentParser(
        prog="benchmarks/engine/run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "nets", nargs="*", default=list(MODELS), metavar="NET", help=f"of {', '.join(MODELS)}"
    )
    for kind, told in zip(KINDS, ("training steps", "forward passes", "memory of a step")):
        parser.add_argument(
            f"--{kind}",
            action="append_const",
            dest="kinds",
            const=kind,
            help=f"{told}; without any of these flags, all of them",
        )
    parser.add_argument("--threads", type=int, nargs="+", default=[2])
    parser.add_argument(
        "--isa",
        nargs="+",
        choices=isa.CHOICES,
        default=list(isa.CHOICES),
        help="instruction sets to measure with: the CPU's own, or AVX2 at most on all sides "
        "(kernels that a compiler chooses, as our solver's update, stay the CPU's own)",
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engine", type=Path, default=ENGINE, help="bench_engine, if elsewhere")
    parser.add_argument(
        "--targets", type=Path, default=targets.MEDIANS, help="medians.csv, if elsewhere"
    )
    parser.add_argument(
        "--record", action="store_true", help="put the medians into that file, compare with none"
    )
    parser.add_argument("--write", action="store_true", help=f"append to {paired.RESULTS.name}")
    chosen = parser.parse_args(command_line)
    chosen.kinds = chosen.kinds or list(KINDS)
    for net in chosen.nets:
        if net not in MODELS:
            parser.error(f"no net {net}; there are {', '.join(MODELS)}")
    if not workloads(chosen):
        parser.error(f"there is no {' or '.join(chosen.kinds)} of {', '.join(chosen.nets)}")
    return chosen


def workloads(chosen: argparse.Namespace) -> list[Workload]:
    """Those of the nets and kinds that were asked for."""
    return [w for w in WORKLOADS if w.kind in chosen.kinds and w.net in chosen.nets]


def choices(asked: Sequence[str], available: set[str]) -> list[str]:
    """The instruction sets to measure with: of several that come to the same on this CPU, one."""
    by_label = {isa.label(choice, available): choice for choice in reversed(asked)}
    return list(reversed(by_label.values()))


def ready(chosen: argparse.Namespace) -> None:
    """Ends where something is missing that a run would find out after a while."""
    if not chosen.engine.is_file():
        sys.exit(f"there is no {chosen.engine}: benchmarks/engine/run builds it")
    if "avx2" in chosen.isa and "avx2" not in isa.flags():
        sys.exit("this CPU has no AVX2: --isa native")
    if not chosen.record:
        targets.read(chosen.targets)


def versions() -> str:
    """Of the peers that are installed."""
    names = {"torch": "PyTorch", "onnxruntime": "onnxruntime"}
    found = []
    for package, name in names.items():
        try:
            found.append(f"{name} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def measured(chosen: argparse.Namespace) -> Iterator[Result]:
    """Everything that was asked for, one after the other."""
    for workload in workloads(chosen):
        for choice, threads in itertools.product(choices(chosen.isa, isa.flags()), chosen.threads):
            sides = Sides(chosen.engine, ONNX, choice, threads)
            yield compare(sides, workload, chosen.rounds, say)


def say(line: str) -> None:
    """How it goes."""
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Measures what the command line asks for and prints the tables."""
    chosen = arguments()
    load = paired.load_at_start()
    cpu = isa.cpu(isa.CPUINFO.read_text(encoding="utf-8"))
    results = []
    try:
        ready(chosen)
        for result in measured(chosen):
            results.append(result)
            if chosen.record:  # Now: all of them take an hour or two.
                targets.record(chosen.targets, targets.measured([result], cpu))
    except (BenchmarkError, OSError, ValueError) as error:
        sys.exit(f"benchmarks/engine: {error}")
    for kind in KINDS:
        rows = [row(result) for result in results if result.workload.kind == kind]
        if rows:
            paired.report(TITLES[kind], header(kind), rows, versions(), load, chosen.write)
    if chosen.record:
        return
    new = targets.measured(results, cpu)
    lines, losses = targets.compare(targets.read(chosen.targets), new)
    print("\n".join(lines) or f"{chosen.targets.name} has nothing of this for this kind of CPU.")
    if losses:
        sys.exit(f"{len(losses)} worse than recorded")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
