"""PyTorch's DistributedDataParallel over gloo. Arguments: processes, passes, folder of the images.
Prints images/s and accuracy. The images are in memory, as floats less their mean, before it begins.
"""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, distributed, multiprocessing
from torch.nn.parallel import DistributedDataParallel
from torch_nets import RECIPES, optimizer, step

RECORD = 1 + 3 * 32 * 32
IMAGES = 50_000


def read(files: list[Path]) -> tuple[Tensor, Tensor]:
    """Images as floats from 0 to 255, and labels."""
    records = np.concatenate([np.fromfile(file, np.uint8).reshape(-1, RECORD) for file in files])
    images = torch.from_numpy(records[:, 1:].astype(np.float32)).reshape(-1, 3, 32, 32)
    return images, torch.from_numpy(records[:, 0].astype(np.int64))


def member(rank: int, size: int, epochs: int, folder: Path, port: int) -> None:
    """One process of the group; the first one prints."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    distributed.init_process_group("gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=size)
    images, labels = read(sorted(folder.glob("data_batch_*.bin")))
    mean = images.mean(0)
    images, labels = (images[rank::size] - mean).contiguous(), labels[rank::size]
    recipe = RECIPES["cifar10_quick"]
    net = DistributedDataParallel(recipe.build())
    sgd = optimizer(net, recipe, recipe.rate)
    distributed.barrier()
    begin = time.perf_counter()
    for _ in range(epochs):
        for chosen in torch.randperm(len(images)).split(recipe.batch):
            step(recipe, net, sgd, images[chosen], labels[chosen])
    distributed.barrier()
    speed = epochs * IMAGES / (time.perf_counter() - begin)
    if rank == 0:
        images, labels = read([folder / "test_batch.bin"])
        net.eval()
        with torch.no_grad():
            scores = torch.cat([net.module(part - mean) for part in images.split(500)])
        accuracy = (scores.argmax(1) == labels).float().mean().item()
        print(f"trained: {speed:.1f} images/s, accuracy {accuracy:.4f}", flush=True)
    distributed.destroy_process_group()


def main() -> None:
    """Starts the group."""
    size, epochs = map(int, sys.argv[1:3])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    multiprocessing.spawn(member, (size, epochs, Path(sys.argv[3]), port), nprocs=size)


if __name__ == "__main__":
    main()
