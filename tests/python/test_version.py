"""Package and jar of different builds are told apart."""

from __future__ import annotations

import importlib.metadata
import pkgutil
from collections.abc import Callable

import pytest

from sparknet import version
from sparknet.errors import SetupError

pytestmark = pytest.mark.unit


def found(data: bytes | None) -> Callable[[str, str], bytes | None]:
    return lambda package, resource: data


def test_properties_come_before_the_installed_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pkgutil, "get_data", found(b"# made\nversion = 9.8.7\n"))
    assert version.own() == "9.8.7"


def test_installed_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pkgutil, "get_data", found(None))
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.2.3")
    assert version.own() == "1.2.3"
    version.check("1.2.3")
    version.check(None)
    with pytest.raises(SetupError, match=r"1\.2\.3.*2\.0"):
        version.check("2.0")


def test_a_checkout_has_no_version_and_fits_any_jar(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(pkgutil, "get_data", found(None))
    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert version.own() is None
    version.check("2.0")
