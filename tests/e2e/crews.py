"""Programs that train digits on executors of their own, and those executors as processes."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from processes import EXECUTOR, Program

# Its arguments are a folder for files that it and its test leave for each other, and a number of
# partitions.
PRELUDE = """
import sys, time
from pathlib import Path
import numpy as np
import sparknet
from sparknet import data
from sklearn.datasets import load_digits

folder, partitions = Path(sys.argv[1]), int(sys.argv[2])
images, labels = load_digits(return_X_y=True)
images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
SOLVER = "examples/digits/digits_lenet_solver.prototxt"


def say(*words):
    print(*words, flush=True)


def await_go(number):
    say("at", number)
    while not (folder / f"go{number}").exists():
        time.sleep(0.05)


def await_executors(number):
    # The driver counts as one.
    while spark._jsc.sc().getExecutorMemoryStatus().size() <= number:
        time.sleep(0.05)


def trained(trainer, tau):
    # The round as Scala knows it, with the executors of its workers.
    done = trainer._handle._java.train(tau)
    lost = ",".join(map(str, done.lost())) or "-"
    where = ",".join(done.executors()) or "-"
    say("round", done.iteration(), done.workers(), done.images(), lost, where, done.loss())


def flat(trainer):
    return np.concatenate([blob.ravel() for blobs in trainer.weights.values() for blob in blobs])
"""

BATCH = 32  # of the solver's net


class Trained(NamedTuple):
    """A round as the programs print it, before it is averaged."""

    iteration: int
    workers: int
    images: int
    lost: list[str]
    executors: list[str]
    loss: float


def rounds(program: Program) -> list[Trained]:
    """Those that the program has trained so far."""
    return [_trained(line.split()[1:]) for line in _lines(program.out) if line.startswith("round ")]


def _lines(text: str) -> list[str]:
    """Whole ones: the last may still be on its way."""
    return text.split("\n")[:-1]


def _trained(words: Sequence[str]) -> Trained:
    iteration, workers, images, lost, executors, loss = words
    return Trained(
        int(iteration), int(workers), int(images), _split(lost), _split(executors), float(loss)
    )


def _split(text: str) -> list[str]:
    return [] if text == "-" else text.split(",")


def reach(program: Program, number: int) -> None:
    """Waits until the program waits for `go`."""
    program.until(lambda: f"at {number}" in _lines(program.out), f"point {number}")


def go(folder: Path, number: int) -> None:
    """Lets the program go on."""
    (folder / f"go{number}").touch()


def executors(program: Program, number: int) -> list[int]:
    """Process ids of the executors, once there are so many."""
    program.until(lambda: len(program.descendants(EXECUTOR)) == number, f"{number} executors")
    return program.descendants(EXECUTOR)


def executor(program: Program, name: str) -> int:
    """Process id of the executor that Spark calls by this name."""
    (pid,) = program.descendants(f"--executor-id\0{name}\0")
    return pid


def kill(program: Program, *pids: int) -> None:
    """SIGKILL, to its end."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    program.until(lambda: not set(pids) & set(program.descendants()), "their end")


def until_busy(program: Program, *pids: int) -> None:
    """Waits until processes have computed for a second of their own time: one that waits for
    orders takes a minute to."""
    begin = {pid: program.cpu_seconds(pid) for pid in pids}
    program.until(
        lambda: all(program.cpu_seconds(pid) > begin[pid] + 1 for pid in pids), "busy executors"
    )


def given_up(program: Program) -> int:
    """Iterations that the driver's copy of the weights did not have when all hosts were lost."""
    back = re.findall(r"going on from iteration (\d+), .* instead of (\d+)", program.err)
    return sum(int(late) - int(early) for early, late in back)


# A trainer whose gradient of weight j is the share that item j has in the minibatch, so its weights
# count how often each item has been trained on: whatever is lost, or counted twice, can be read off
# them.
COUNTING = """
def counting_net(batch, items):
    return f'''
      layer {{ name: "data" type: "JavaData" top: "data"
        java_data_param {{ shape {{ dim: {batch} dim: {items} }} }} }}
      layer {{ name: "label" type: "JavaData" top: "label"
        java_data_param {{ shape {{ dim: {batch} dim: 1 }} }} }}
      layer {{ name: "count" type: "InnerProduct" bottom: "data" top: "count"
        inner_product_param {{ num_output: 1 bias_term: false }} }}
      layer {{ name: "loss" type: "Reduction" bottom: "count" top: "loss" loss_weight: 1
        reduction_param {{ operation: MEAN }} }}
    '''


def counting_trainer(train, batch, **options):
    net = counting_net(batch, train.shape[0])
    solver = "base_lr: 1 lr_policy: 'fixed' net_param {" + net + "}"
    return sparknet.Trainer(solver, train, seed=1, **options)


def trained_on(trainer, batch):
    # Images of each item, in the mean over workers.
    return -trainer.weights["count"][0].ravel().astype(np.float64) * batch
"""


# Keeps a slot of the cluster for as long as a block runs.
HOLDING = """
import contextlib, sys, threading, time
from pathlib import Path


@contextlib.contextmanager
def slot_held(spark, folder):
    held, free = Path(folder) / "held", Path(folder) / "free"

    def hold(_):
        held.touch()
        while not free.exists():
            time.sleep(0.05)

    job = threading.Thread(target=lambda: spark.sparkContext.parallelize([0], 1).foreach(hold))
    job.start()
    while not held.exists():
        time.sleep(0.05)
    try:
        yield
    finally:
        free.touch()
        job.join()
"""


def large(side: int) -> str:
    """The beginning of a program: ``solver``, of a net of two square layers."""
    return f"""
import numpy as np
import sparknet
from sparknet import data, errors

net = '''
  layer {{ name: "data" type: "JavaData" top: "data"
    java_data_param {{ shape {{ dim: 1 dim: {side} }} }} }}
  layer {{ name: "label" type: "JavaData" top: "label"
    java_data_param {{ shape {{ dim: 1 dim: 1 }} }} }}
  layer {{ name: "a" type: "InnerProduct" bottom: "data" top: "a"
    inner_product_param {{ num_output: {side} }} }}
  layer {{ name: "b" type: "InnerProduct" bottom: "a" top: "b"
    inner_product_param {{ num_output: {side} }} }}
  layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "b" bottom: "label" top: "loss" }}
'''
solver = "base_lr: 0.1 lr_policy: 'fixed' momentum: 0.5 net_param {{" + net + "}}"
"""
