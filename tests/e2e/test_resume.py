"""A driver that dies in the middle of `fit`, and a program that is started again."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from processes import Program, python

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

JOB = """
import sys
import numpy as np
import sparknet
from sparknet import data
from sklearn.datasets import load_digits

folder, name, partitions, kept = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
images, labels = load_digits(return_X_y=True)
images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
spark = sparknet.session(2)
train = data.from_numpy(images, labels, partitions)
solver = "examples/digits/digits_lenet_solver.prototxt"
with sparknet.Trainer(solver, train, workers=2, seed=1) as trainer:
    where = {"checkpoint": kept[0], "every": 2, "keep": 2} if kept else {}
    history = trainer.fit(40, tau=5, **where)
    print("rounds", len(history.rounds), trainer.iteration, flush=True)
    blobs = [blob for layer in trainer.weights.values() for blob in layer]
    np.save(f"{folder}/{name}.npy", np.concatenate([b.ravel() for b in blobs]))
spark.stop()
"""


def rounds(program: Program) -> list[int]:
    """Rounds that this program did, and the iteration then."""
    assert program.wait() == 0
    assert "Traceback" not in program.text
    return [int(word) for word in program.out.split("rounds")[1].split()[:2]]


# With 7 partitions the items are dealt out to the 2 workers over a shuffle.
@pytest.mark.parametrize("partitions", [2, 7])
def test_a_killed_run_goes_on_bit_for_bit(jar: Path, tmp_path: Path, partitions: int) -> None:
    kept = tmp_path / "kept"
    arguments = (tmp_path, "resumed", str(partitions), kept)
    with python(jar, tmp_path, JOB, *arguments) as program:
        program.until(lambda: len(list(kept.glob("iter_*/checkpoint.properties"))) >= 2, "two")
        for pid in program.descendants():  # Python, the driver's JVM, the executors.
            os.kill(pid, signal.SIGKILL)
    with python(jar, tmp_path, JOB, *arguments) as program:
        done, iteration = rounds(program)
        assert "SparkNet: going on from iteration " in program.err
    assert 0 < done <= 36
    assert iteration == 200
    with python(jar, tmp_path, JOB, tmp_path, "whole", str(partitions)) as program:
        assert rounds(program) == [40, 200]
    with python(jar, tmp_path, JOB, tmp_path, "again", str(partitions), kept) as program:
        assert rounds(program) == [0, 200]
    whole, resumed, again = (np.load(tmp_path / f"{n}.npy") for n in ("whole", "resumed", "again"))
    np.testing.assert_array_equal(resumed, whole)
    np.testing.assert_array_equal(again, whole)
    assert sorted(path.name for path in kept.iterdir()) == ["iter_190", "iter_200"]
