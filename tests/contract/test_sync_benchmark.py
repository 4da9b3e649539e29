"""What benchmarks/sync makes of the times that its sides print (without running them)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from paired import BenchmarkError  # noqa: E402 - on the path just now

pytestmark = pytest.mark.unit


def load() -> ModuleType:
    """By its path: other benchmarks have a module of this name too."""
    spec = importlib.util.spec_from_file_location("sync_table", ROOT / "benchmarks/sync/table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


table = load()


def test_takes_the_median_of_a_line() -> None:
    said = "SparkNet: workers: 2\nround: 5.0 1.5 2.5\nlong: 40\nfit: 2.000\n"
    assert table.parse(said, "round") == 2.5
    assert table.parse(said, "long") == 40
    with pytest.raises(BenchmarkError, match="no line 'gloo"):
        table.parse(said, "gloo")
    with pytest.raises(BenchmarkError, match="no line 'round"):
        table.parse("round: none", "round")


def test_takes_the_step_out_of_a_round() -> None:
    # A step takes (130 - 30) / 10.
    assert table.Round(short=30, long=130, fit=25, gloo=4, naive=200).sync() == 20


def test_a_row_has_medians_and_ratios_of_pairs() -> None:
    rounds = [
        table.Round(short=30, long=130, fit=25, gloo=4, naive=200),  # 20: 5 and 10 times
        table.Round(short=60, long=160, fit=50, gloo=10, naive=100),  # 50: 5 and 2 times
        table.Round(short=20, long=20, fit=10, gloo=2, naive=80),  # 20: 10 and 4 times
    ]
    assert table.row(61_000_000, 4, rounds) == (
        "| 61 M | 4 | 30.0 | 20.0 | 25.0 | 4.0 | 100.0 | **5.0** | **4.0** |"
    )
    assert table.row(100_000, 2, rounds).startswith("| 0.1 M | 2 |")
    assert table.HEADER.splitlines()[0].count("|") == table.row(1, 2, rounds).count("|")
