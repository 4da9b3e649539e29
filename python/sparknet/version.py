"""This package's version, which must be that of the jar it works with."""

from __future__ import annotations

import importlib.metadata
import pkgutil
from pathlib import Path
from xml.etree import ElementTree

from sparknet.errors import SetupError

__all__ = ["check", "own"]

# Of a checkout, which this package is in.
_POM = Path(__file__).resolve().parents[2] / "build" / "pom.xml"


def own() -> str | None:
    """The version: that beside the jar's copy of the package, of the checkout's POM, or of the
    installed package; None where none of them is."""
    try:
        properties = pkgutil.get_data("sparknet", "version.properties")
    except OSError:
        properties = None
    for line in (properties or b"").decode("utf-8").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "version":
            return value.strip()
    if _POM.is_file():  # The metadata of a checkout are as old as its installation.
        return ElementTree.parse(_POM).findtext("version")
    try:
        return importlib.metadata.version("sparknet")
    except importlib.metadata.PackageNotFoundError:
        return None


def check(of_jar: str | None) -> None:
    """SetupError if the jar's version is known and another one than the package's."""
    mine = own()
    if mine and of_jar and mine != of_jar:
        raise SetupError(
            f"the sparknet package is version {mine}, the jar on the class path {of_jar}:"
            " use the two from one build"
        )
