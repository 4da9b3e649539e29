"""An executor that dies, and Ctrl-C, in the middle of training."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from crews import BATCH, PRELUDE, executor, go, kill, reach, rounds
from processes import EXECUTOR, ROOT, Program, python, python_path, running, submit

from sparknet.proto import caffe_pb2

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# Trains until the test has seen enough.
LONG = (
    PRELUDE
    + """
spark = sparknet.session(2)
train = data.from_numpy(images[300:], labels[300:], partitions)
test = data.from_numpy(images[:300], labels[:300], 2)
with sparknet.Trainer(SOLVER, train, test, workers=2, seed=1) as trainer:
    for number in range(4):
        trained(trainer, 20)
        trainer.average()
    await_go(0)
    while not (folder / "enough").exists():
        trained(trainer, 20)
        trainer.average()
    say("iteration", trainer.iteration)
    say("accuracy", trainer.test()["accuracy"])
spark.stop()
"""
)


# With 7 partitions the items are dealt out to the 2 workers over a shuffle.
@pytest.mark.parametrize("partitions", [2, 7])
def test_training_goes_on_with_a_replacement(jar: Path, tmp_path: Path, partitions: int) -> None:
    with python(jar, tmp_path, LONG, tmp_path, str(partitions)) as program:
        reach(program, 0)
        before = rounds(program)[-1].executors
        kill(program, executor(program, before[0]))
        go(tmp_path, 0)
        replaced = until_two_train(program, {before[0]})
        # While training runs a second time: kill without waiting for a round to end.
        kill(program, executor(program, before[1]))
        again = until_two_train(program, set(before))
        (tmp_path / "enough").touch()
        assert program.wait() == 0
        done = rounds(program)
        told = dict(line.split() for line in program.out.splitlines() if len(line.split()) == 2)
        assert program.leftovers() == []
    assert replaced & again == replaced - {before[1]}
    assert [r.iteration for r in done] == [20 * i for i in range(1, len(done) + 1)]
    assert told["iteration"] == str(20 * len(done))
    # Only a round that lost a host has less.
    assert all(r.images == (2 - len(r.lost)) * 20 * BATCH for r in done)
    # Reading what was shuffled through a lost executor fails once, before Spark makes it anew.
    assert sum(len(r.lost) for r in done) <= (2 if partitions == 2 else 4)
    # The weights were kept: the loss of round 4 is that of trained nets, not of new ones.
    assert done[0].loss > 1
    assert max(r.loss for r in done[4:]) < done[0].loss / 2
    assert float(told["accuracy"]) > 0.9


def until_two_train(program: Program, without: set[str]) -> set[str]:
    """Waits until the two workers train in executors that are none of these."""

    def two() -> set[str]:
        last = set(rounds(program)[-1].executors)
        return last if len(last) == 2 and not last & without else set()

    program.until(lambda: bool(two()), f"two executors without {without}")
    return two()


# The same round again and again; between its two halves the test does what it likes.
HALVES = (
    PRELUDE
    + """
spark = sparknet.session(2)
train = data.from_numpy(images, labels, partitions)
for number in range(4):
    with sparknet.Trainer(SOLVER, train, workers=2, seed=1) as trainer:
        if number == 3:
            np.save(folder / "first.npy", flat(trainer))
        trained(trainer, 20)
        await_go(number)
        trainer.average()
        np.save(folder / f"weights{number}.npy", flat(trainer))
        say("averaged", trainer.iteration)
        trainer.fit(2, tau=5, progress=False)
        say("iteration", trainer.iteration)
spark.stop()
"""
)


@pytest.mark.parametrize("partitions", [2, 7])
def test_executors_lost_between_train_and_average(
    jar: Path, tmp_path: Path, partitions: int
) -> None:
    with python(jar, tmp_path, HALVES, tmp_path, str(partitions)) as program:
        for number, killed in enumerate([[], [0], [1], [0, 1]]):
            reach(program, number)
            names = rounds(program)[-1].executors
            assert len(set(names)) == 2
            kill(program, *(executor(program, names[worker]) for worker in killed))
            if not killed:
                assert "SparkNet: all hosts" not in program.err
            go(tmp_path, number)
        assert program.wait() == 0
        lines = program.out.splitlines()
        lost = "all hosts of the round were lost; the weights are those before it"
        assert program.err.count(lost) == 1
    mean, second, first, none = (np.load(tmp_path / f"weights{number}.npy") for number in range(4))
    # Both have trained on as many images.
    assert not np.array_equal(first, second)
    halves = (first.astype(np.float64) + second) / 2
    np.testing.assert_allclose(mean, halves, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(none, np.load(tmp_path / "first.npy"))
    averaged = [line.split()[1] for line in lines if line.startswith("averaged")]
    assert averaged == ["20", "20", "20", "0"]
    finished = [line.split()[1] for line in lines if line.startswith("iteration")]
    assert finished == ["30", "30", "30", "10"]


def interrupted(
    command: list[str | Path], folder: Path, in_jvm: bool = False, **variables: str
) -> None:
    """Interrupts training once it has left a snapshot. in_jvm: a JVM prints for Python, and may
    be gone before Python's last line."""
    with running(command, folder, **variables) as program:
        program.until(lambda: program.text.count(".caffemodel\n") >= 2, "two snapshots")
        program.until(lambda: len(program.descendants(EXECUTOR)) == 2, "two executors")
        program.interrupt()
        assert program.wait() == 130
        assert program.leftovers() == []
        named = re.findall(r"snapshot:? (\S+\.caffemodel)", program.text)
        check_snapshot(Path(named[-1]))
        assert "Traceback" not in program.text
        assert "interrupted; last snapshot: " in program.text or in_jvm


def check_snapshot(caffemodel: Path) -> None:
    """Both files are whole."""
    net = caffe_pb2.NetParameter.FromString(caffemodel.read_bytes())
    assert sum(len(blob.data) for layer in net.layer for blob in layer.blobs) == 145_578
    state = caffe_pb2.SolverState.FromString(caffemodel.with_suffix(".solverstate").read_bytes())
    assert caffemodel.stem == f"kept_iter_{state.iter}"


OPTIONS = ["--batch-size", "10", "--tau", "2", "--epochs", "1000", "--snapshot-every", "1"]


def test_ctrl_c_under_spark_submit(jar: Path, cifar: Path, tmp_path: Path) -> None:
    app = ROOT / "python/apps/cifar.py"
    arguments = ["--data", cifar, *OPTIONS, "--snapshot-prefix", "kept"]
    interrupted(submit(jar, app, *arguments), tmp_path, in_jvm=True)


def test_ctrl_c_in_plain_python(jar: Path, cifar: Path, tmp_path: Path) -> None:
    app = ROOT / "python/apps/cifar.py"
    command = [sys.executable, app, "--data", cifar, *OPTIONS, "--snapshot-prefix", "kept"]
    variables = {"SPARKNET_JAR": str(jar), "PYTHONPATH": python_path(ROOT / "python")}
    interrupted(command, tmp_path, **variables)
