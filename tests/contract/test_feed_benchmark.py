"""What benchmarks/feed makes of the rounds that its program prints (without running it)."""

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
    """By its path: benchmarks/decode has a module of this name too."""
    spec = importlib.util.spec_from_file_location("feed_table", ROOT / "benchmarks/feed/table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["feed_table"] = module
    spec.loader.exec_module(module)
    return module


def test_cost_is_the_median_of_the_rounds(table: ModuleType) -> None:
    rounds = table.parse("x\nround: 100.0 104.0\nround: 200.0 202.0\nround: 50.0 60.0\n")
    assert rounds == [(100, 104), (200, 202), (50, 60)]
    assert table.cost(rounds) == pytest.approx(0.04)
    row = table.row("caffenet", 2, rounds)
    assert row == "| caffenet, 64 | 2 | 100.0 | 104.0 | **4.0%** | 2% | 3: 1.0% to 20.0% |"
    assert row.count("|") == table.HEADER.splitlines()[0].count("|")


def test_output_without_rounds_is_an_error(table: ModuleType) -> None:
    with pytest.raises(Exception, match="no lines 'round"):
        table.parse("Exception in thread main")


def test_nets_are_there(table: ModuleType) -> None:
    assert set(table.CASES) == set(table.SOLVERS)
    for name, case in table.CASES.items():
        for file in (table.SOLVERS[name], case.net):
            assert (ROOT / "caffe" / case.folder / f"{file}.prototxt").is_file()
