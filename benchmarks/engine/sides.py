"""The programs that do a workload: the engine's and its peers', each in a process of its own."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import isa
import paired
from measure import Result, amount, peers
from paired import BenchmarkError
from workloads import MODELS, Workload

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# What torch.compile has compiled is taken from here by the processes that come after the first.
COMPILED = ROOT / "target/bench-compiled"
LAYOUTS = {
    "eager": ("plain", "channels_last"),
    "compile": ("plain", "channels_last"),
    "onnxruntime": ("",),
}


@dataclass(frozen=True)
class Sides:
    """All sides of one comparison: on so many threads, with such instructions.

    engine -- bench_engine; onnx -- a folder with the nets as ONNX files; choice -- of isa.CHOICES.
    """

    engine: Path
    onnx: Path
    choice: str
    threads: int

    def ours(self, workload: Workload) -> float:
        """bench_engine reads paths relative to caffe/."""
        model = MODELS[workload.net]
        mode, source = ("infer", model.deploy) if is_infer(workload) else ("train", model.solver)
        sizes = [workload.batch, *model.image, self.threads, workload.warm_up, workload.steps]
        command = [str(self.engine.resolve()), mode, source, *map(str, sizes)]
        return self.run(command, ROOT / "caffe", workload)

    def theirs(self, peer: str, layout: str, workload: Workload) -> float:
        """The same work by a peer."""
        sizes = [workload.batch, self.threads, workload.warm_up, workload.steps]
        if peer == "onnxruntime":
            model = self.onnx / f"{workload.net}.onnx"
            command = [str(HERE / "onnx_step.py"), str(model), *map(str, sizes)]
        else:
            mode = "infer" if is_infer(workload) else "train"
            sizes_and_way = [workload.net, *map(str, sizes), layout, peer]
            command = [str(HERE / "torch_step.py"), mode, *sizes_and_way]
        return self.run([sys.executable, *command], HERE, workload)

    def run(self, command: list[str], folder: Path, workload: Workload) -> float:
        """What the side says."""
        variables = isa.environment(self.choice) | {"TORCHINDUCTOR_CACHE_DIR": str(COMPILED)}
        return amount(paired.output(command, folder, variables), workload.kind)

    def layout(self, peer: str, workload: Workload) -> str:
        """The best one, by a trial; raises BenchmarkError if the peer can do none of them."""
        trial, errors = {}, []
        for layout in LAYOUTS[peer]:
            try:
                trial[layout] = self.theirs(peer, layout, workload)
            except BenchmarkError as error:
                errors.append(error)
        if not trial:
            raise errors[0]
        return min(trial, key=lambda tried: trial[tried])


def is_infer(workload: Workload) -> bool:
    """Whether the work is a forward pass."""
    return workload.kind == "infer"


def unfit(peer: str, choice: str, available: set[str]) -> str:
    """Why a peer cannot be compared with under these instructions; empty if it can."""
    if peer == "onnxruntime" and isa.label(choice, available) != isa.label("native", available):
        return "nothing bounds its instructions"
    return ""


def cause(error: Exception) -> str:
    """The line of a side's message that says what was wrong: Python's last one of an exception,
    behind which torch gives advice, or else the last one."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    exceptions = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)]
    return (exceptions or lines or ["no message"])[-1]


def layouts(sides: Sides, workload: Workload, say: Callable[[str], None]) -> dict[str, str]:
    """Who takes part, and how. PyTorch itself has to; why another cannot, one line says."""
    found = {}
    for peer in peers(workload.kind):
        reason = unfit(peer, sides.choice, isa.flags())
        if not reason:
            try:
                found[peer] = sides.layout(peer, workload)
                continue
            except BenchmarkError as error:
                if peer == "eager":
                    raise
                reason = cause(error)
        say(without(workload, peer, reason))
    return found


def compare(sides: Sides, workload: Workload, rounds: int, say: Callable[[str], None]) -> Result:
    """All rounds of one workload; `say` is told how it goes. Who fails in a later round is left out
    as if it had in its trial: all ratios are of as many rounds."""
    ways = layouts(sides, workload, say)
    width = isa.label(sides.choice, isa.flags())
    theirs: dict[str, list[float]] = {peer: [] for peer in ways}
    result = Result(workload, width, sides.threads, [], theirs, ways)
    for i in range(rounds):
        # A machine that slows down during a round must not favour one side.
        order = ["sparknet", *ways] if i % 2 == 0 else [*reversed(ways), "sparknet"]
        for side in order:
            if side == "sparknet":
                result.ours.append(sides.ours(workload))
                continue
            try:
                theirs[side].append(sides.theirs(side, ways[side], workload))
            except BenchmarkError as error:
                if side == "eager":
                    raise
                del theirs[side], ways[side]
                say(without(workload, side, cause(error)))
        ratios = ", ".join(f"{peer} {result.ratios(peer)[-1]:.2f}" for peer in ways)
        say(
            f"{workload.kind} {workload.net}, {workload.batch}, {width}, {sides.threads} "
            f"thread(s), round {i + 1}: {ratios}"
        )
    return result


def without(workload: Workload, peer: str, reason: str) -> str:
    """The line for who does not take part."""
    return f"{workload.kind} {workload.net}, {workload.batch}: without {peer}: {reason}"
