"""Times training steps or forward passes of one net in PyTorch, in the manner of bench_engine.

usage: torch_step.py train|infer NET BATCH THREADS WARMUP STEPS plain|channels_last eager|compile

Images are in the layout before the clock starts. Prints "ms_per_step: <median> <min>", and
"peak_mib: <MiB>", the most memory that this process had. The learning rate is tiny, as in
bench_engine: labels are random. Forward passes are in inference mode; what torch.compile makes of
them has the weights as constants.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import torch
import torch._inductor.config
from timing import report, time_steps
from torch import nn
from torch_nets import RECIPES, Recipe, optimizer, step

FORMATS = {"plain": torch.contiguous_format, "channels_last": torch.channels_last}


def training(recipe: Recipe, net: nn.Module, images: torch.Tensor) -> Callable[[], object]:
    """A step: forward, backward, update."""
    net.train()
    sgd = optimizer(net, recipe, rate=1e-6)
    labels = torch.randint(recipe.classes, (len(images),))
    return lambda: step(recipe, net, sgd, images, labels)


def prediction(net: nn.Module, images: torch.Tensor) -> Callable[[], object]:
    """A forward pass, of the images to scores."""
    net.eval()

    def forward() -> torch.Tensor:
        with torch.inference_mode():
            return net(images)  # type: ignore[no-any-return]

    return forward


def main(mode: str, name: str, sizes: list[int], layout: str, way: str) -> None:
    """Measures and prints; the arguments are those of the command line."""
    batch, threads, warm_up, steps = sizes
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    recipe = RECIPES[name]
    memory = FORMATS[layout]
    net = recipe.build().to(memory_format=memory)
    images = torch.rand(batch, *recipe.model.image).mul_(255).sub_(128)
    images = images.contiguous(memory_format=memory)
    if way == "compile":
        # Otherwise a normalisation would stay apart from its convolution.
        torch._inductor.config.freezing = mode == "infer"
        net.compile()
    run = training(recipe, net, images) if mode == "train" else prediction(net, images)
    report(time_steps(run, warm_up, steps))


if __name__ == "__main__":
    if len(sys.argv) != 9:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], [int(size) for size in sys.argv[3:7]], *sys.argv[7:])
