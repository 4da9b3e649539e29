"""``sparknet train``: what is trained on, kept and printed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from command_line import Known, in_session, known, run

from sparknet.proto import caffe_pb2

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SOLVER = 'net: "trained.prototxt" base_lr: 0.05 momentum: 0.9 random_seed: 5\n'
COLUMNS = ("--features", "a,b,c,d")


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Known:
    made = known()
    made.write(tmp_path)
    (tmp_path / "small_solver.prototxt").write_text(SOLVER)
    monkeypatch.chdir(tmp_path)
    return made


@pytest.fixture
def asked(net: Known, monkeypatch: pytest.MonkeyPatch, spark: SparkSession) -> list[Any]:
    return in_session(monkeypatch, spark)


def weights(file: Path) -> np.ndarray[Any, Any]:
    model = caffe_pb2.NetParameter.FromString(file.read_bytes())
    (layer,) = (layer for layer in model.layer if layer.name == "ip")
    return np.concatenate([np.array(blob.data, dtype=np.float32) for blob in layer.blobs])


@pytest.mark.spark
def test_a_run(net: Known, asked: list[Any], tmp_path: Path) -> None:
    given = ("train", "small_solver.prototxt", "--train", "rows.csv", "--test", "rows.csv")
    more = ("--rounds", "3", "--tau", "2", "--test-every", "2", "--workers", "2")
    ended = run(*given, *COLUMNS, *more, "--mean", "data", "--memory", "2g", "--conf", "a.b=c")
    assert ended.status == 0
    lines = ended.out.splitlines()
    assert lines[:3] == [
        "24 items to train on",
        "24 items to test on",
        "mean     small_mean.npy",
    ]
    # 3 rounds of 2 workers with 2 steps of 8 items each.
    assert lines[3].startswith("96 items, ")
    assert [line.split()[0] for line in lines[4:]] == ["accuracy", "loss", "weights"]
    assert lines[-1] == f"weights  {tmp_path}/small_iter_6.caffemodel"
    assert (tmp_path / "small_iter_6.solverstate").is_file()
    assert "iteration 4: accuracy " in ended.err
    assert np.allclose(np.load("small_mean.npy"), net.rows.mean(axis=0), atol=1e-6)
    (where,) = asked
    assert (where.workers, where.memory, list(where.conf)) == (2, 2048, [("a.b", "c")])


@pytest.mark.spark
def test_where_a_run_begins(net: Known, asked: list[Any], tmp_path: Path) -> None:
    given = ("train", "small_solver.prototxt", "--train", "rows.csv", *COLUMNS, "--rounds", "1")
    still = ("--tau", "1", "--learning-rate", "1e-30", "--quiet", "--workers", "1")
    ended = run(*given, *still, "--weights", "known.caffemodel", "--snapshot-prefix", "a")
    assert ended.status == 0
    assert "took 1 of 1 layers" in ended.out
    assert "iteration" not in ended.err
    expected = np.concatenate([net.weights.ravel(), net.biases])
    assert np.array_equal(weights(tmp_path / "a_iter_1.caffemodel"), expected)
    more = run(*given, *still, "--snapshot", "a_iter_1.solverstate", "--snapshot-prefix", "b")
    assert more.status == 0
    assert np.array_equal(weights(tmp_path / "b_iter_2.caffemodel"), expected)


@pytest.mark.spark
def test_a_run_that_was_cut_off_goes_on(net: Known, asked: list[Any], tmp_path: Path) -> None:
    given = ("train", "small_solver.prototxt", "--train", "rows.csv", *COLUMNS, "--workers", "1")
    kept = ("--checkpoint", "run", "--checkpoint-every", "1", "--quiet", "--tau", "1")
    assert run(*given, *kept, "--rounds", "2").out.splitlines()[1].startswith("16 items")
    # Two of the four are done.
    assert run(*given, *kept, "--rounds", "4").out.splitlines()[1].startswith("16 items")
    assert (tmp_path / "small_iter_4.caffemodel").is_file()


@pytest.mark.spark
def test_a_run_as_long_as_the_solver_says(net: Known, asked: list[Any], tmp_path: Path) -> None:
    said = 'max_iter: 6 test_interval: 4 snapshot: 4 snapshot_prefix: "own"'
    Path("small_solver.prototxt").write_text(SOLVER + said)
    given = ("train", "small_solver.prototxt", "--train", "rows.csv", "--test", "rows.csv")
    ended = run(*given, *COLUMNS, "--tau", "2", "--workers", "1")
    assert ended.status == 0
    assert "iteration 4: " in ended.err
    assert {file.name for file in tmp_path.glob("*.caffemodel")} == {
        "known.caffemodel",
        "own_iter_4.caffemodel",
        "own_iter_6.caffemodel",
    }


@pytest.mark.unit
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--weights", "a.caffemodel", "--snapshot", "b.solverstate"], "begins with one of them"),
        (["--weights", "known.prototxt"], "--weights known.prototxt: not a .caffemodel"),
        (["--snapshot", "known.caffemodel"], "known.caffemodel: not a .solverstate"),
        (["--weights", "gone.caffemodel"], "gone.caffemodel: no such file to resume from"),
        (["--mean", "gone.npy"], "gone.npy: No such file"),
        (["--mean", "x"], "--mean x: neither numbers"),
        (["--test", "gone.csv"], "gone.csv: no such file or folder"),
        (["--net", "gone.prototxt"], "gone.prototxt: No such file"),
    ],
)
def test_errors_before_there_is_a_session(
    net: Known, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    asked = in_session(monkeypatch, None)
    ended = run("train", "small_solver.prototxt", "--train", "rows.csv", *arguments)
    assert (ended.status, ended.out, asked) == (1, "", [])
    assert said in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.spark
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rounds", "1", "--label", "lable"], "no column 'lable'"),
        (["--rounds", "1", "--epochs", "1"], "rounds or epochs, not both"),
        ([], "fit needs rounds or epochs: the solver has no max_iter"),
        (["--rounds", "1", "--snapshot-prefix", "no/where"], "there is no folder"),
        (["--rounds", "1", "--label", "id"], "label"),
    ],
)
def test_errors_of_a_run(net: Known, asked: list[Any], arguments: list[str], said: str) -> None:
    given = ("train", "small_solver.prototxt", "--train", "rows.csv", "--quiet", "--workers", "1")
    ended = run(*given, *COLUMNS, *arguments)
    assert ended.status == 1
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert "\tat " not in ended.err
