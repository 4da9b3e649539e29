"""What benchmarks/ingest makes of the rounds that its programs print (without running them)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def table() -> ModuleType:
    """By its path: other benchmarks have a module of this name too."""
    spec = importlib.util.spec_from_file_location(
        "ingest_table", ROOT / "benchmarks/ingest/table.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ingest_table"] = module
    spec.loader.exec_module(module)
    return module


def test_ratio_is_the_median_of_the_rounds(table: ModuleType) -> None:
    rounds = table.parse("x\nround: 1000.0 500.0\nround: 2000.0 1200.0\nround: 500.0 450.0\n")
    assert rounds == [(1000, 500), (2000, 1200), (500, 450)]
    assert table.ratio(rounds) == pytest.approx(0.6)
    row = table.row("float", 3072, 64, rounds)
    assert row == (
        "| array<float> into minibatches | 3072, 64 | 1,000 | 500 "
        "| **0.60** | 0.5 | 3: 0.50 to 0.90 |"
    )
    assert row.count("|") == table.HEADER.splitlines()[0].count("|")


def test_scoring_has_a_line_of_its_own(table: ModuleType) -> None:
    rounds = table.parse("round: 40.0 38.0\nround: 42.0 37.8\nround: 50.0 46.5\n")
    row = table.scoring_row("avx2", 2, 32, rounds)
    assert row == "| 2 | 32 | avx2 | 42.0 | 38.0 | **0.93** | 0.9 | 3: 0.90 to 0.95 |"
    assert row.count("|") == table.SCORING_HEADER.splitlines()[0].count("|")


def test_output_without_rounds_is_an_error(table: ModuleType) -> None:
    with pytest.raises(Exception, match="no lines 'round"):
        table.parse("Exception in thread main")
