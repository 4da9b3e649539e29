"""This package's version, which must be that of the jar it works with."""

from __future__ import annotations

import importlib.metadata
import pkgutil

from sparknet.errors import SetupError

__all__ = ["check", "own"]


def own() -> str | None:
    """The version; None in a checkout that is used without installing it.

    The jar's copy of the package has ``version.properties`` beside it.
    """
    try:
        properties = pkgutil.get_data("sparknet", "version.properties")
    except OSError:
        properties = None
    for line in (properties or b"").decode("utf-8").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "version":
            return value.strip()
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
