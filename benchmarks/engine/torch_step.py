"""Times training steps of one net in PyTorch, in the manner of bench_engine.

usage: torch_step.py NET BATCH THREADS WARMUP STEPS LAYOUT

LAYOUT is plain or channels_last; the images are in that layout before the clock starts. Prints
"ms_per_step: <median> <min>". The learning rate is tiny, as in bench_engine: labels are random.
"""

from __future__ import annotations

import statistics
import sys
import time

import torch
from torch_nets import RECIPES, optimizer, step


def main(name: str, batch: int, threads: int, warmup: int, steps: int, layout: str) -> None:
    """Measures and prints; the arguments are those of the command line."""
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    recipe = RECIPES[name]
    formats = {"plain": torch.contiguous_format, "channels_last": torch.channels_last}
    memory = formats[layout]
    net = recipe.build().to(memory_format=memory)
    net.train()
    sgd = optimizer(net, recipe, rate=1e-6)
    images = (torch.rand(batch, *recipe.image) * 255 - 128).contiguous(memory_format=memory)
    labels = torch.randint(recipe.classes, (batch,))
    times = []
    for i in range(warmup + steps):
        start = time.perf_counter()
        step(recipe, net, sgd, images, labels)
        if i >= warmup:
            times.append(1000 * (time.perf_counter() - start))
    print(f"ms_per_step: {statistics.median(times):.3f} {min(times):.3f}")


if __name__ == "__main__":
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    batch_size, thread_count, untimed, timed = map(int, sys.argv[2:6])
    main(sys.argv[1], batch_size, thread_count, untimed, timed, sys.argv[6])
