"""The line that spark-submit is given."""

from __future__ import annotations

import os
import shlex
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from command_line import run
from jars import make_jar, make_spark

from sparknet import jar

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Spark of one's own, a jar and a program; 8 cores."""
    (tmp_path / "spark" / "bin").mkdir(parents=True)
    for file in ("spark/bin/spark-submit", "net.jar", "app.py", "my.jar"):
        (tmp_path / file).touch()
    monkeypatch.chdir(tmp_path)
    for name in ("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SPARK_HOME", str(tmp_path / "spark"))
    monkeypatch.setenv("SPARKNET_JAR", str(tmp_path / "net.jar"))
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    return tmp_path


def printed(*arguments: str) -> tuple[dict[str, str], list[str]]:
    """What the line sets in the environment, and its words after spark-submit."""
    ended = run("submit", "--print", *arguments)
    assert (ended.status, ended.err) == (0, "")
    words = shlex.split(ended.out)
    at = next(index for index, word in enumerate(words) if word.endswith("/bin/spark-submit"))
    return dict(word.split("=", 1) for word in words[:at]), words[at + 1 :]  # type: ignore[misc]


def test_this_machine(folder: Path) -> None:
    environment, words = printed(
        "app.py", "--workers", "4", "--memory", "2g", "--", "--epochs", "3"
    )
    jar = str(folder / "net.jar")
    assert environment == {
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "PYSPARK_PYTHON": sys.executable,
    }
    assert words == [
        *("--master", "local-cluster[4,2,2048]", "--executor-memory", "2048m"),
        *("--conf", "spark.task.cpus=2", "--jars", jar, "--py-files", jar),
        *("app.py", "--epochs", "3"),
    ]
    assert printed("app.py")[1][:2] == ["--master", "local-cluster[2,4,1024]"]


def test_yarn(folder: Path) -> None:
    environment, words = printed(
        *("app.py", "one", "--master", "yarn", "--deploy-mode", "cluster", "--workers", "3"),
        *("--cores", "4", "--memory", "6g", "--overhead", "3g", "--driver-memory", "1500m"),
        *("--name", "two words", "--jars", "a.jar", "--jars", "b.jar", "--py-files", "c.zip"),
        *("--conf", "spark.task.cpus=1", "--conf", "spark.x=y z"),
    )
    jar = str(folder / "net.jar")
    assert environment == {}
    assert words == [
        *("--master", "yarn", "--deploy-mode", "cluster", "--num-executors", "3"),
        *("--executor-cores", "4", "--executor-memory", "6144m", "--driver-memory", "1500m"),
        *("--conf", "spark.task.cpus=4", "--conf", "spark.executor.memoryOverhead=3072m"),
        *("--name", "two words", "--jars", f"{jar},a.jar,b.jar", "--py-files", f"{jar},c.zip"),
        # Spark takes the last of a setting.
        *("--conf", "spark.task.cpus=1", "--conf", "spark.x=y z", "app.py", "one"),
    ]


