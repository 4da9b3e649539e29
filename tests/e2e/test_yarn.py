"""Training on YARN, in client and cluster mode, with data, checkpoints and snapshots on HDFS."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import cifar_files
import pytest
from crews import HOLDING, PRELUDE, go, large, rounds
from hadoop_cluster import HadoopCluster, hadoop_cluster
from processes import ROOT, Program, python, python_path, running

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.xdist_group("yarn")]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HadoopCluster]:
    with hadoop_cluster(tmp_path_factory.mktemp("hadoop")) as started:
        yield started


@pytest.fixture(scope="module")
def cifar(cluster: HadoopCluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder of HDFS, small files in CIFAR-10's layout: 1,000 training and 200 test images."""
    folder = tmp_path_factory.mktemp("cifar")
    cifar_files.write(folder, records=200)
    for file in folder.glob("*.bin"):
        cluster.put(file, "/cifar")
    return "hdfs:///cifar"


# A table of more partitions than there are workers, in files on HDFS.
RUN = """
import sys
import numpy as np
import sparknet
from sparknet import data
from sklearn.datasets import load_digits

spark = sparknet.session(2, master="yarn")
if sys.argv[1] == "first":
    images, labels = load_digits(return_X_y=True)
    rows = [(bytes(i.astype(np.uint8)), float(label)) for i, label in zip(images, labels)]
    table = spark.createDataFrame(rows, "features binary, label double").repartition(7)
    table.write.parquet("hdfs:///digits")
spark.conf.set("spark.sql.files.maxPartitionBytes", "1m")  # else small files go together
table = spark.read.parquet("hdfs:///digits")
assert table.rdd.getNumPartitions() == 7
train = data.from_dataframe(table, (1, 8, 8))


def trainer():
    solver = "examples/digits/digits_lenet_solver.prototxt"
    return sparknet.Trainer(solver, train, workers=2, seed=1, scale=1 / 16)


def flat(trainer):
    return np.concatenate([blob.ravel() for blobs in trainer.weights.values() for blob in blobs])


with trainer() as run:
    history = run.fit(60, tau=5, checkpoint="hdfs:///run", every=5, keep=2, progress=False)
    print("rounds", len(history.rounds), run.iteration, flush=True)
    print("snapshot", *run.snapshot("hdfs:///kept/digits"), flush=True)
    with trainer() as whole:
        whole.fit(60, tau=5, progress=False)
        print("whole", np.array_equal(flat(run), flat(whole)), flush=True)
    with trainer() as other:
        other.restore("hdfs:///kept/digits_iter_300.solverstate")
        print("restored", np.array_equal(flat(run), flat(other)), other.iteration, flush=True)
spark.stop()
"""


def test_a_killed_run_goes_on_bit_for_bit(
    jar: Path, cluster: HadoopCluster, tmp_path: Path
) -> None:
    def whole_checkpoints() -> int:
        found = [cluster.listed(f"/run/{name}") for name in cluster.listed("/run")]
        return sum("checkpoint.properties" in files for files in found)

    with python(jar, tmp_path, RUN, "first", **cluster.variables) as program:
        program.until(lambda: whole_checkpoints() >= 2, "two checkpoints")
        for pid in program.descendants():  # Python and the driver's JVM.
            os.kill(pid, signal.SIGKILL)
    with python(jar, tmp_path, RUN, "second", **cluster.variables) as program:
        assert program.wait() == 0
        assert "SparkNet: going on from iteration " in program.err
        told = dict(line.split(" ", 1) for line in program.out.splitlines())
    done, iteration = map(int, told["rounds"].split())
    assert 0 < done < 60
    assert iteration == 300
    assert told["whole"] == "True"
    files = [f"digits_iter_300.{kind}" for kind in ("caffemodel", "solverstate")]
    assert told["snapshot"].split() == [f"hdfs:///kept/{file}" for file in files]
    assert told["restored"] == "True 300"
    assert cluster.listed("/kept") == files
    assert cluster.listed("/run") == ["iter_275", "iter_300"]


ROUNDS = (
    PRELUDE
    + """
spark = sparknet.session(2, master="yarn")
train = data.from_numpy(images, labels, partitions)
with sparknet.Trainer(SOLVER, train, workers=2, seed=1) as trainer:
    while not (folder / "go1").exists():
        trained(trainer, 20)
        trainer.average()
spark.stop()
"""
)


def executors_of(program: Program) -> set[str]:
    """Those of the last round."""
    return set(rounds(program)[-1].executors)


def test_an_executor_that_dies_is_replaced(
    jar: Path, cluster: HadoopCluster, tmp_path: Path
) -> None:
    arguments = (str(tmp_path), "5")
    with python(jar, tmp_path, ROUNDS, *arguments, **cluster.variables) as program:
        program.until(lambda: len(rounds(program)) >= 3, "rounds")
        before = executors_of(program)
        assert len(before) == 2
        os.kill(cluster.executors()[0], signal.SIGKILL)
        program.until(
            lambda: len(executors_of(program)) == 2 and executors_of(program) != before,
            "rounds with another executor",
        )
        go(tmp_path, 1)
        assert program.wait() == 0
        done = rounds(program)
    # What the lost one did in its last round is missing, and nothing else.
    assert [one.iteration for one in done] == [20 * (i + 1) for i in range(len(done))]
    assert sorted({one.images for one in done}) in ([1280], [640, 1280])
    assert sum(one.images == 640 for one in done) <= 1
    assert done[-1].loss < 0.5


