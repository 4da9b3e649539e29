"""What session a command asks for, and how Spark's errors look."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import pytest

import sparknet
from sparknet import sessions
from sparknet.commands.cluster import Cluster, running, told_in_a_line
from sparknet.commands.values import Megabytes, Setting
from sparknet.errors import ArgumentError, SetupError, StateError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.mark.unit
def test_this_machine_and_a_cluster() -> None:
    here = Cluster(None, None, None, None)
    assert (here.executors, here.heap, here.settings) == (2, 1024, {})
    conf = [Setting(("spark.a", "b"))]
    there = Cluster("yarn", 5, Megabytes(2048), conf)
    assert there.executors == 5
    assert there.settings == {"spark.executor.memory": "2048m", "spark.a": "b"}
    own = [Setting(("spark.executor.memory", "3g"))]
    assert Cluster("yarn", 5, Megabytes(2048), own).settings == {"spark.executor.memory": "3g"}


@pytest.mark.unit
def test_what_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []

    class Spark:
        uiWebUrl = "http://here:4040"  # noqa: N815 - PySpark's name.
        sparkContext = property(lambda self: self)  # noqa: N815 - PySpark's name.
        stopped = False

        level = ""

        def setLogLevel(self, level: str) -> None:  # noqa: N802 - PySpark's name.
            self.level = level

        def stop(self) -> None:
            self.stopped = True

    spark = Spark()

    def session(*given: Any, **options: Any) -> Spark:
        asked.append((given, options))
        return spark

    monkeypatch.setattr(sparknet, "session", session, raising=False)
    monkeypatch.setattr(sessions, "silence", lambda spark: None)
    monkeypatch.setenv("YARN_CONF_DIR", "/conf")
    with running(Cluster("yarn", 3, Megabytes(512), None), "train", ui=True) as given:
        assert given is spark  # type: ignore[comparison-overlap]
        assert (spark.stopped, spark.level) == (False, "FATAL")
    assert spark.stopped
    assert capsys.readouterr().out == "watch it at http://here:4040/sparknet\n"
    config = {"spark.executor.memory": "512m"}
    options = {"master": "yarn", "memory_mb": 512, "app_name": "SparkNet train", "ui": True}
    assert asked == [((3,), {**options, "s3": False, "config": config})]


@pytest.mark.unit
def test_yarn_without_its_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HADOOP_CONF_DIR", "YARN_CONF_DIR"):
        monkeypatch.delenv(name, raising=False)
    yarn = Cluster("yarn", None, None, None)
    with pytest.raises(SetupError, match="HADOOP_CONF_DIR names no folder"), running(yarn, "x"):
        pass


@pytest.mark.unit
def test_without_pyspark(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "pyspark" else find(name)
    )
    with (
        pytest.raises(SetupError, match=r"pip install 'sparknet\[spark\]'"),
        running(Cluster(None, None, None, None), "train"),
    ):
        pass


@pytest.mark.spark
def test_what_spark_refuses_is_a_line(spark: SparkSession) -> None:
    for refused in (
        lambda: spark.read.parquet("file:///not/there"),
        lambda: spark.range(3).select("nothing"),
        lambda: spark.read.table("not_there"),
    ):
        with pytest.raises(ArgumentError) as error, told_in_a_line():
            refused()
        assert "\n" not in str(error.value)
        assert "org.apache" not in str(error.value)
        assert "not" in str(error.value)


@pytest.mark.unit
def test_what_pyspark_raises_itself_is_a_line() -> None:
    from pyspark.errors import PySparkRuntimeError

    with pytest.raises(StateError, match="JAVA_GATEWAY_EXITED"), told_in_a_line():
        raise PySparkRuntimeError("[JAVA_GATEWAY_EXITED] Java gateway process exited")
