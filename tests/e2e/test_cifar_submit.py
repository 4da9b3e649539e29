"""python/apps/cifar.py under spark-submit, with nothing but the jar: two executor JVMs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from processes import EXECUTOR, ROOT, TRACE, running, submit

from sparknet.proto import caffe_pb2

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

APP = ROOT / "python/apps/cifar.py"


def read(kind: type, path: Path) -> object:
    return kind.FromString(path.read_bytes())  # type: ignore[attr-defined]


def test_train_and_resume(jar: Path, cifar: Path, tmp_path: Path) -> None:
    options = ["--data", cifar, "--batch-size", "20", "--tau", "5", "--test-every", "3"]
    command = submit(jar, APP, *options, "--epochs", "1.2", "--snapshot-prefix", "p", "--seed", "1")
    with running(command, tmp_path) as program:
        program.until(lambda: "images to train on" in program.out, "data")
        program.until(lambda: "training" in program.text, "progress")
        program.until(lambda: len(program.descendants(EXECUTOR)) == 2, "two executors")
        assert program.wait() == 0
        assert program.leftovers() == []
        out, shown = program.out, program.text
    assert "1,000 images to train on, 200 to test on" in out
    # 200 images a round; 1.2 passes are 6 rounds, so tests after rounds 3 and 6.
    assert re.findall(r"iteration (\d+): accuracy [01]\.\d+, loss \d", shown) == ["15", "30"]
    assert re.search(r"^1,200 images, [\d,]+ images/s$", out, re.MULTILINE)
    accuracy = re.search(r"^test accuracy +([\d.]+)%$", out, re.MULTILINE)
    assert accuracy
    assert float(accuracy[1]) > 50  # The classes are easy to tell apart; chance is 10 %.
    model = tmp_path / "p_iter_30.caffemodel"
    assert f"snapshot       {model}" in out
    net = caffe_pb2.NetParameter.FromString(model.read_bytes())
    blobs = [blob for layer in net.layer for blob in layer.blobs]
    assert sum(len(blob.data) for blob in blobs) == 145_578
    assert all(np.isfinite(blob.data).all() for blob in blobs)
    state = tmp_path / "p_iter_30.solverstate"
    assert caffe_pb2.SolverState.FromString(state.read_bytes()).iter == 30

    command = submit(jar, APP, *options, "--epochs", "0.1", "--resume", state)
    with running(command, tmp_path) as program:
        assert program.wait() == 0
        assert "resumed at iteration 30" in program.out
    assert (tmp_path / "cifar10_quick_iter_35.solverstate").is_file()


def one_line(text: str) -> str:
    """The line with the error, when it is the only one that is not Spark's logging."""
    lines = [line for line in text.splitlines() if line.startswith(("error:", "cifar.py: error"))]
    assert len(lines) == 1
    assert "Traceback" not in text
    assert not TRACE.search(text)
    return lines[0]


def test_missing_and_truncated_files(jar: Path, cifar: Path, tmp_path: Path) -> None:
    with running(submit(jar, APP, "--data", tmp_path / "nowhere"), tmp_path) as program:
        assert program.wait() == 1
        line = one_line(program.text)
        assert "nowhere/data_batch_1.bin is missing" in line
        assert program.leftovers() == []
    cut = cifar / "data_batch_4.bin"
    cut.write_bytes(cut.read_bytes()[:-100])
    with running(submit(jar, APP, "--data", cifar), tmp_path) as program:
        assert program.wait() == 1
        assert re.search(r"data_batch_4\.bin is truncated", one_line(program.text))


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (["--workers", "none"], 2, "--workers"),
        (["--model", "huge"], 2, "--model"),
        (["--epochs", "-1"], 2, "--epochs"),
        (["--resume", "gone.solverstate"], 1, "gone.solverstate: no such file"),
    ],
)
def test_wrong_arguments(
    jar: Path, tmp_path: Path, arguments: list[str], status: int, reason: str
) -> None:
    with running(submit(jar, APP, *arguments), tmp_path) as program:
        assert program.wait() == status
        assert reason in one_line(program.text)


def test_without_the_jar_on_the_class_path(jar: Path, cifar: Path, tmp_path: Path) -> None:
    command = ["spark-submit", "--master", "local[1]", "--py-files", jar, APP, "--data", cifar]
    with running(command, tmp_path) as program:
        assert program.wait() == 1
        assert "not on the class path" in one_line(program.text)
        assert re.search(r"--jars \S+\.jar", program.text)
