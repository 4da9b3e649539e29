"""What benchmarks/decode makes of the figures that its sides print (without running them)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks/decode"), str(ROOT / "benchmarks")]

from paired import Figure  # noqa: E402
from table import HEADER, below_floor, rows  # noqa: E402

pytestmark = pytest.mark.unit


def figures(imageio: float) -> dict[str, list[Figure]]:
    """Two rounds, the second on a machine half as fast; one pass took us 500 ms."""
    medians = {"sparknet": 500.0, "imageio": imageio, "pillow": 600.0, "pillow-draft": 550.0}
    return {side: [Figure(m, m), Figure(2 * m, 2 * m)] for side, m in medians.items()}


def test_each_other_side_has_a_row() -> None:
    lines = rows(figures(2000), images=200, size=256)
    assert lines == [
        "| 256x256 | ImageIO, Java2D | 300 | 75 | **4.00** | 2: 4.00 to 4.00 |",
        "| 256x256 | Pillow | 300 | 250 | **1.20** | 2: 1.20 to 1.20 |",
        "| 256x256 | Pillow, draft mode | 300 | 273 | **1.10** | 2: 1.10 to 1.10 |",
    ]
    assert {line.count("|") for line in lines} == {HEADER.splitlines()[0].count("|")}


def test_the_floor_is_three_times_imageio() -> None:
    assert below_floor(figures(1500)) == []
    assert below_floor(figures(1400)) == ["2.80 times ImageIO, Java2D is below 3"]
