"""Nets that are too large for the heaps of a Spark that nobody configured."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from crews import HOLDING, large
from processes import python

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# Two layers of 30.5 million weights, as many in all as CaffeNet has.
NET = large(5523)

TRAINED = (
    NET
    + """
spark = sparknet.session(2)
train = data.from_numpy(np.ones((4, 5523), np.float32), np.zeros(4), 2)
with sparknet.Trainer(solver, train, workers=2) as trainer:
    for done in trainer.fit(2, tau=2, progress=False).rounds.itertuples():
        print("round", done.iteration, done.images, done.loss, flush=True)
    print("bias", trainer.weights["b"][1][:2].tolist(), flush=True)
spark.stop()
"""
)

# The same while one of the slots is somebody else's: both workers have their turns in one executor,
# whose storage memory has no room for what both have come to.
FEWER = (
    NET
    + HOLDING
    + """
spark = sparknet.session(2)
train = data.from_numpy(np.ones((4, 5523), np.float32), np.zeros(4), 2)
with sparknet.Trainer(solver, train, workers=2) as trainer:
    with slot_held(spark, sys.argv[1]):
        trainer.fit(1, tau=2, progress=False)
        trainer.snapshot(f"{sys.argv[1]}/alone")
    for done in trainer.fit(1, tau=2, progress=False).rounds.itertuples():
        print("round", done.iteration, done.images, done.loss, flush=True)
    print("bias", trainer.weights["b"][1][:2].tolist(), flush=True)
spark.stop()
"""
)

# Spark's own share of an executor of 1 GB is too small for two hosts of this net.
REFUSED = (
    NET
    + """
spark = sparknet.session(2, master="local-cluster[1,2,1024]")
train = data.from_numpy(np.ones((4, 5523), np.float32), np.zeros(4), 2)
try:
    sparknet.Trainer(solver, train, workers=2)
except errors.OutOfMemoryError as error:
    print("told:", error)
spark.stop()
"""
)


@pytest.mark.parametrize("source", [TRAINED, FEWER], ids=["evenly dealt", "in one executor"])
def test_trains_in_heaps_of_a_gigabyte(jar: Path, tmp_path: Path, source: str) -> None:
    with python(jar, tmp_path, source, tmp_path) as program:
        assert program.wait() == 0
        lines = program.out.splitlines()
        assert "OutOfMemory" not in program.err
    rounds = [line.split()[1:] for line in lines if line.startswith("round")]
    assert [(int(iteration), int(images)) for iteration, images, _ in rounds] == [(2, 4), (4, 4)]
    # All weights begin at zero, so only the last biases ever move: those of softmax regression.
    classes, rate, velocity, bias = 5523, 0.1, np.zeros(2), np.zeros(2)
    losses = []
    for _ in range(4):
        total = np.exp(bias[0]) + (classes - 1) * np.exp(bias[1])
        losses.append(np.log(total) - bias[0])
        velocity = 0.5 * velocity + rate * (np.exp(bias) / total - [1, 0])
        bias = bias - velocity
    told = [float(loss) for *_, loss in rounds]
    np.testing.assert_allclose(told, np.reshape(losses, (2, 2)).mean(1), rtol=1e-5)
    (line,) = (line for line in lines if line.startswith("bias"))
    np.testing.assert_allclose(json.loads(line[5:]), bias, rtol=1e-4)


def test_names_the_setting_that_is_too_small(jar: Path, tmp_path: Path) -> None:
    with python(jar, tmp_path, REFUSED) as program:
        assert program.wait() == 0
        (told,) = (line for line in program.out.splitlines() if line.startswith("told:"))
    assert "spark.executor.memory is too small" in told
    assert "61.0 million weights" in told
    # 0.6 of what is left of it beside Spark's 300 MB holds 1.5 times the weights of each host.
    enough = 300 + 2 * 1.5 * 4 * 61.02 / 1.048576 / 0.6
    (size,) = re.findall(r"set it to (\d+)m", told)
    assert enough < int(size) <= enough + 200
