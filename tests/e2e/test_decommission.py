"""An executor that Spark takes away in peace."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from processes import EXECUTOR, Program, python

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# Rounds by hand; before one of them the driver gives notice to one of the executors. That need not
# be "0": where another program has begun in the same second, both have one folder, and Spark tries
# again with the next number.
JOB = """
import sys, time
from pathlib import Path
import numpy as np
import sparknet
from sparknet import data
from sklearn.datasets import load_digits

folder, partitions = Path(sys.argv[1]), int(sys.argv[2])
images, labels = load_digits(return_X_y=True)
images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
spark = sparknet.session(2, config={"spark.decommission.enabled": "true"})
jvm, context = spark.sparkContext._jvm, spark.sparkContext._jsc.sc()

def give_notice():
    executor = context.getExecutorIds().head()
    none = jvm.scala.Option.apply(None)
    info = jvm.org.apache.spark.scheduler.ExecutorDecommissionInfo("a test", none)
    assert context.schedulerBackend().decommissionExecutor(executor, info, False, False)

train = data.from_numpy(images, labels, partitions)
solver = "examples/digits/digits_lenet_solver.prototxt"
with sparknet.Trainer(solver, train, workers=2, seed=1) as trainer:
    number = 0
    while not (folder / "enough").exists():
        if number == 3:
            give_notice()
        done = trainer.train(5)
        trainer.average()
        print("round", number, done.workers, done.images, done.lost, flush=True)
        number += 1
    assert trainer.iteration == 5 * number
    print("loss", done.loss, flush=True)
spark.stop()
"""


def rounds(program: Program) -> list[list[int]]:
    """Workers, images and lost workers of each round."""
    found = re.findall(r"^round \d+ (\d+) (\d+) (\d+)$", program.out, re.MULTILINE)
    return [[int(word) for word in words] for words in found]


@pytest.mark.parametrize("partitions", [2, 7])
def test_nothing_is_lost(jar: Path, tmp_path: Path, partitions: int) -> None:
    with python(jar, tmp_path, JOB, tmp_path, str(partitions)) as program:
        program.until(lambda: len(rounds(program)) >= 3, "rounds")
        program.until(lambda: len(program.descendants(EXECUTOR)) == 2, "two executors")
        before = set(program.descendants(EXECUTOR))
        # Its host has left, so that it may end.
        program.until(lambda: not before <= set(program.descendants(EXECUTOR)), "the end of one")
        so_far = len(rounds(program))
        program.until(lambda: len(rounds(program)) >= so_far + 5, "rounds after that")
        (tmp_path / "enough").touch()
        assert program.wait() == 0
        done = rounds(program)
        loss = float(program.out.split("loss")[1])
    assert all(workers == 2 and lost == 0 for workers, _, lost in done)
    assert len({images for _, images, _ in done}) == 1
    assert loss < 1
