"""Where the nets that come with SparkNet are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from jars import make_jar

import sparknet
from sparknet import models
from sparknet.errors import FileError

pytestmark = [pytest.mark.unit, pytest.mark.usefixtures("no_jar")]


def test_in_the_jar_that_holds_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_jar(tmp_path / "sparknet-assembly-1.0.jar")
    monkeypatch.setattr(sparknet, "__path__", [str(path / "sparknet")])
    assert models.text("examples/x/net.prototxt") == 'name: "x"'


def test_nowhere() -> None:
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
