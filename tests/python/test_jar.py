"""Where the jar is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from jars import make_jar

import sparknet
from sparknet import jar
from sparknet.errors import SetupError

pytestmark = [pytest.mark.unit, pytest.mark.usefixtures("no_jar")]


def test_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_jar(tmp_path / "site" / "sparknet" / "jars" / "sparknet-assembly-9.0.jar")
    named = make_jar(tmp_path / "mine.jar")
    monkeypatch.setenv("SPARKNET_JAR", str(named))
    assert jar.find() == named
    monkeypatch.setenv("SPARKNET_JAR", str(tmp_path / "gone.jar"))
    with pytest.raises(SetupError, match=r"gone\.jar, which is not a file"):
        jar.find()


def test_jar_of_the_installed_package_the_newest_first(tmp_path: Path) -> None:
    jars = tmp_path / "site" / "sparknet" / "jars"
    make_jar(jars / "sparknet-assembly-0.9.0.jar")
    newest = make_jar(jars / "sparknet-assembly-0.10.0.jar")
    assert jar.find() == newest


def test_jar_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = make_jar(tmp_path / "target" / "scala-2.12" / "sparknet-assembly-1.0.jar")
    monkeypatch.setenv("SPARKNET_HOME", str(tmp_path))
    assert jar.find() == built


def test_package_inside_the_jar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_jar(tmp_path / "sparknet-assembly-1.0.jar")
    monkeypatch.setattr(sparknet, "__path__", [str(path / "sparknet")])
    assert jar.find() == path
    assert jar.text("sparknet-home/caffe/examples/x/net.prototxt") == 'name: "x"'
    assert jar.text("nothing") is None


def test_nothing_found_says_where_it_looked_and_what_to_do() -> None:
    with pytest.raises(SetupError, match=r"build/setup.*SPARKNET_JAR(.|\n)*jars"):
        jar.find()
    assert jar.text("anything") is None
