"""Where jars are looked for, and which of them fit a Spark."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jars import make_jar, make_spark

import sparknet
from sparknet import jar
from sparknet.errors import SetupError
from sparknet.sparks import Spark

pytestmark = [pytest.mark.unit, pytest.mark.usefixtures("no_jar")]

SPARK = Spark("3.5.9", "2.12")
LINES = {
    "spark-3.5": ("3.5", "2.12"),
    "spark-3.5-scala-2.13": ("3.5", "2.13"),
    "spark-4": ("4", "2.13"),
}


def installed(folder: Path, version: str = "1.0") -> dict[str, Path]:
    """The jars of an installed package, by their lines, and that of the native libraries."""
    jars = folder / "site" / "sparknet" / "jars"
    named = {
        line: make_jar(jars / f"sparknet-{version}-{line}.jar", version, *built)
        for line, built in LINES.items()
    }
    return {**named, "natives": make_jar(jars / f"sparknet-{version}-natives.jar", version)}


def built(folder: Path) -> dict[str, Path]:
    """The jars of a checkout by their lines."""
    folders = {"spark-3.5": "scala-2.12", "spark-4": "spark-4/scala-2.13"}
    return {
        line: make_jar(folder / "target" / place / "sparknet-assembly-1.0.jar", "1.0", *LINES[line])
        for line, place in folders.items()
    }


def test_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path)
    named = make_jar(tmp_path / "mine.jar", spark="9")
    monkeypatch.setenv("SPARKNET_JAR", str(named))
    assert jar.paths(SPARK) == [named]
    monkeypatch.setenv("SPARKNET_JAR", str(tmp_path / "gone.jar"))
    with pytest.raises(SetupError, match=r"gone\.jar, which is not a file"):
        jar.find(SPARK)


@pytest.mark.parametrize(
    ("version", "scala", "line"),
    [
        ("3.5.0", "2.12", "spark-3.5"),
        ("3.5.1-amzn-0", "2.12", "spark-3.5"),
        ("3.5.9", "2.13", "spark-3.5-scala-2.13"),
        ("4.0.0", "2.13", "spark-4"),
        ("4.3.0", None, "spark-4"),
    ],
)
def test_the_jar_that_fits(tmp_path: Path, version: str, scala: str | None, line: str) -> None:
    named = installed(tmp_path)
    spark = Spark(version, scala)
    assert jar.find(spark) == named[line]
    assert jar.paths(spark) == [named[line], named["natives"]]
    assert jar.spark_jars(spark) == f"{named[line]},{named['natives']}"


def test_the_newest_one(tmp_path: Path) -> None:
    installed(tmp_path, "0.9.0")
    newest = installed(tmp_path, "0.10.0")
    assert jar.paths(SPARK) == [newest["spark-3.5"], newest["natives"]]


def test_the_spark_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = installed(tmp_path)
    monkeypatch.setenv("SPARK_HOME", str(make_spark(tmp_path / "spark", "4.1.0", "2.13")))
    monkeypatch.delitem(sys.modules, "pyspark", raising=False)  # Whose session would come first.
    assert jar.find() == named["spark-4"]


@pytest.mark.parametrize(("version", "scala"), [("3.4.1", "2.12"), ("5.0.0", "2.13")])
def test_no_jar_that_fits(tmp_path: Path, version: str, scala: str) -> None:
    installed(tmp_path)
    told = (
        rf"^there is no SparkNet jar for Spark {version} with Scala {scala}, but for Spark 3\.5"
        r" with Scala 2\.12 or Spark 3\.5 with Scala 2\.13 or Spark 4 with Scala 2\.13: use such .*"
    )
    with pytest.raises(SetupError, match=told):
        jar.find(Spark(version, scala))


def test_jars_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = built(tmp_path)
    monkeypatch.setenv("SPARKNET_HOME", str(tmp_path))
    assert jar.paths(SPARK) == [named["spark-3.5"]]
    assert jar.paths(Spark("4.2.0", "2.13")) == [named["spark-4"]]
    with pytest.raises(
        SetupError, match=r"Scala 2\.13, but for .*: build/setup --spark LINE builds"
    ):
        jar.find(Spark("3.5.9", "2.13"))


def test_without_spark_any_jar_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparknet.sparks.at_hand", lambda: Spark("2.4.8", "2.11"))
    named = built(tmp_path)
    monkeypatch.setenv("SPARKNET_HOME", str(tmp_path))
    assert jar.of_any_line() == [named["spark-4"]]
    assert jar.text("sparknet-home/caffe/examples/x/net.prototxt") == 'name: "x"'
    monkeypatch.setattr("sparknet.sparks.at_hand", lambda: SPARK)
    assert jar.of_any_line() == [named["spark-3.5"]]


def test_package_inside_the_jar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_jar(tmp_path / "sparknet-assembly-1.0.jar")
    monkeypatch.setattr(sparknet, "__path__", [str(path / "sparknet")])
    assert jar.find(SPARK) == path
    assert jar.text("sparknet-home/caffe/examples/x/net.prototxt") == 'name: "x"'
    assert jar.text("nothing") is None


def test_nothing_found_says_where_it_looked_and_what_to_do() -> None:
    with pytest.raises(SetupError, match=r"build/setup.*SPARKNET_JAR(.|\n)*jars"):
        jar.find(SPARK)
    assert jar.text("anything") is None
