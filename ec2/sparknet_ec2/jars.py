"""SparkNet's jars on this machine, which the launcher brings to a cluster."""

from __future__ import annotations

import importlib.util
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sparknet_ec2.errors import SetupError

__all__ = ["ROOT", "Jars", "find", "s3"]

ROOT = Path(__file__).resolve().parents[2]  # of the clone


class Jars(NamedTuple):
    """classes: that of the programs; natives: that of the native libraries, where they are not in
    the other one; scala: what it is built for, such as 2.12."""

    classes: Path
    natives: Path | None
    scala: str


def find(spark_version: str) -> Jars:
    """Those for a Spark as apache.org has it: ``$SPARKNET_JAR``, those of this clone, or of an
    installed package. SetupError if there are none."""
    # What its archives are named after nothing for.
    scala = "2.12" if spark_version.startswith("3.") else "2.13"
    named = os.environ.get("SPARKNET_JAR")
    if named:
        if not Path(named).is_file():
            raise SetupError(f"SPARKNET_JAR names {named}, which is not a file")
        return Jars(Path(named).absolute(), None, _properties(Path(named)).get("scala", scala))
    for place in _places():
        fitting = []
        for path in place:
            own = _properties(path)
            line = own.get("spark")
            if own.get("scala") == scala and line and f"{spark_version}.".startswith(f"{line}."):
                fitting.append((_numbers(own.get("version", "")), path, own.get("version")))
        if fitting:
            _, path, version = max(fitting)
            natives = path.with_name(f"sparknet-{version}-natives.jar")
            return Jars(path, natives if natives.is_file() else None, scala)
    raise SetupError(
        f"there is no SparkNet jar for Spark {spark_version} here: build/setup makes one for"
        " Spark 3.5, build/setup --spark 4 one for Spark 4; or set SPARKNET_JAR"
    )


def s3(jars: Jars, hadoop: str) -> Path | None:
    """The jar of S3A for a Hadoop, if there is one beside the others, or in this clone."""
    for place in (jars.classes.parent, ROOT / "target" / "s3"):
        found = sorted(place.glob(f"sparknet-s3-*-hadoop-{hadoop}.jar"))
        if found:
            return found[-1]
    return None


def _places() -> Iterator[list[Path]]:
    names = "scala-*/sparknet-assembly-*.jar"
    yield [path for pattern in (names, f"*/{names}") for path in (ROOT / "target").glob(pattern)]
    package = importlib.util.find_spec("sparknet")
    for folder in (package and package.submodule_search_locations) or ():
        yield list(Path(folder, "jars").glob("sparknet-*.jar"))


def _properties(path: Path) -> dict[str, str]:
    """What a jar says of itself."""
    try:
        with zipfile.ZipFile(path) as jar:
            text = jar.read("sparknet/version.properties").decode()
    except (KeyError, OSError, zipfile.BadZipFile):
        return {}
    pairs = (line.partition("=") for line in text.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
