"""``sparknet time``."""

from __future__ import annotations

import itertools
import time as clock
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sparknet import tables
from sparknet._jvm.pyjnius import call
from sparknet.commands import net_options, options
from sparknet.commands.options import Phase
from sparknet.proto import caffe_pb2

if TYPE_CHECKING:
    from sparknet.local import Net
    from sparknet.plans import Step

__all__ = ["time"]

_HEAD = ("layer", "type", "forward ms", "GFLOP/s", "backward ms")


class _Times(NamedTuple):
    """Seconds of one pass, of each step in order and of all of them in one call."""

    steps: list[float]
    whole: float


def time(
    net: options.NetFile,
    iterations: net_options.Iterations = 10,
    phase: options.OfPhase = None,
    batch_size: options.BatchSize = None,
    forward_only: net_options.ForwardOnly = False,
    threads: net_options.Threads = None,
) -> None:
    """Time the steps of a net in this process, without Spark: layers, or several that run as one.

    Inputs, and what Spark would feed, are zeros; layers that read files read them. Times are means
    over the iterations, after one that does not count. GFLOP/s is that of the forward pass; a
    multiplication and an addition are two operations.
    """
    from sparknet import local, nets
    from sparknet.summary import Summary

    number = caffe_pb2.Phase.Value((phase or Phase.TRAIN).value)
    message = _given(nets.Net.load(net).to_proto(), batch_size)
    made = local.Net(message, number, threads=threads)
    steps = made.plan().steps
    forward = _mean([_pass(made, steps, "forward") for _ in range(iterations + 1)][1:])
    backward = None
    if not forward_only:
        backward = _mean([_pass(made, steps, "backward") for _ in range(iterations + 1)][1:])
    operations = {row.layer: row.flops for row in Summary(made.built()).rows}
    rows = [
        _row(
            "+".join(step.layers),
            next(iter(step.layers.values())),
            forward.steps[index],
            sum(operations.get(layer) or 0 for layer in step.layers),
            None if backward is None else backward.steps[index],
        )
        for index, step in enumerate(steps)
    ]
    total = sum(count or 0 for count in operations.values())
    whole = None if backward is None else backward.whole
    rows.append(_row("whole pass", "", forward.whole, total, whole))
    for line in tables.aligned(_HEAD, rows, words=2):
        print(line)


def _given(net: caffe_pb2.NetParameter, batch_size: int | None) -> caffe_pb2.NetParameter:
    """The net with inputs where Spark would feed it. batch_size: of all inputs."""
    for layer in net.layer:
        if layer.type == "JavaData":
            layer.type = "Input"
            layer.input_param.shape.add().CopyFrom(layer.java_data_param.shape)
            layer.ClearField("java_data_param")
        if batch_size is not None and layer.type == "Input":
            for shape in layer.input_param.shape:
                if shape.dim:
                    shape.dim[0] = batch_size
    return net


def _pass(net: Net, steps: Sequence[Step], direction: str) -> _Times:
    """The engine is called for each step: what is measured has such a call's some microseconds."""
    ends = list(itertools.accumulate(len(step.layers) for step in steps))
    spent = [0.0] * len(steps)
    for index in range(len(steps)) if direction == "forward" else reversed(range(len(steps))):
        first, last = ends[index] - len(steps[index].layers), ends[index] - 1
        limits = (first, last) if direction == "forward" else (last, first)
        spent[index] = _seconds(net, direction, *limits)
    return _Times(spent, _seconds(net, direction, -1, -1))


def _seconds(net: Net, direction: str, first: int, last: int) -> float:
    start = clock.perf_counter()
    call(net._java, direction, first, last)
    return clock.perf_counter() - start


def _mean(passes: list[_Times]) -> _Times:
    count = len(passes)
    steps = [sum(times) / count for times in zip(*(each.steps for each in passes))]
    return _Times(steps, sum(each.whole for each in passes) / count)


def _row(
    name: str, kind: str, forward: float, operations: int | None, backward: float | None
) -> tuple[str, ...]:
    speed = f"{operations / forward / 1e9:.1f}" if operations else ""
    back = "" if backward is None else f"{1e3 * backward:.3f}"
    return name, kind, f"{1e3 * forward:.3f}", speed, back
