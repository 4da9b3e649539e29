"""What is told of an installation, and of one where things are missing."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import pyspark
import pytest
from command_line import run

from sparknet import jar, sparks
from sparknet.commands import installation


def told() -> dict[str, str]:
    pairs = (line.split("  ", 1) for line in installation.lines())
    return {name: what.strip() for name, what in pairs}


@pytest.mark.boundary
def test_what_is_here() -> None:
    found = told()
    version = jar.find().stem.rsplit("-", 1)[1]
    assert list(found) == ["sparknet", "jar", "Python", "Spark", "Java", "engine", "CPU"]
    assert found["jar"] == str(jar.find())
    spark = sparks.at_hand()
    assert spark is not None
    assert found["Spark"] == f"{pyspark.__version__}, Scala {spark.scala}"
    assert found["Python"] == f"{sys.version.split()[0]}, {sys.executable}"
    assert found["Java"].startswith("17.")
    assert found["engine"].startswith(f"{version}, ")
    assert found["engine"].endswith(" threads a net")
    assert len(run("info").out.splitlines()) == len(found)


@pytest.mark.unit
def test_what_is_missing(no_jar: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", none)
    monkeypatch.setattr(sparks, "at_hand", lambda: None)
    monkeypatch.setattr("sparknet._jvm.pyjnius._started", None)
    monkeypatch.setitem(sys.modules, "jnius_config", None)
    found = told()
    assert found["jar"].startswith("none: the SparkNet jar was not found: build it with")
    assert found["Spark"] == "none: pip install 'sparknet[spark]'"
    assert found["engine"] == (
        "none: sparknet.local needs pyjnius: pip install pyjnius; so does reading a prototxt where"
        " there is no Spark session"
    )
    assert found["Java"] == "none that this process could start"


@pytest.mark.unit
def test_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "processor\t: 0\nmodel name\t: Fast One\nflags\t\t: fpu avx avx2 avx512f fma\n\n"
    later = text.replace("Fast One", "Another")
    monkeypatch.setattr(Path, "read_text", lambda path, encoding: text + later)
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    assert installation._processor() == "Fast One; avx2 fma avx512f"
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert installation._processor() == "Fast One; avx2 fma avx512f (ONEDNN_MAX_CPU_ISA=AVX2)"
