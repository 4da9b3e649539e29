"""An executor that dies, and Ctrl-C, in the middle of training."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from processes import EXECUTOR, ROOT, Program, python, running, submit

from sparknet.proto import caffe_pb2

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# Each round waits for a line, so that the test decides what happens in which round.
LONG = """
import sys, time
from pathlib import Path
import numpy as np
import sparknet
from sparknet import data
from sklearn.datasets import load_digits

rounds, go, partitions = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
images, labels = load_digits(return_X_y=True)
images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
spark = sparknet.session(2)
train = data.from_numpy(images[300:], labels[300:], partitions)
test = data.from_numpy(images[:300], labels[:300], 2)
solver = "examples/digits/digits_lenet_solver.prototxt"
with sparknet.Trainer(solver, train, test, workers=2, seed=1) as trainer:
    for number in range(rounds):
        trainer.broadcast()
        done = trainer.train(20)
        trainer.average()
        print("round", number, done.iteration, done.workers, done.images, done.loss, flush=True)
        while number == 3 and not go.exists():
            time.sleep(0.05)
    print("accuracy", trainer.test()["accuracy"], flush=True)
spark.stop()
"""


def rounds(program: Program) -> list[list[str]]:
    return [line.split()[1:] for line in program.out.splitlines() if line.startswith("round ")]


# With 7 partitions the items are dealt out to the 2 workers over a shuffle.
@pytest.mark.parametrize("partitions", [2, 7])
def test_training_goes_on_with_a_replacement(jar: Path, tmp_path: Path, partitions: int) -> None:
    go = tmp_path / "go"
    with python(jar, tmp_path, LONG, "30", go, str(partitions)) as program:
        program.until(lambda: len(rounds(program)) >= 4, "round 3")
        before = program.descendants(EXECUTOR)
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        go.touch()
        program.until(lambda: len(rounds(program)) >= 12, "rounds after the kill")
        after = program.descendants(EXECUTOR)
        # While training runs a second time: kill without waiting for a round to end.
        os.kill(before[1], signal.SIGKILL)
        assert program.wait() == 0
        done = rounds(program)
        accuracy = float(program.out.split("accuracy")[1])
        assert program.leftovers() == []
    assert len(set(after) - set(before)) == 1
    assert [int(number) for number, *_ in done] == list(range(30))
    assert [int(iteration) for _, iteration, *_ in done] == [20 * i for i in range(1, 31)]
    assert all(workers == "2" and images == "1280" for _, _, workers, images, _ in done)
    # The weights were kept: the loss of round 4 is that of trained nets, not of new ones.
    losses = [float(loss) for *_, loss in done]
    assert losses[0] > 1
    assert max(losses[4:]) < losses[0] / 2
    assert accuracy > 0.9


# The same round again and again; between its two halves the test does what it likes.
HALVES = """
import sys, time
from pathlib import Path
import numpy as np
import sparknet
from sparknet import data
from sklearn.datasets import load_digits

partitions, folder = int(sys.argv[1]), Path(sys.argv[2])
images, labels = load_digits(return_X_y=True)
images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
spark = sparknet.session(2)
train = data.from_numpy(images, labels, partitions)
solver = "examples/digits/digits_lenet_solver.prototxt"
for number in range(3):
    with sparknet.Trainer(solver, train, workers=2, seed=1) as trainer:
        trainer.train(20)
        print("trained", number, flush=True)
        while not (folder / f"go{number}").exists():
            time.sleep(0.05)
        trainer.average()
        blobs = [blob for layer in trainer.weights.values() for blob in layer]
        np.save(folder / f"weights{number}.npy", np.concatenate([b.ravel() for b in blobs]))
        trainer.fit(2, tau=5, progress=False)
        assert trainer.iteration == 30
spark.stop()
"""


@pytest.mark.parametrize("partitions", [2, 7])
def test_executors_lost_between_train_and_average(
    jar: Path, tmp_path: Path, partitions: int
) -> None:
    with python(jar, tmp_path, HALVES, str(partitions), tmp_path) as program:
        for number, killed in enumerate([0, 1, 2]):
            trained = f"trained {number}"
            program.until(lambda trained=trained: trained in program.out, trained)
            executors = program.descendants(EXECUTOR)
            assert len(executors) == 2
            for pid in executors[:killed]:
                os.kill(pid, signal.SIGKILL)
            (tmp_path / f"go{number}").touch()
        assert program.wait() == 0
    undisturbed, one, both = (np.load(tmp_path / f"weights{number}.npy") for number in range(3))
    # What was lost is done again, from the same weights and the same items.
    np.testing.assert_array_equal(one, undisturbed)
    np.testing.assert_array_equal(both, undisturbed)


def interrupted(
    command: list[str | Path], folder: Path, in_jvm: bool = False, **variables: str
) -> None:
    """Interrupts training once it has left a snapshot. in_jvm: a JVM prints for Python, and may
    be gone before Python's last line."""
    with running(command, folder, **variables) as program:
        program.until(lambda: program.text.count(".caffemodel\n") >= 2, "two snapshots")
        assert len(program.descendants(EXECUTOR)) == 2
        program.interrupt()
        assert program.wait(90) == 130
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
    variables = {"SPARKNET_JAR": str(jar), "PYTHONPATH": str(ROOT / "python")}
    interrupted(command, tmp_path, **variables)
