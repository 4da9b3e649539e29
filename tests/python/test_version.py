"""Package and jar of different builds are told apart."""

from __future__ import annotations

import importlib.metadata
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import sparknet
from sparknet import version
from sparknet.errors import SetupError

pytestmark = pytest.mark.unit


def found(data: bytes | None) -> Callable[[str, str], bytes | None]:
    return lambda package, resource: data


def test_properties_come_before_the_installed_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pkgutil, "get_data", found(b"# made\nversion = 9.8.7\n"))
    assert version.own() == "9.8.7"


def test_a_checkout_has_the_version_of_its_pom(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pkgutil, "get_data", found(None))
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.0.1")
    expected = re.search(r"<version>(.*?)</version>", (root / "build" / "pom.xml").read_text())
    assert expected is not None
    assert version.own() == sparknet.__version__ == expected[1]


def test_installed_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(version, "_POM", tmp_path / "none")
    monkeypatch.setattr(pkgutil, "get_data", found(None))
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.2.3")
    assert version.own() == "1.2.3"
    version.check("1.2.3")
    version.check(None)
    with pytest.raises(SetupError, match=r"1\.2\.3.*2\.0"):
        version.check("2.0")


def test_a_copy_that_says_nothing_fits_any_jar(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(version, "_POM", tmp_path / "none")

    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(pkgutil, "get_data", found(None))
    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert version.own() is None
    assert sparknet.__version__ == "unknown"
    version.check("2.0")