# Two layers of 10 million weights.
LARGE = (
    "import re, time\n"
    + large(3163)
    + HOLDING
    + """
def start(**settings):
    # Heaps that are in memory as a whole from the start: nets have what was asked for, and no more.
    options = "-Xms800m -XX:+AlwaysPreTouch"
    heap = {"spark.executor.memory": "800m", "spark.executor.extraJavaOptions": options}
    return sparknet.session(2, master="yarn", config={**heap, **settings})


def trainer():
    train = data.from_numpy(np.ones((24, 3163), np.float32), np.zeros(24), 6)
    return sparknet.Trainer(solver, train, workers=6)


spark = start(**{"spark.task.maxFailures": "1"})
try:
    trainer()
except errors.OutOfMemoryError as error:
    told = str(error)
print("told", told, flush=True)
try:
    spark.sparkContext.parallelize([0], 1).map(lambda _: (b"x" * (2 << 30), time.sleep(60))).count()
except Exception as error:
    print("ended", "physical memory limits" in str(error), flush=True)
spark.stop()
spark = start(**{"spark.executor.memoryOverhead": re.search(r"set it to (\\d+m)", told)[1]})
with trainer() as large:
    for _ in range(4):
        rounds = large.fit(1, tau=4, checkpoint="hdfs:///large", every=1, progress=False).rounds
        done = rounds.iloc[-1]
        print("round", *map(int, (done.iteration, done.images, done.lost)), flush=True)
# The same once more, all of it in one of the containers.
with trainer() as large, slot_held(spark, sys.argv[1]):
    for _ in range(4):
        rounds = large.fit(1, tau=4, checkpoint="hdfs:///alone", every=1, progress=False).rounds
        done = rounds.iloc[-1]
        print("round", *map(int, (done.iteration, done.images, done.lost)), flush=True)
spark.stop()
"""
)


def test_containers_are_large_enough_or_refused(
    jar: Path, cluster: HadoopCluster, tmp_path: Path
) -> None:
    with python(jar, tmp_path, LARGE, tmp_path, **cluster.variables) as program:
        assert program.wait() == 0
        told, ended, *trained = program.out.splitlines()
        assert "lost" not in program.err  # Nor was any ended for what it took.
    assert told.startswith("told spark.executor.memoryOverhead is too small")
    assert "20.0 million weights" in told
    assert "there are 384 MB" in told
    assert ended == "ended True"  # YARN means it.
    assert trained == [f"round {4 * (i + 1)} 24 0" for i in range(4)] * 2


@contextlib.contextmanager
def submitted(
    cluster: HadoopCluster, folder: Path, *command: str | Path, **variables: str
) -> Iterator[Program]:
    """A program whose driver is in a container, too."""
    with running(command, folder, **cluster.variables, **variables) as program:
        yield program
        print(cluster.logs(program))


def test_python_in_cluster_mode(
    jar: Path, cluster: HadoopCluster, cifar: str, tmp_path: Path
) -> None:
    line = ["spark-submit", "--master", "yarn", "--deploy-mode", "cluster"]
    app = ["--jars", jar, "--py-files", jar, ROOT / "python/apps/cifar.py"]
    options = ["--data", cifar, "--batch-size", "20", "--tau", "5", "--seed", "1"]
    kept = ["--epochs", "1.2", "--snapshot-prefix", "hdfs:///models/cifar"]
    with submitted(cluster, tmp_path, *line, *app, *options, *kept) as program:
        status = program.wait()
        out = cluster.logs(program, "stdout")
    assert status == 0
    assert "1,000 images to train on, 200 to test on" in out
    assert re.search(r"^1,200 images, [\d,]+ images/s$", out, re.MULTILINE)
    accuracy = re.search(r"^test accuracy +([\d.]+)%$", out, re.MULTILINE)
    assert accuracy
    assert float(accuracy[1]) > 50  # The classes are easy to tell apart; chance is 10 %.
    assert "snapshot       hdfs:///models/cifar_iter_30.caffemodel" in out
    files = [f"cifar_iter_30.{kind}" for kind in ("caffemodel", "solverstate")]
    assert cluster.listed("/models") == files


def test_scala_in_cluster_mode_by_the_recipe(
    jar: Path, cluster: HadoopCluster, cifar: str, tmp_path: Path
) -> None:
    sizes = ["--workers", "2", "--cores", "1", "--memory", "512m", "--overhead", "512m"]
    command = [ROOT / "clusters/yarn/submit", *sizes, "apps.CifarApp", "2", "2", cifar, "quick"]
    own = {"SPARKNET_JAR": str(jar), "PYTHONPATH": python_path(ROOT / "python")}
    with submitted(cluster, tmp_path, *command, **own) as program:
        status = program.wait()
        log = cluster.logs(program, "training_log_*.txt")
    assert status == 0
    messages = [line.split(": ", 1)[1] for line in log.splitlines()]
    assert "numTrainMinibatches = 10" in messages
    assert sum(message == "training" for message in messages) == 2
    assert messages[-1] == "finished training"
