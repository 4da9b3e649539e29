"""Executors that die, stop and start again while their crew trains."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from crews import (
    BATCH,
    PRELUDE,
    executor,
    executors,
    given_up,
    go,
    kill,
    reach,
    rounds,
    until_busy,
)
from processes import python

from sparknet.proto import caffe_pb2

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# With 7 partitions the items are dealt out to the 2 workers over a shuffle.
both_layouts = pytest.mark.parametrize("partitions", [2, 7])

# The round that the test is to disturb is one of minutes on a slow machine.
LONG_ROUND = 8000

MID_ROUND = (
    PRELUDE
    + f"""
spark = sparknet.session(2)
train = data.from_numpy(images, labels, partitions)
with sparknet.Trainer(SOLVER, train, workers=2, seed=1) as trainer:
    for tau in (5, {LONG_ROUND}, 5, 5):
        await_go(tau)
        trained(trainer, tau)
        trainer.average()
    say("iteration", trainer.iteration)
spark.stop()
"""
)


@both_layouts
def test_one_killed_in_mid_round(jar: Path, tmp_path: Path, partitions: int) -> None:
    with python(jar, tmp_path, MID_ROUND, tmp_path, str(partitions)) as program:
        go(tmp_path, 5)
        reach(program, LONG_ROUND)
        first = rounds(program)[0]
        pids = [executor(program, name) for name in first.executors]
        go(tmp_path, LONG_ROUND)
        until_busy(program, *pids)
        assert len(rounds(program)) == 1
        kill(program, pids[0])
        assert program.wait() == 0
        done = rounds(program)
        assert f"iteration {LONG_ROUND + 15}" in program.out
    assert [r.iteration for r in done] == [5, *(LONG_ROUND + 5 * i for i in (1, 2, 3))]
    assert (done[1].images, done[1].workers, done[1].lost) == (LONG_ROUND * BATCH, 1, ["0"])
    others = (done[0], *done[2:])
    assert all(r.images == (2 - len(r.lost)) * 5 * BATCH for r in others)
    # Of items that were shuffled through the dead executor the next read fails, once, before Spark
    # makes them anew.
    assert done[0].lost == []
    assert sum(len(r.lost) for r in others) <= (0 if partitions == 2 else 2)


SNAPSHOT = (
    PRELUDE
    + """
spark = sparknet.session(2)
# Workers of one executor would be lost together; the driver counts, too.
while spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() < 3:
    time.sleep(0.05)
train = data.from_numpy(images, labels, partitions)
for number in range(2):
    with sparknet.Trainer(SOLVER, train, workers=2, seed=1) as trainer:
        for _ in range(3):
            trained(trainer, 5)
            trainer.average()
        trainer.snapshot(folder / f"whole{number}")
        np.save(folder / f"weights{number}.npy", flat(trainer))
        await_go(number)
        trainer.snapshot(folder / f"part{number}")
        trainer.restore(folder / f"part{number}_iter_15.solverstate")
        trained(trainer, 5)
        trainer.average()
spark.stop()
"""
)


@both_layouts
def test_one_killed_before_a_snapshot(jar: Path, tmp_path: Path, partitions: int) -> None:
    with python(jar, tmp_path, SNAPSHOT, tmp_path, str(partitions)) as program:
        for number in range(2):
            reach(program, number)
            kill(program, executor(program, rounds(program)[-1].executors[number]))
            go(tmp_path, number)
        assert program.wait() == 0
        told = re.findall(r"the momentum of worker (\d) was lost .*: (.*)", program.err)
        done = rounds(program)
    assert told == [(worker, "the snapshot has the mean of the other 1") for worker in "01"]
    whole, again, first, second = (
        _snapshot(tmp_path / f"{name}_iter_15", tmp_path / f"weights{name[-1]}.npy")
        for name in ("whole0", "whole1", "part0", "part1")
    )
    np.testing.assert_array_equal(whole, again)
    assert not np.array_equal(first, second)
    # What is left when the one is lost, and when the other is, make up the mean of both.
    np.testing.assert_allclose((first + second) / 2, whole, rtol=1e-5, atol=1e-9)
    assert [r.iteration for r in done] == [5, 10, 15, 20] * 2
    assert all(r.images == 2 * 5 * BATCH for r in done)


def _snapshot(prefix: Path, weights: Path) -> np.ndarray:
    """Its momentum; it must have these weights."""
    model, state = (
        message.FromString(prefix.with_name(prefix.name + ending).read_bytes())
        for message, ending in (
            (caffe_pb2.NetParameter, ".caffemodel"),
            (caffe_pb2.SolverState, ".solverstate"),
        )
    )
    assert state.iter == 15
    kept = [np.array(blob.data) for layer in model.layer for blob in layer.blobs]
    np.testing.assert_array_equal(np.concatenate(kept), np.load(weights))
    momentum = np.concatenate([np.array(blob.data) for blob in state.history])
    assert momentum.any()
    return momentum


FIT = (
    PRELUDE
    + """
