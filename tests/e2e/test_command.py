"""The command ``sparknet`` from a shell: a net trained on two executors, tested and used."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from processes import EXECUTOR, TRACE, running

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.xdist_group("command")]

COMMAND = Path(sys.executable).with_name("sparknet")
NET = """
name: "digits"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 32 dim: 64 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 32 dim: 1 } } }
layer { name: "ip1" type: "InnerProduct" bottom: "data" top: "ip1"
        inner_product_param { num_output: 64 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
        inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy"
        include { phase: TEST } }
"""
SOLVER = 'net: "net.prototxt" base_lr: 0.1 momentum: 0.9 random_seed: 1\n'
TABLES = """
import sys
import sparknet
from sklearn.datasets import load_digits

images, labels = load_digits(return_X_y=True)
rows = [
    (number, (image / 16).tolist(), int(label))
    for number, (image, label) in enumerate(zip(images, labels))
]
spark = sparknet.session(master="local[1]")
frame = spark.createDataFrame(rows, "id int, features array<float>, label int").repartition(4)
for name, part in (("train", "id % 5 != 0"), ("test", "id % 5 = 0")):
    frame.where(part).write.parquet(f"file://{sys.argv[1]}/{name}.parquet")
spark.stop()
"""
APP = """
import sys
import sparknet
from sparknet import data

context = sparknet.session().sparkContext
print(context.master, context.getConf().get("spark.task.cpus"), sys.argv[1:])
print(data.from_rdd(context.parallelize([([1, 2], 0)])).shape)
"""


@pytest.fixture(scope="module")
def folder(jar: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("digits")
    (made / "net.prototxt").write_text(NET)
    (made / "solver.prototxt").write_text(SOLVER)
    (made / "tables.py").write_text(TABLES)
    with running([sys.executable, "tables.py", made], made, SPARKNET_JAR=str(jar)) as program:
        assert program.wait() == 0
    return made


class Ended(NamedTuple):
    """What a command printed."""

    out: str
    err: str


def done(jar: Path, folder: Path, *arguments: str, status: int = 0) -> Ended:
    """A command that has ended, and left no process behind."""
    with running([COMMAND, *arguments], folder, SPARKNET_JAR=str(jar)) as program:
        assert program.wait() == status
        ended = Ended(program.out, program.err)
        assert program.leftovers() == []
    assert not TRACE.search(ended.out + ended.err)
    assert "Traceback" not in ended.err
    return ended


def test_from_a_table_to_scores(jar: Path, folder: Path) -> None:
    two = ("--master", "local-cluster[2,1,1024]")
    given = ("solver.prototxt", "--train", "train.parquet", "--test", "test.parquet")
    trained = done(jar, folder, "train", *given, *two, "--epochs", "12", "--tau", "5")
    assert "1,437 items to train on\n360 items to test on\n" in trained.out
    assert "SparkNet: workers: 2, executors that train: 2" in trained.err
    assert "training 100%" in trained.err
    weights = re.search(r"^weights  (.*\.caffemodel)$", trained.out, re.MULTILINE)
    accuracy = re.search(r"^accuracy  (0\.\d+)$", trained.out, re.MULTILINE)
    assert weights is not None
    assert accuracy is not None
    # As good as a net of this size gets; a class has a tenth of the rows.
    assert float(accuracy[1]) > 0.93

    one = ("--master", "local[1]")
    model = ("net.prototxt", weights[1], "test.parquet")
    tested = done(jar, folder, "test", *model, *one)
    assert f"accuracy  {accuracy[1]}\n" in tested.out
    used = done(jar, folder, "predict", *model, *one, "--columns", "id,label,pred*", "-o", "s.json")
    assert used.out == "scores   s.json\n"
    rows = [
        json.loads(line)
        for part in sorted((folder / "s.json").glob("part-*"))
        for line in part.read_text().splitlines()
    ]
    assert len(rows) == 360
    right = sum(row["label"] == row["prediction"] for row in rows)
    assert f"{right / 360:.4f}" == accuracy[1]

    told = done(jar, folder, "info", weights[1])
    assert "weights of net 'digits': 2 layers, 4,810 values" in told.out
    assert "4,810 parameters" in done(jar, folder, "info", "net.prototxt").out
    done(jar, folder, "draw", "net.prototxt", "-o", "net.svg")
    assert "InnerProduct 64 outputs" in (folder / "net.svg").read_text()
    timed = done(jar, folder, "time", "net.prototxt", "--iterations", "1")
    assert [line.split()[0] for line in timed.out.splitlines()[3:5]] == ["ip1", "relu1"]


def test_control_c_while_spark_starts(jar: Path, folder: Path) -> None:
    given = ("train", "solver.prototxt", "--train", "train.parquet", "--rounds", "1000000")
    with running([COMMAND, *given], folder, SPARKNET_JAR=str(jar)) as program:
        program.until(lambda: program.descendants("SparkSubmit") != [], "JVM")
        program.interrupt()
        assert program.wait() == 130
        assert not TRACE.search(program.text)
        assert "Traceback" not in program.text
        assert program.leftovers() == []


def test_control_c_while_it_trains(jar: Path, folder: Path) -> None:
    given = ("train", "solver.prototxt", "--train", "train.parquet", "--rounds", "1000000")
    with running([COMMAND, *given], folder, SPARKNET_JAR=str(jar)) as program:
        program.until(lambda: "training   0% loss" in program.err, "round")
        program.until(lambda: len(program.descendants(EXECUTOR)) == 2, "executors")
        program.interrupt()
        assert program.wait() == 130
        assert "interrupted; last snapshot: none was taken" in program.err
        assert not TRACE.search(program.text)
        assert "Traceback" not in program.text
        assert program.leftovers() == []


def test_what_is_submitted(jar: Path, folder: Path) -> None:
    (folder / "app.py").touch()
    yarn = ("--master", "yarn", "--deploy-mode", "cluster", "--workers", "3", "--memory", "2g")
    printed = done(jar, folder, "submit", "app.py", *yarn, "--print", "--", "--epochs", "3")
    words = shlex.split(printed.out)
    assert Path(words[0]).name == "spark-submit"
    assert words[1:] == [
        *("--master", "yarn", "--deploy-mode", "cluster", "--num-executors", "3"),
        *("--executor-memory", "2048m", "--jars", str(jar), "--py-files", str(jar)),
        *("app.py", "--epochs", "3"),
    ]


def test_a_program_is_submitted(jar: Path, folder: Path) -> None:
    (folder / "app.py").write_text(APP)
    ended = done(jar, folder, "submit", "app.py", "--cores", "1", "--", "--epochs", "3")
    assert "local-cluster[2,1,1024] 1 ['--epochs', '3']\n(2,)\n" in ended.out
