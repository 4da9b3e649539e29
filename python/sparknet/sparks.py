"""Which Spark is at hand, and whether a jar of SparkNet's is built for it."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["JVM_OPTIONS", "Line", "Spark", "at_hand", "in_folder", "running"]

_PACKAGES = """
java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util
java.util.concurrent java.util.concurrent.atomic jdk.internal.ref sun.nio.ch sun.nio.cs
sun.security.action sun.util.calendar
"""
# What Spark needs of a JVM that its launcher did not start (its JavaModuleOptions): without them
# no context starts since Java 17.
JVM_OPTIONS = (
    "-XX:+IgnoreUnrecognizedVMOptions",
    *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _PACKAGES.split()),
)
_CORE = re.compile(r"spark-core_(\d+\.\d+)-(.+)\.jar")
_VERSION = re.compile(r"^__version__.*?[\"']([^\"']+)", re.MULTILINE)


class Spark(NamedTuple):
    """A Spark, by what jars have to fit."""

    version: str
    scala: str | None  # such as 2.13; None: not known

    def __str__(self) -> str:
        return f"Spark {self.version}" + (f" with Scala {self.scala}" if self.scala else "")


class Line(NamedTuple):
    """What a jar is built for. spark: "3.5" is all of 3.5, "4" all of 4."""

    spark: str
    scala: str

    def __str__(self) -> str:
        return f"Spark {self.spark} with Scala {self.scala}"

    def fits(self, spark: Spark) -> bool:
        """Whether such a jar runs in a Spark."""
        return f"{spark.version}.".startswith(f"{self.spark}.") and spark.scala in (
            None,
            self.scala,
        )


def at_hand() -> Spark | None:
    """The Spark that runs in this program; else that of ``$SPARK_HOME``, else of the PySpark that
    can be imported; None if there is none."""
    context = getattr(sys.modules.get("pyspark"), "SparkContext", None)
    active = getattr(context, "_active_spark_context", None)
    if active is not None and active._jsc is not None:
        return running(active)
    for home in _homes():
        found = in_folder(home)
        if found is not None:
            return found
    return None


def running(context: Any) -> Spark:
    """The Spark of a SparkContext."""
    scala = str(context._jvm.scala.util.Properties.versionNumberString())
    return Spark(str(context.version), ".".join(scala.split(".")[:2]))


def in_folder(home: Path) -> Spark | None:
    """The Spark whose ``SPARK_HOME`` is a folder, by the name of its core's jar; None if there is
    no such jar, nor PySpark without jars (``pyspark-client``)."""
    for core in sorted((home / "jars").glob("spark-core_*.jar")):
        named = _CORE.fullmatch(core.name)
        if named is not None:
            return Spark(named[2], named[1])
    try:
        version = _VERSION.search((home / "version.py").read_text(encoding="utf-8"))
    except OSError:
        return None
    return Spark(version[1], None) if version is not None else None


def _homes() -> list[Path]:
    named = os.environ.get("SPARK_HOME")
    homes = [Path(named)] if named else []
    package = importlib.util.find_spec("pyspark")
    return homes + [
        Path(folder) for folder in (package and package.submodule_search_locations) or ()
    ]
