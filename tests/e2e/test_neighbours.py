"""What else goes on in an application that trains: other jobs and trainers, a cluster that grows,
shrinks or starts tasks twice, failures of the user's, Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import numpy as np
import pytest
from crews import BATCH, PRELUDE, executors, go, reach, rounds, until_busy
from processes import EXECUTOR, python

from sparknet.proto import caffe_pb2

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

both_layouts = pytest.mark.parametrize("partitions", [2, 7])

JOBS = (
    PRELUDE
    + """
spark = sparknet.session(2)
train = data.from_numpy(images, labels, partitions)


def count():
    assert spark.range(1000, numPartitions=5).count() == 1000


for name, between in (("with", count), ("without", lambda: None)):
    with sparknet.Trainer(SOLVER, train, workers=2, seed=1, idle_seconds=1000) as trainer:
        for _ in range(3):
            trainer.broadcast()
            between()
            trained(trainer, 20)
            between()
            trainer.average()
            between()
        trainer.snapshot(folder / name)
spark.stop()
"""
)


@both_layouts
def test_a_job_of_the_users_between_calls(jar: Path, tmp_path: Path, partitions: int) -> None:
    with python(jar, tmp_path, JOBS, tmp_path, str(partitions)) as program:
        assert program.wait() == 0
        assert "lost" not in program.err
        done = rounds(program)
    assert [r.iteration for r in done] == [20, 40, 60] * 2
    assert all((r.images, r.lost) == (2 * 20 * BATCH, []) for r in done)
    # Neither weights nor momentum notice.
    for ending in ("caffemodel", "solverstate"):
        kept, plain = (tmp_path / f"{name}_iter_60.{ending}" for name in ("with", "without"))
        assert _numbers(kept) == _numbers(plain)


def _numbers(file: Path) -> list[list[float]]:
    if file.suffix == ".caffemodel":
        net = caffe_pb2.NetParameter.FromString(file.read_bytes())
        return [list(blob.data) for layer in net.layer for blob in layer.blobs]
    return [list(blob.data) for blob in caffe_pb2.SolverState.FromString(file.read_bytes()).history]


# Four slots are wanted of two; a third trainer holds both and is never asked for anything again.
# Workers move from executor to executor, with their momentum.
TRAINERS = (
    PRELUDE
    + """
import threading

spark = sparknet.session(2)
train = data.from_numpy(images, labels, partitions)
forgotten = sparknet.Trainer(SOLVER, train, workers=2, seed=1, idle_seconds=100000)
forgotten.fit(2, tau=5, progress=False)


def train_for(seed):
    with sparknet.Trainer(SOLVER, train, workers=2, seed=seed) as trainer:
        trainer.fit(30, tau=20, progress=False)
        images = set(trainer.history.rounds.images)
        np.save(folder / f"together{seed}.npy", flat(trainer))
        say("trained", seed, trainer.iteration, *images)


