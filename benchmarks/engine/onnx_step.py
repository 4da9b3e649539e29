"""Times forward passes of a net in onnxruntime on the CPU, in the manner of bench_engine.

usage: onnx_step.py MODEL.onnx BATCH THREADS WARMUP STEPS

The net has one input, (batch, channels, height, width), whose batch is free. Prints
"ms_per_step: <median> <min>" and "peak_mib: <MiB>".
"""

from __future__ import annotations

import sys

import numpy as np
import onnxruntime
from timing import report, time_steps


def main(model: str, batch: int, threads: int, warm_up: int, steps: int) -> None:
    """Measures and prints; the arguments are those of the command line."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    taken = session.get_inputs()[0]
    shape = (batch, *taken.shape[1:])
    images = np.random.default_rng(1).uniform(-128, 127, shape).astype(np.float32)
    report(time_steps(lambda: session.run(None, {taken.name: images}), warm_up, steps))


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(sys.argv[1], *map(int, sys.argv[2:]))