spark = sparknet.session(2)
train = data.from_numpy(images, labels, partitions)
# The driver's copy of the weights is that of the last round.
with sparknet.Trainer(SOLVER, train, workers=2, seed=1, keep_seconds=0) as trainer:
    trainer.fit(1, tau=5, progress=False)
    await_go(0)
    history = trainer.fit(40, tau=100, progress=False)
    say("images", *history.rounds.images)
    say("iteration", trainer.iteration)
spark.stop()
"""
)


@both_layouts
def test_all_killed_in_mid_fit(jar: Path, tmp_path: Path, partitions: int) -> None:
    with python(jar, tmp_path, FIT, tmp_path, str(partitions)) as program:
        reach(program, 0)
        pids = executors(program, 2)
        go(tmp_path, 0)
        until_busy(program, *pids)
        kill(program, *pids)
        assert program.wait() == 0
        told = dict(line.split(" ", 1) for line in program.out.splitlines())
        behind = given_up(program)
        assert behind <= 100
        assert program.leftovers() == []
    images = [int(count) for count in told["images"].split()]
    assert images[0] == 2 * 5 * BATCH
    assert len(images) == 41
    assert images[1:].count(2 * 100 * BATCH) >= 39
    assert set(images[1:]) <= {2 * 100 * BATCH, 100 * BATCH}
    # A round that was lost before its mean is done again.
    assert int(told["iteration"]) == 5 + 40 * 100 - behind


STOPPED = (
    PRELUDE
    + """
spark = sparknet.session(2)
train = data.from_numpy(images, labels, partitions)
with sparknet.Trainer(SOLVER, train, workers=2, seed=1) as trainer:
    trained(trainer, 50)
    trainer.average()
    await_go(0)
    for _ in range(10):
        trained(trainer, 50)
        trainer.average()
    say("iteration", trainer.iteration)
    np.save(folder / "stopped.npy", flat(trainer))
with sparknet.Trainer(SOLVER, train, workers=2, seed=1) as trainer:
    trainer.fit(11, tau=50, progress=False)
    np.save(folder / "undisturbed.npy", flat(trainer))
spark.stop()
"""
)


@both_layouts
def test_one_stops_for_a_while(jar: Path, tmp_path: Path, partitions: int) -> None:
    with python(jar, tmp_path, STOPPED, tmp_path, str(partitions)) as program:
        reach(program, 0)
        pid = executors(program, 2)[0]
        os.kill(pid, signal.SIGSTOP)
        go(tmp_path, 0)
        time.sleep(20)
        # Nobody is left behind: the round waits.
        assert len(rounds(program)) == 1
        os.kill(pid, signal.SIGCONT)
        assert program.wait() == 0
        done = rounds(program)
        assert "SparkNet: all hosts" not in program.err
    assert [r.iteration for r in done] == [50 * i for i in range(1, 12)]
    assert all((r.images, r.lost) == (2 * 50 * BATCH, []) for r in done)
    undisturbed = np.load(tmp_path / "undisturbed.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "stopped.npy"), undisturbed)
