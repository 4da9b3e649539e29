"""Which of SparkNet's jars goes to a cluster."""

from __future__ import annotations

from pathlib import Path

import pytest
from jar_files import jar
from sparknet_ec2 import jars
from sparknet_ec2.errors import SetupError

pytestmark = pytest.mark.unit


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One without jars; no package is installed, either."""
    monkeypatch.setattr(jars, "ROOT", tmp_path)
    monkeypatch.delenv("SPARKNET_JAR", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    return tmp_path


def test_that_of_the_sparks_line(clone: Path) -> None:
    target = clone / "target"
    ours = jar(target / "scala-2.12/sparknet-assembly-0.2.0.jar", "0.2.0", "3.5", "2.12")
    # apache.org's Spark 3.5 of the name that is taken has Scala 2.12.
    jar(target / "spark-3.5/scala-2.13/sparknet-assembly-0.2.0.jar", "0.2.0", "3.5", "2.13")
    four = jar(target / "spark-4/scala-2.13/sparknet-assembly-0.2.0.jar", "0.2.0", "4", "2.13")
    assert jars.find("3.5.6") == jars.Jars(ours, None, "2.12")
    assert jars.find("4.0.1") == jars.Jars(four, None, "2.13")
    for other in ("3.4.4", "3.50.0", "5.0.0"):
        with pytest.raises(SetupError, match=f"no SparkNet jar for Spark {other}"):
            jars.find(other)


def test_the_newest_one(clone: Path) -> None:
    for version in ("0.2.0", "0.10.0", "0.9.0"):
        path = clone / f"target/scala-2.12/sparknet-assembly-{version}.jar"
        jar(path, version, "3.5", "2.12")
    assert jars.find("3.5.6").classes.name == "sparknet-assembly-0.10.0.jar"


def test_the_one_that_is_named(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = jar(clone / "own.jar", "1", "3.5", "2.12")
    monkeypatch.setenv("SPARKNET_JAR", str(path))
    assert jars.find("3.5.6").classes == path
    monkeypatch.setenv("SPARKNET_JAR", str(clone / "none.jar"))
    with pytest.raises(SetupError, match=r"none\.jar, which is not a file"):
        jars.find("3.5.6")


def test_those_of_an_installed_package(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = clone / "site/sparknet/jars"
    classes = jar(folder / "sparknet-0.2.0-spark-3.5-scala-2.12.jar", "0.2.0", "3.5", "2.12")
    natives = folder / "sparknet-0.2.0-natives.jar"
    natives.write_bytes(b"")

    class Found:
        submodule_search_locations = (str(folder.parent),)

    monkeypatch.setattr("importlib.util.find_spec", lambda name: Found)
    assert jars.find("3.5.6") == jars.Jars(classes, natives, "2.12")


def test_s3a_of_a_hadoop(clone: Path) -> None:
    path = jar(clone / "target/scala-2.12/sparknet-assembly-0.2.0.jar", "0.2.0", "3.5", "2.12")
    found = jars.find("3.5.6")
    assert jars.s3(found, "3.3.4") is None
    own = clone / "target/s3/sparknet-s3-0.2.0-hadoop-3.3.4.jar"
    own.parent.mkdir()
    own.touch()
    assert jars.s3(found, "3.3.4") == own
    assert jars.s3(found, "3.3.6") is None
    beside = path.with_name(own.name)
    beside.touch()
    assert jars.s3(found, "3.3.4") == beside
