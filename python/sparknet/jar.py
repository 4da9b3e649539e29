"""Finding the assembly jar, which carries the Scala classes and the native library."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import sparknet
from sparknet.errors import SetupError

__all__ = ["find", "root", "text"]

_PATTERN = "sparknet-assembly-*.jar"


def find() -> Path:
    """The jar: ``$SPARKNET_JAR``, the one that holds this package, that of the installed
    package, or that of a checkout (``target/scala-2.12``)."""
    named = os.environ.get("SPARKNET_JAR")
    if named:
        if not Path(named).is_file():
            raise SetupError(f"SPARKNET_JAR names {named}, which is not a file")
        return Path(named).absolute()
    looked: list[Path] = []
    for place in _places():
        looked.append(place)
        found = [place] if place.is_file() else sorted(place.glob(_PATTERN), key=_version)
        if found:
            return found[-1]
    tried = "".join(f"\n  {place}" for place in looked)
    raise SetupError(
        "the SparkNet jar was not found: build it with build/setup, or set SPARKNET_JAR to its"
        f" path. Looked in:{tried}"
    )


def root() -> Path | None:
    """The checkout's root: ``$SPARKNET_HOME``, or that around this package; or None."""
    home = os.environ.get("SPARKNET_HOME")
    if home:
        return Path(home).absolute()
    above = _package().parent.parent
    return above if (above / "caffe" / "examples").is_dir() else None


def text(entry: str) -> str | None:
    """A text file inside the jar; None if there is no jar or no such entry."""
    try:
        with zipfile.ZipFile(find()) as jar:
            return jar.read(entry).decode("utf-8")
    except (SetupError, KeyError, OSError, zipfile.BadZipFile):
        return None


def _package() -> Path:
    """The folder of this package; inside an archive if it is imported from one."""
    return Path(next(iter(sparknet.__path__)))


def _places() -> Iterator[Path]:
    package = _package()
    if package.parent.is_file():  # Imported from an archive: the jar given to --py-files.
        yield package.parent
    yield package / "jars"
    above = root()
    if above is not None:
        yield above / "target" / "scala-2.12"


def _version(jar: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", jar.stem)]