def test_the_jars_of_an_installed_package(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_spark(folder / "spark", "4.2.0", "2.13")
    classes = make_jar(folder / "sparknet-1.0-spark-4.jar", spark="4", scala="2.13")
    natives = make_jar(folder / "sparknet-1.0-natives.jar")
    monkeypatch.setattr(jar, "_places", lambda: [(folder, ("sparknet-*-spark-*.jar",))])
    monkeypatch.delenv("SPARKNET_JAR")
    words = printed("app.py", "--master", "yarn")[1]
    assert words[2:] == [*("--jars", f"{classes},{natives}", "--py-files", str(classes), "app.py")]
    words = printed("apps.CifarApp", "2", "--master", "yarn")[1]
    assert words[2:] == ["--jars", str(natives), "--class", "apps.CifarApp", str(classes), "2"]
    make_spark(folder / "other", "3.5.9", "2.12")
    (folder / "other" / "bin").mkdir()
    (folder / "other" / "bin" / "spark-submit").touch()
    monkeypatch.setenv("SPARK_HOME", str(folder / "other"))
    ended = run("submit", "--print", "app.py")
    assert "there is no SparkNet jar for Spark 3.5.9 with Scala 2.12, but for" in ended.err


def test_a_driver_on_a_worker_of_a_standalone_cluster(folder: Path) -> None:
    given = ("apps.CifarApp", "2", "--master", "spark://host:7077")
    name = "spark.driver.extraJavaOptions"
    words = printed(*given, "--deploy-mode", "cluster", "--conf", f"{name}=-Dmine=1")[1]
    (options,) = [word for word in words if word.startswith(name)]
    # As the JVM takes them: the packages that Spark's context reaches into, and the user's own.
    assert options.startswith(f"{name}=-XX:+IgnoreUnrecognizedVMOptions --add-opens=java.base/")
    assert " --add-opens=java.base/sun.nio.ch=ALL-UNNAMED " in options
    assert options.endswith(" -Dmine=1")
    assert name not in shlex.join(printed(*given)[1])


def test_a_standalone_cluster_deals_out_cores(folder: Path) -> None:
    environment, words = printed("app.py", "--master", "spark://host:7077", "--workers", "3")
    assert environment == {"PYSPARK_DRIVER_PYTHON": sys.executable}
    assert words[:6] == [
        *("--master", "spark://host:7077", "--total-executor-cores", "3"),
        *("--executor-cores", "1"),
    ]
    words = printed("app.py", "--master", "spark://h:1", "--workers", "3", "--cores", "4")[1]
    assert words[2:6] == ["--total-executor-cores", "12", "--executor-cores", "4"]


def test_kubernetes(folder: Path) -> None:
    own = "local:///opt/sparknet.jar"
    _, words = printed(
        *("local:///opt/app.py", "--master", "k8s://https://host:6443", "--deploy-mode", "cluster"),
        *("--workers", "2", "--image", "me/spark:1", "--jar", own),
    )
    assert words == [
        *("--master", "k8s://https://host:6443", "--deploy-mode", "cluster"),
        *("--num-executors", "2", "--conf", "spark.kubernetes.container.image=me/spark:1"),
        *("--jars", own, "--py-files", own, "local:///opt/app.py"),
    ]


def test_classes(folder: Path) -> None:
    jar = str(folder / "net.jar")
    environment, words = printed("apps.CifarApp", "2", "20", "--master", "yarn", "--jars", "a.jar")
    assert environment == {}
    assert words[2:] == ["--jars", "a.jar", "--class", "apps.CifarApp", jar, "2", "20"]
    words = printed("my.jar:my.App", "--master", "yarn")[1]
    assert words[2:] == ["--jars", jar, "--class", "my.App", "my.jar"]


def test_s3(folder: Path) -> None:
    jars = folder / "spark" / "jars"
    jars.mkdir()
    (jars / "hadoop-client-api-9.8.7.jar").touch()
    ours = folder / "sparknet-s3-1.0-hadoop-9.8.7.jar"
    ours.touch()
    given = ("--master", "yarn", "--jars", "a.jar", "--conf", "spark.x=y")
    _, words = printed("app.py", "--s3", *given)
    net = str(folder / "net.jar")
    assert words[2:] == [
        *("--jars", f"{net},a.jar,{ours}", "--py-files", net, "--conf", "spark.x=y", "app.py"),
    ]
    # Without a jar of ours, what Maven Central has, beside what is asked for.
    ours.unlink()
    with zipfile.ZipFile(folder / "net.jar", "w") as archive:
        archive.writestr("sparknet/s3_packages.tsv", "9.8.7\torg:aws:1\torg:all\n")
    _, words = printed("app.py", "--s3", "--conf", "spark.jars.packages=my:own:2", *given)
    assert words[2:] == [
        *("--jars", f"{net},a.jar", "--py-files", net),
        *("--conf", "spark.jars.packages=my:own:2,org:aws:1", "--conf", "spark.x=y"),
        *("--conf", "spark.jars.excludes=org:all", "app.py"),
    ]
    (jars / "hadoop-aws-9.8.7.jar").touch()
    assert printed("app.py", "--s3", *given) == printed("app.py", *given)


def test_which_spark_submit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyspark

    own = Path(pyspark.__path__[0])
    monkeypatch.delenv("SPARK_HOME")
    monkeypatch.setenv("PATH", str(folder / "nothing"))
    environment, _ = printed("app.py")
    assert environment["SPARK_HOME"] == str(own)
    assert f"{own}/bin/spark-submit " in run("submit", "app.py", "--print").out
    (folder / "spark/bin/spark-submit").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "spark/bin"))
    environment, _ = printed("app.py")
    assert "SPARK_HOME" not in environment
    assert f"{folder}/spark/bin/spark-submit " in run("submit", "app.py", "--print").out


def test_it_becomes_spark_submit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYSPARK_PYTHON", "python9")
    monkeypatch.setenv("HADOOP_CONF_DIR", "conf")
    done: list[Any] = []
    monkeypatch.setattr(os, "execve", lambda *given: done.append(given))
    assert run("submit", "app.py", "--master", "yarn").status == 0
    ((file, command, environment),) = done
    assert file == command[0] == str(folder / "spark/bin/spark-submit")
    assert command[-1] == "app.py"
    assert environment["PYSPARK_PYTHON"] == "python9"
    assert environment["PYSPARK_DRIVER_PYTHON"] == sys.executable
    assert environment["SPARK_HOME"] == str(folder / "spark")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone.py"], "gone.py: no such file"),
        (["gone.jar:my.App"], "gone.jar: no such file"),
        (["my.jar"], "my.jar: name a class of it, my.jar:my.App"),
        (["what is this"], "neither a .py file nor a class"),
        (["app.py", "--deploy-mode", "cluster"], "--deploy-mode goes with a --master"),
        (["app.py", "--image", "x", "--master", "yarn"], "--image goes with a --master that is K"),
        (["app.py", "--master", "yarn"], "yarn: HADOOP_CONF_DIR names no folder"),
        (["app.py", "--jar", ""], "SPARKNET_JAR names gone.jar, which is not a file"),
        (["app.py", "--name", "x"], "SPARK_HOME is gone, where there is no bin/spark-submit"),
    ],
)
def test_errors(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    for name in ("HADOOP_CONF_DIR", "YARN_CONF_DIR"):
        monkeypatch.delenv(name, raising=False)
    if "SPARKNET_JAR" in said:
        monkeypatch.setenv("SPARKNET_JAR", "gone.jar")
    if "SPARK_HOME" in said:
        monkeypatch.setenv("SPARK_HOME", "gone")
    ended = run("submit", *arguments)
    assert ended.status == 1
    assert said in ended.err
    assert ended.err.count("\n") == 1
