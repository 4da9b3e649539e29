"""S3A, Hadoop's client of S3, for a Spark that has none: plain Spark from PyPI or apache.org.

It has to be of the version of Hadoop in Spark. It comes from a jar ``sparknet-s3-*-hadoop-*.jar``
beside SparkNet's own, or of a checkout (``build/setup s3``), and where there is none for this
Hadoop, from Maven Central.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Mapping
from pathlib import Path

from sparknet import jar
from sparknet.errors import SetupError

__all__ = ["settings"]

_TABLE = "sparknet/s3_packages.tsv"
_HADOOP = re.compile(r"hadoop-client-api-(.+)\.jar")


def settings(
    given: Mapping[str, str] | None = None, spark_home: str | Path | None = None
) -> dict[str, str]:
    """Settings of Spark with which ``s3a://`` works, for a session that is yet to be made.

    given: settings that they go with, of which all are kept. spark_home: default is
    ``$SPARK_HOME``, or the installed PySpark. A Spark that has a ``hadoop-aws`` jar beside its
    others needs none of it: the settings are those given. SetupError if this Spark's Hadoop is not
    known.
    """
    own = dict(given or {})
    folder = _home(spark_home) / "jars"
    if any(folder.glob("hadoop-aws-*.jar")):
        return own
    hadoop = _hadoop(folder)
    beside = _jar(hadoop)
    if beside is not None:
        return _joined(own, {"spark.jars": str(beside)})
    return _joined(own, _packages(hadoop, folder))


def _home(spark_home: str | Path | None) -> Path:
    home = spark_home or os.environ.get("SPARK_HOME")
    if home:
        return Path(home)
    package = importlib.util.find_spec("pyspark")
    if package is None or not package.submodule_search_locations:
        raise SetupError("no Spark: set SPARK_HOME, or pip install 'sparknet[spark]'")
    return Path(package.submodule_search_locations[0])


def _hadoop(folder: Path) -> str:
    """The version of Hadoop among Spark's jars."""
    for path in sorted(folder.glob("hadoop-client-api-*.jar")):
        found = _HADOOP.fullmatch(path.name)
        if found is not None:
            return found[1]
    raise SetupError(
        f"{folder} has no hadoop-client-api jar, so that it is not known which S3A fits this Spark:"
        " it may have one already; else name it by spark.jars.packages"
    )


def _jar(hadoop: str) -> Path | None:
    """The newest jar of S3A for a Hadoop."""
    places = [jar.find().parent]
    root = jar.root()
    if root is not None:
        places.append(root / "target" / "s3")
    for place in places:
        found = sorted(place.glob(f"sparknet-s3-*-hadoop-{hadoop}.jar"))
        if found:
            return found[-1]
    return None


def _packages(hadoop: str, folder: Path) -> dict[str, str]:
    for line in (jar.text(_TABLE) or "").splitlines():
        version, packages, excludes = line.split("\t")
        if version == hadoop:
            return {"spark.jars.packages": packages, "spark.jars.excludes": excludes}
    raise SetupError(
        f"the Hadoop in {folder} is {hadoop}, for which there is no S3A here: use that of who made"
        f" this Spark, or spark.jars.packages=org.apache.hadoop:hadoop-aws:{hadoop}"
    )


def _joined(given: dict[str, str], added: dict[str, str]) -> dict[str, str]:
    """Both; what both name is a list of both."""
    both = dict(given)
    for key, value in added.items():
        both[key] = f"{given[key]},{value}" if given.get(key) else value
    return both
