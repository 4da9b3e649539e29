"""Which Spark is at hand."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from jars import make_spark

from sparknet import sparks
from sparknet.sparks import Line, Spark

pytestmark = pytest.mark.unit


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """PySpark as it is installed, and nothing else of Spark."""
    home = make_spark(tmp_path / "pyspark", "3.5.9", "2.12")
    found = SimpleNamespace(submodule_search_locations=[str(home)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)
    monkeypatch.delitem(sys.modules, "pyspark", raising=False)
    monkeypatch.delenv("SPARK_HOME", raising=False)
    return home


def test_pyspark_of_this_python(package: Path) -> None:
    assert sparks.at_hand() == Spark("3.5.9", "2.12")


def test_pyspark_without_a_jvm(package: Path) -> None:
    (package / "jars" / "spark-core_2.12-3.5.9.jar").unlink()
    assert sparks.at_hand() == Spark("3.5.9", None)


def test_spark_home_comes_first(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_spark(tmp_path / "spark", "4.1.2-vendor-7", "2.13")
    monkeypatch.setenv("SPARK_HOME", str(home))
    assert sparks.at_hand() == Spark("4.1.2-vendor-7", "2.13")
    monkeypatch.setenv("SPARK_HOME", str(tmp_path))  # Where there is none.
    assert sparks.at_hand() == Spark("3.5.9", "2.12")


def test_no_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPARK_HOME", raising=False)
    monkeypatch.delitem(sys.modules, "pyspark", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert sparks.at_hand() is None


def test_a_session_comes_before_all(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scala = SimpleNamespace(versionNumberString=lambda: "2.13.18")
    jvm = SimpleNamespace(scala=SimpleNamespace(util=SimpleNamespace(Properties=scala)))
    context = SimpleNamespace(version="4.2.0", _jvm=jvm, _jsc=object())
    kind = SimpleNamespace(_active_spark_context=context)
    monkeypatch.setitem(sys.modules, "pyspark", SimpleNamespace(SparkContext=kind))
    assert sparks.at_hand() == Spark("4.2.0", "2.13")
    context._jsc = None  # It is stopped.
    assert sparks.at_hand() == Spark("3.5.9", "2.12")


@pytest.mark.parametrize(
    ("line", "spark", "fits"),
    [
        (Line("3.5", "2.12"), Spark("3.5.0", "2.12"), True),
        (Line("3.5", "2.12"), Spark("3.5", "2.12"), True),
        (Line("3.5", "2.12"), Spark("3.50.0", "2.12"), False),
        (Line("3.5", "2.12"), Spark("3.5.0", "2.13"), False),
        (Line("4", "2.13"), Spark("4.9.1", "2.13"), True),
        (Line("4", "2.13"), Spark("4.9.1", None), True),
        (Line("4", "2.13"), Spark("40.0.0", "2.13"), False),
    ],
)
def test_what_fits(line: Line, spark: Spark, fits: bool) -> None:
    assert line.fits(spark) is fits


def test_how_they_are_called() -> None:
    assert str(Spark("3.5.9", "2.12")) == "Spark 3.5.9 with Scala 2.12"
    assert str(Spark("4.2.0", None)) == "Spark 4.2.0"
    assert str(Line("4", "2.13")) == "Spark 4 with Scala 2.13"
