"""What session() asks Spark for, and what it leaves alone."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from py4j.protocol import Py4JNetworkError

from sparknet import sessions
from sparknet.errors import SetupError

pytestmark = pytest.mark.unit


class Builder:
    """Collects what is configured."""

    def __init__(self) -> None:
        self.settings: dict[str, str] = {}
        self.url: str | None = None
        self.log_settings = ""

    def appName(self, name: str) -> Builder:  # noqa: N802 - PySpark's name.
        self.settings["app"] = name
        return self

    def config(self, key: str, value: str) -> Builder:
        self.settings[key] = value
        return self

    def master(self, url: str) -> Builder:
        self.url = url
        return self

    def getOrCreate(self) -> Any:  # noqa: N802 - PySpark's name.
        options = self.settings.get("spark.driver.extraJavaOptions", "")
        for option in options.split():
            if option.startswith("-Dlog4j2.configurationFile="):
                self.log_settings = Path(option.partition("=")[2]).read_text()
        return self

    sparkContext = property(lambda self: self)  # noqa: N815 - PySpark's name.

    def setLogLevel(self, level: str) -> None:  # noqa: N802 - PySpark's name.
        self.settings["log level"] = level


class Engine:
    """Stands in for the JVM's classes."""

    def __init__(self, spark: object) -> None:
        pass

    def warnings_only(self) -> None:
        pass


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Builder:
    made = Builder()

    class Session:
        builder = made
        active: object = None

        @classmethod
        def getActiveSession(cls) -> object:  # noqa: N802 - PySpark's name.
            return cls.active

    monkeypatch.setattr(sessions, "SparkSession", Session)
    monkeypatch.setattr(sessions, "Py4JJvm", Engine)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    jar = tmp_path / "x.jar"
    jar.touch()
    monkeypatch.setenv("SPARKNET_JAR", str(jar))
    monkeypatch.delenv("PYSPARK_PYTHON", raising=False)
    monkeypatch.delenv("PYSPARK_GATEWAY_PORT", raising=False)
    return made


def test_executors_share_out_the_cores(builder: Builder, tmp_path: Path) -> None:
    sessions.session(3, memory_mb=512)
    assert builder.url == "local-cluster[3,2,512]"
    assert builder.settings["spark.task.cpus"] == "2"
    assert builder.settings["spark.executor.memory"] == "512m"
    assert builder.settings["spark.jars"] == str(tmp_path / "x.jar")
    assert os.environ["PYSPARK_PYTHON"] == sys.executable
    assert builder.settings["log level"] == "ERROR"
    assert "rootLogger.level = error" in builder.log_settings
    assert builder.settings["spark.ui.enabled"] == "false"
    sessions.session(3, ui=True)
    assert builder.settings["spark.ui.enabled"] == "true"


def test_more_workers_than_cores(builder: Builder) -> None:
    sessions.session(20)
    assert builder.url == "local-cluster[20,1,1024]"


def test_spark_connect(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED"):
        with monkeypatch.context() as changed:
            changed.setenv(name, "local")
            with pytest.raises(SetupError, match="this session is Spark Connect's"):
                sessions.session(1)
    assert builder.settings == {}


def test_own_master_and_settings(builder: Builder) -> None:
    options = "spark.driver.extraJavaOptions"
    sessions.session(
        master="spark://host:7077", config={"spark.ui.enabled": "true", options: "-ea"}
    )
    assert builder.url == "spark://host:7077"
    assert "spark.task.cpus" not in builder.settings
    assert builder.settings["spark.ui.enabled"] == "true"
    assert builder.settings[options].endswith(" -ea")
    assert builder.log_settings
    assert "PYSPARK_PYTHON" not in os.environ


def test_with_s3(builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spark = tmp_path / "spark"
    (spark / "jars").mkdir(parents=True)
    (spark / "jars" / "hadoop-client-api-9.8.7.jar").touch()
    monkeypatch.setenv("SPARK_HOME", str(spark))
    (tmp_path / "sparknet-s3-1.0-hadoop-9.8.7.jar").touch()
    sessions.session(1, s3=True, config={"spark.x": "y"})
    jars = f"{tmp_path}/x.jar,{tmp_path}/sparknet-s3-1.0-hadoop-9.8.7.jar"
    assert builder.settings["spark.jars"] == jars
    assert builder.settings["spark.x"] == "y"


def test_under_spark_submit_its_options_hold(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")
    sessions.session(2, app_name="mine")
    assert builder.settings == {"app": "mine"}
    assert builder.url is None


def test_control_c_while_a_session_starts(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = Spark()

    def start(self: Builder) -> Spark:
        os.kill(os.getpid(), signal.SIGINT)
        return started

    monkeypatch.setattr(Builder, "getOrCreate", start)
    with pytest.raises(KeyboardInterrupt):
        sessions.session(2)
    # Nothing of it is left behind.
    assert started.calls[-1] == "stop"


def test_a_session_whose_jar_does_not_fit(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def misfit(self: Engine) -> None:
        raise SetupError("x.jar is built for another Spark")

    started = Spark()
    monkeypatch.setattr(Engine, "warnings_only", misfit)
    monkeypatch.setattr(Builder, "getOrCreate", lambda self: started)
    with pytest.raises(SetupError, match="another Spark"):
        sessions.session(2)
    assert started.calls[-1] == "stop"


def test_an_active_session_is_taken_as_it_is(builder: Builder) -> None:
    active = object()
    sessions.SparkSession.active = active  # type: ignore[attr-defined]
    assert sessions.session() is active
    assert builder.settings == {}


class Spark:
    """A session whose JVM may be gone."""

    def __init__(self, gone: bool = False) -> None:
        self.calls: list[str] = []
        self.gone = gone

    sparkContext = property(lambda self: self)  # noqa: N815 - PySpark's name.
    _jvm = property(lambda self: self)
    java = io = lang = System = OutputStream = _jvm

    def nullOutputStream(self) -> str:  # noqa: N802 - Java's name.
        return "nowhere"

    def PrintStream(self, stream: str) -> str:  # noqa: N802 - Java's name.
        return f"printed {stream}"

    def setErr(self, stream: str) -> None:  # noqa: N802 - Java's name.
        self.calls.append(stream)

    def setLogLevel(self, level: str) -> None:  # noqa: N802 - PySpark's name.
        self.calls.append(level)
        if self.gone and level == "OFF":
            raise Py4JNetworkError("gone")

    def stop(self) -> None:
        self.calls.append("stop")


@pytest.mark.parametrize("gone", [False, True])
def test_a_program_stops_its_session_quietly(gone: bool) -> None:
    spark: Any = Spark(gone)
    with pytest.raises(FileNotFoundError), sessions.stopping(spark):
        raise FileNotFoundError
    assert spark.calls == ["ERROR", "OFF", *([] if gone else ["printed nowhere"]), "stop"]
