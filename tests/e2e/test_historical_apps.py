"""Apps as they were written for the original: compiled against the jar, run by spark-submit."""

from __future__ import annotations

import re
from pathlib import Path

import cifar_files
import pyspark
import pytest
from processes import EXECUTOR, ROOT, running

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.xdist_group("historical_apps")]

SOURCES = ROOT / "tests/resources/historical"
SPARK_JARS = Path(pyspark.__file__).parent / "jars"
LOCAL = "local[2]"
CLUSTER = "local-cluster[1,2,1024]"  # one executor with two cores


@pytest.fixture(scope="session")
def apps(jar: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A jar of the apps, made by the compiler that comes with Spark, of the Scala that it is."""
    folder = tmp_path_factory.mktemp("historical")
    sources = []
    for source in sorted(SOURCES.glob("*.scala")):
        text = source.read_text()
        # The step that the original's README asks for: to set sparkNetHome.
        sources.append(folder / source.name)
        sources[-1].write_text(text.replace("@SPARKNET_HOME@", str(ROOT)))
    out = folder / "apps.jar"
    compiler = ["java", "-cp", f"{SPARK_JARS}/*", "scala.tools.nsc.Main"]
    paths = ["-classpath", f"{jar}:{':'.join(map(str, SPARK_JARS.glob('*.jar')))}", "-d", out]
    with running([*compiler, *paths, *sources], folder) as program:
        assert program.wait() == 0
        assert "error" not in program.text
    return out


def submit(
    master: str, jar: Path, apps: Path, name: str, *arguments: str | Path
) -> list[str | Path]:
    """Its own spark-submit: the app's jar is not SparkNet's."""
    options = ["--master", master, "--conf", "spark.executor.memory=1g", "--jars", jar]
    if master == CLUSTER:
        options += ["--conf", "spark.serializer=org.apache.spark.serializer.KryoSerializer"]
    return ["spark-submit", *options, "--class", f"apps.{name}", apps, *arguments]


@pytest.mark.parametrize("master", [LOCAL, CLUSTER])
def test_two_tasks_on_one_net(jar: Path, apps: Path, tmp_path: Path, master: str) -> None:
    with running(submit(master, jar, apps, "TwoTasksApp"), tmp_path) as program:
        assert program.wait() == 0
        assert program.leftovers() == []
        out = program.out
    assert "strange images: 0, orders: List(1, 2)" in out
    assert "losses equal: true" in out
    assert "weights equal: true" in out
    assert "weights move: true" in out


def messages(folder: Path) -> list[str]:
    """The messages of the training log, without the seconds."""
    (log,) = folder.glob("training_log_*.txt")
    lines = log.read_text().splitlines()
    assert all(re.match(r"\d+\.\d+(E-?\d+)?(, i = \d+)?: ", line) for line in lines)
    return [line.split(": ", 1)[1] for line in lines]


def accuracies(log: list[str]) -> list[float]:
    return [float(line.split("%")[0]) for line in log if line.endswith("% accuracy")]


@pytest.fixture(scope="session")
def cifar_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cifar")
    cifar_files.write(folder, records=10_000)
    return folder


@pytest.mark.parametrize("master", [LOCAL, CLUSTER])
def test_cifar(jar: Path, apps: Path, cifar_data: Path, tmp_path: Path, master: str) -> None:
    command = submit(master, jar, apps, "CifarLikeApp", "2", cifar_data)
    with running(command, tmp_path) as program:
        if master == CLUSTER:
            program.until(lambda: len(program.descendants(EXECUTOR)) == 1, "the executor")
        assert program.wait() == 0
        assert program.leftovers() == []
        told = program.err.count("share a CaffeNet and take turns")
        assert program.out.count("testScores = Array(") == (4 if master == LOCAL else 0)
    log = messages(tmp_path)
    assert log[:3] == ["loading train data", "loading test data", "repartition data"]
    assert "trainPartitionSizes = Array(20, 20)" in log
    assert "testPartitionSizes = Array(4, 4)" in log
    assert log[-1] == "finished training"
    first, last = accuracies(log)
    assert first < 40  # an untrained net gets some of ten classes right
    assert last > first
    assert told == (1 if master == LOCAL else 0)  # an executor's stderr is its own
