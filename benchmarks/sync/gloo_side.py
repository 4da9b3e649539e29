"""All-reduce of PyTorch over gloo. Arguments: weights, processes, rounds. Prints milliseconds."""

from __future__ import annotations

import socket
import sys
import time

import torch
from torch import distributed, multiprocessing


def member(rank: int, size: int, weights: int, rounds: int, port: int) -> None:
    """One process of the group; the first one prints."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=size)
    values = torch.ones(weights)
    times = []
    for _ in range(rounds + 3):
        distributed.barrier()
        begin = time.perf_counter()
        distributed.all_reduce(values)
        values /= size
        distributed.barrier()
        times.append(1000 * (time.perf_counter() - begin))
    assert values[0] == 1
    if rank == 0:
        print("round:", *(f"{ms:.3f}" for ms in times[3:]), flush=True)
    distributed.destroy_process_group()


def main() -> None:
    """Starts the group."""
    weights, size, rounds = map(int, sys.argv[1:])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    multiprocessing.spawn(member, (size, weights, rounds, port), nprocs=size)


if __name__ == "__main__":
    main()
