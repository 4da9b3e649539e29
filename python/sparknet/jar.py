"""Finding SparkNet's jars, which carry the Scala classes and the native library.

There is a jar for each line of Spark that SparkNet is built for, and the one that fits the Spark at
hand is found: that of the running session, of ``$SPARK_HOME``, or of the installed PySpark. An
installed package has the native libraries once, in a jar of their own, which goes with it.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import sparknet
from sparknet import sparks
from sparknet.errors import SetupError
from sparknet.sparks import Line, Spark

__all__ = ["find", "of_any_line", "paths", "root", "spark_jars", "text"]

_PROPERTIES = "sparknet/version.properties"


class _Jar(NamedTuple):
    """A jar, and what it says of itself. line: None is that it fits whatever Spark there is."""

    path: Path
    version: str
    line: Line | None

    def fits(self, spark: Spark | None) -> bool:
        return spark is None or self.line is None or self.line.fits(spark)


def find(spark: Spark | None = None) -> Path:
    """The jar with the classes, and this package: ``$SPARKNET_JAR``, the one that holds this
    package, that of the installed package, or that of a checkout.

    spark: what it has to fit; default: the Spark at hand. SetupError if there is none that fits.
    """
    spark = spark or sparks.at_hand()
    found = _found()
    fitting = [jar for jar in found if jar.fits(spark)]
    if not fitting:
        raise SetupError(_misfit(spark, found))
    return fitting[-1].path


def paths(spark: Spark | None = None) -> list[Path]:
    """All jars that a Spark needs: ``find``, and that of the native libraries where it has none."""
    return _complete(find(spark))


def spark_jars(spark: Spark | None = None) -> str:
    """The same as Spark's setting ``spark.jars`` and its options ``--jars`` and ``--py-files``
    take them."""
    return ",".join(map(str, paths(spark)))


def of_any_line() -> list[Path]:
    """As ``paths``, where no Spark has to run: for the Spark at hand, or else another."""
    spark = sparks.at_hand()
    found = _found()
    return _complete(([jar for jar in found if jar.fits(spark)] or found)[-1].path)


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
        return _read(of_any_line()[0], entry)
    except SetupError:
        return None


def _found() -> list[_Jar]:
    """The jars of the first place that has any, the newest one last."""
    named = os.environ.get("SPARKNET_JAR")
    if named:
        if not Path(named).is_file():
            raise SetupError(f"SPARKNET_JAR names {named}, which is not a file")
        return [_Jar(Path(named).absolute(), "", None)]
    looked: list[str] = []
    for place, patterns in _places():
        looked.append(f"\n  {place}")
        if place.is_file():
            return [_jar(place)]
        found = [_jar(path) for pattern in patterns for path in place.glob(pattern)]
        if found:
            return sorted(found, key=lambda jar: (_numbers(jar.version), jar.path))
    raise SetupError(
        "the SparkNet jar was not found: build it with build/setup, or set SPARKNET_JAR to its"
        f" path. Looked in:{''.join(looked)}"
    )


def _places() -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Files, or folders with the patterns of the names in them."""
    package = _package()
    if package.parent.is_file():  # Imported from an archive: the jar given to --py-files.
        yield package.parent, ()
    yield package / "jars", ("sparknet-*-spark-*.jar", "sparknet-assembly-*.jar")
    above = root()
    if above is not None:  # The first line's, and those of the others.
        names = "scala-*/sparknet-assembly-*.jar"
        yield above / "target", (names, f"*/{names}")


def _package() -> Path:
    """The folder of this package; inside an archive if it is imported from one."""
    return Path(next(iter(sparknet.__path__)))


def _jar(path: Path) -> _Jar:
    """A jar as its properties describe it."""
    lines = (_read(path, _PROPERTIES) or "").splitlines()
    own = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
    line = Line(own["spark"], own["scala"]) if "spark" in own and "scala" in own else None
    return _Jar(path, own.get("version", ""), line)


def _complete(path: Path) -> list[Path]:
    """A jar with that of the native libraries, if one of its version lies beside it."""
    version = _jar(path).version
    natives = path.with_name(f"sparknet-{version}-natives.jar")
    return [path, natives] if version and natives.is_file() else [path]


def _read(path: Path, entry: str) -> str | None:
    try:
        with zipfile.ZipFile(path) as jar:
            return jar.read(entry).decode("utf-8")
    except (KeyError, OSError, zipfile.BadZipFile):
        return None


def _misfit(spark: Spark | None, found: Iterable[_Jar]) -> str:
    lines = " or ".join(sorted({str(jar.line) for jar in found}))
    remedy = "use such a Spark, or set SPARKNET_JAR to a jar for it"
    if root() is not None:
        remedy = (
            "build/setup --spark LINE builds one for each line of Spark that build/pom.xml names"
        )
    return f"there is no SparkNet jar for {spark}, but for {lines}: {remedy}"


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
