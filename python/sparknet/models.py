"""The nets and solvers that come with SparkNet, such as ``examples/cifar10/...``."""

from __future__ import annotations

from pathlib import Path

from sparknet import jar
from sparknet.errors import FileError

__all__ = ["prototxt", "text"]

_IN_JAR = Path("sparknet-home")


def text(path: str) -> str | None:
    """A prototxt by its path below ``caffe/``; None if SparkNet has none of this name.

    Looked up in the checkout (``$SPARKNET_HOME``), then in the jar.
    """
    entry = Path(path)
    if entry.is_absolute() or ".." in entry.parts:
        return None
    if entry.parts[:1] != ("caffe",):
        entry = "caffe" / entry
    home = jar.root()
    if home is not None and (home / entry).is_file():
        return (home / entry).read_text(encoding="utf-8")
    return jar.text((_IN_JAR / entry).as_posix())


def prototxt(path: str) -> str:
    """As ``text``, but a missing file is an error."""
    found = text(path)
    if found is None:
        raise FileError(f"SparkNet has no {path}: set SPARKNET_HOME to a checkout, or use its jar")
    return found
