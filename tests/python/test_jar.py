"""Where the jar and the models in it are looked for."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

import sparknet
from sparknet import jar, models
from sparknet.errors import FileError, SetupError

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No jar and no checkout, as far as the package can tell."""
    package = tmp_path / "site" / "sparknet"
    package.mkdir(parents=True)
    monkeypatch.setattr(sparknet, "__path__", [str(package)])
    monkeypatch.delenv("SPARKNET_JAR", raising=False)
    monkeypatch.delenv("SPARKNET_HOME", raising=False)


def make_jar(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sparknet-home/caffe/examples/x/net.prototxt", 'name: "x"')
    return path


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
    assert models.text("examples/x/net.prototxt") == 'name: "x"'


def test_nothing_found_says_where_it_looked_and_what_to_do() -> None:
    with pytest.raises(SetupError, match=r"build/setup.*SPARKNET_JAR(.|\n)*jars"):
        jar.find()
    assert models.text("examples/x/net.prototxt") is None
    with pytest.raises(FileError, match=r"x/net\.prototxt"):
        models.prototxt("examples/x/net.prototxt")


def test_models_of_the_checkout_before_those_of_the_jar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_jar(tmp_path / "target" / "scala-2.12" / "sparknet-assembly-1.0.jar")
    monkeypatch.setenv("SPARKNET_HOME", str(tmp_path))
    assert models.prototxt("examples/x/net.prototxt") == 'name: "x"'
    own = tmp_path / "caffe" / "examples" / "x" / "net.prototxt"
    own.parent.mkdir(parents=True)
    own.write_text('name: "own"')
    assert models.prototxt("caffe/examples/x/net.prototxt") == 'name: "own"'


@pytest.mark.parametrize("path", ["/etc/hostname", "../secret.prototxt"])
def test_only_paths_below_caffe(path: str) -> None:
    assert models.text(path) is None