threads = [threading.Thread(target=train_for, args=(seed,)) for seed in (1, 2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
with sparknet.Trainer(SOLVER, train, workers=2, seed=2) as trainer:
    trainer.fit(30, tau=20, progress=False)
    np.save(folder / "alone2.npy", flat(trainer))
say("forgotten", forgotten.iteration)
"""
)


@both_layouts
def test_trainers_side_by_side(jar: Path, tmp_path: Path, partitions: int) -> None:
    with python(jar, tmp_path, TRAINERS, tmp_path, str(partitions)) as program:
        # Neither the trainer that nobody closes nor the session that nobody stops keeps it.
        assert program.wait() == 0
        lines = program.out.splitlines()
        assert program.leftovers() == []
    images = str(2 * 20 * BATCH)
    trained = sorted(line for line in lines if line.startswith("trained"))
    assert trained == [f"trained {seed} 600 {images}" for seed in (1, 2)]
    assert lines[-1] == "forgotten 10"
    together, alone = (np.load(tmp_path / f"{name}2.npy") for name in ("together", "alone"))
    np.testing.assert_array_equal(together, alone)


# Spark would start every task again that has run for longer than others take. Never on the same
# machine, so what becomes of such tasks is in MembersSpec.
SPECULATION = (
    PRELUDE
    + """
speculation = {
    "spark.speculation": "true",
    "spark.speculation.interval": "50ms",
    "spark.speculation.quantile": "0",
    "spark.speculation.multiplier": "1",
    "spark.speculation.minTaskRuntime": "10ms",
    "spark.speculation.task.duration.threshold": "200ms",
}
speculate = sys.argv[3] == "True"
spark = sparknet.session(3, config=speculation if speculate else {})
train = data.from_numpy(images, labels, partitions)
with sparknet.Trainer(SOLVER, train, workers=2, seed=1) as trainer:
    for _ in range(20):
        trained(trainer, 40)
        trainer.average()
    say("iteration", trainer.iteration)
    trainer.snapshot(folder / sys.argv[3])
spark.stop()
"""
)


@both_layouts
def test_speculation(jar: Path, tmp_path: Path, partitions: int) -> None:
    for speculate in ("True", "False"):
        arguments = (tmp_path, str(partitions), speculate)
        with python(jar, tmp_path, SPECULATION, *arguments) as program:
            assert program.wait() == 0
            done = rounds(program)
            assert "lost" not in program.err
        assert [r.iteration for r in done] == [40 * i for i in range(1, 21)]
        assert all((r.images, r.lost) == (2 * 40 * BATCH, []) for r in done)
    for ending in ("caffemodel", "solverstate"):
        disturbed, plain = (tmp_path / f"{name}_iter_800.{ending}" for name in ("True", "False"))
        assert _numbers(disturbed) == _numbers(plain)


DYNAMIC = (
    PRELUDE
    + """
config = {
    "spark.dynamicAllocation.enabled": "true",
    "spark.dynamicAllocation.shuffleTracking.enabled": "true",
    "spark.dynamicAllocation.minExecutors": "1",
    "spark.dynamicAllocation.initialExecutors": "1",
    "spark.dynamicAllocation.maxExecutors": "3",
    "spark.dynamicAllocation.executorIdleTimeout": "2s",
    "spark.dynamicAllocation.cachedExecutorIdleTimeout": "2s",
    "spark.dynamicAllocation.shuffleTracking.timeout": "2s",
}
spark = sparknet.session(3, master="local-cluster[3,1,1024]", config=config)
train = data.from_numpy(images, labels, partitions)
with sparknet.Trainer(SOLVER, train, workers=3, seed=1, wait_seconds=0) as trainer:
    while not (folder / "go0").exists():
        trained(trainer, 20)
        trainer.average()
    say("iteration", trainer.iteration)
await_go(1)
spark.stop()
"""
)


@pytest.mark.parametrize("partitions", [3, 7])
def test_executors_that_come_and_go(jar: Path, tmp_path: Path, partitions: int) -> None:
    with python(jar, tmp_path, DYNAMIC, tmp_path, str(partitions)) as program:
        program.until(
            lambda: any(len(set(r.executors)) == 3 for r in rounds(program)), "three that train"
        )
        assert len(program.descendants(EXECUTOR)) == 3
        go(tmp_path, 0)
        reach(program, 1)
        executors(program, 1)
        go(tmp_path, 1)
        assert program.wait() == 0
        done = rounds(program)
        assert f"iteration {20 * len(done)}" in program.out
        assert "lost" not in program.err
    # Who is there trains for all.
    assert [r.iteration for r in done] == [20 * i for i in range(1, len(done) + 1)]
    assert all((r.images, r.lost) == (3 * 20 * BATCH, []) for r in done)


INTERRUPTED = (
    PRELUDE
    + """
spark = sparknet.session(2)
await_executors(2)
train = data.from_numpy(images, labels, partitions)
with sparknet.Trainer(SOLVER, train, workers=2, seed=1) as trainer:
    trained(trainer, 20)
    trainer.average()
    before = flat(trainer)
    await_go(0)
    try:
        trainer.train(1000000)
    except KeyboardInterrupt:
        say("interrupted", trainer.iteration, np.array_equal(flat(trainer), before))
    for _ in range(2):
        trained(trainer, 20)
        trainer.average()
    np.save(folder / "interrupted.npy", flat(trainer))
spark.stop()
"""
)


@both_layouts
def test_ctrl_c_in_mid_round(jar: Path, tmp_path: Path, partitions: int) -> None:
    with python(jar, tmp_path, INTERRUPTED, tmp_path, str(partitions)) as program:
        reach(program, 0)
        pids = executors(program, 2)
        go(tmp_path, 0)
        until_busy(program, *pids)
        os.kill(program.process.pid, signal.SIGINT)
        assert program.wait() == 0
        assert "interrupted 20 True" in program.out
        # What trained was told to stop, not ended.
        done = rounds(program)
    assert [r.iteration for r in done] == [20, 40, 60]
    assert all((r.images, r.lost) == (2 * 20 * BATCH, []) for r in done)
    assert done[2].executors == done[0].executors


# Data that are computed anew for each reader. Each reading of a partition leaves a file; once
# there is a file "raise", or "die", it fails as the user's function or as Spark's executor does.
READINGS = (
    PRELUDE
    + """
import os, uuid
from pyspark.sql.functions import col, udf
from pyspark.sql.types import FloatType

spark = sparknet.session(2)
place, kind = str(folder), sys.argv[3]


def label(value):
    if os.path.exists(f"{place}/armed"):
        open(f"{place}/failed-{uuid.uuid4().hex}", "w").close()
        if kind == "raise":
            raise ValueError("of the user's")
        if kind == "wrong":
            return 10.0
    return float(value)


rows = [(image.ravel().tolist(), float(value)) for image, value in zip(images[:200], labels)]
frame = spark.createDataFrame(rows, ["features", "number"]).repartition(partitions)
frame = frame.withColumn("label", udf(label, FloatType())(col("number")))
train = data.from_dataframe(frame, (1, 8, 8)).persist("NONE")
with sparknet.Trainer(SOLVER, train, workers=2, seed=1) as trainer:
    (folder / "armed").touch()
    try:
        trainer.train(5)
    except sparknet.errors.SparkNetError as error:
        say("told:", error)
    say("iteration", trainer.iteration)
    if kind == "raise":  # what has been read stays as it was
        (folder / "armed").unlink()
        trained(trainer, 5)
        trainer.average()
spark.stop()
"""
)


# Whole partitions for each worker: what is dealt out anew is not computed anew.
@pytest.mark.parametrize("partitions", [2, 4])
@pytest.mark.parametrize(
    ("kind", "named"), [("raise", "of the user's"), ("wrong", "label 10")], ids=["raises", "wrong"]
)
def test_failures_of_the_users_are_not_tried_again(
    jar: Path, tmp_path: Path, partitions: int, kind: str, named: str
) -> None:
    with python(jar, tmp_path, READINGS, tmp_path, str(partitions), kind) as program:
        assert program.wait() == 0
        (told,) = (line for line in program.out.splitlines() if line.startswith("told:"))
        done = rounds(program)
        assert "iteration 0\n" in program.out
        assert named in program.out
    assert re.search(r"worker \d", told)
    failures = len(list(tmp_path.glob("failed-*")))
    if kind == "raise":
        # Once for each worker at most: the other one's part may end before it comes to that.
        assert 1 <= failures <= 2
        assert [(r.iteration, r.images, r.lost) for r in done] == [(5, 2 * 5 * BATCH, [])]
    else:
        # Each item is read once, by its worker.
        assert 1 <= failures <= 200
