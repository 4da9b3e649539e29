"""What benchmarks/engine makes of the figures that its two sides print (without running them)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks/engine"), str(ROOT / "benchmarks")]

from isa import CHOICES, environment, label  # noqa: E402
from measure import HEADER, Result, row  # noqa: E402
from paired import BenchmarkError, Figure, measure, parse  # noqa: E402

pytestmark = pytest.mark.unit


def figures(*medians: float) -> list[Figure]:
    return [Figure(median, median - 1) for median in medians]


def test_reads_the_line_of_a_side() -> None:
    assert parse("a warning\nms_per_step: 12.500 11.000\n") == Figure(12.5, 11.0)
    assert Figure(12.5, 11.0).images_per_second(100) == 8000


def test_a_side_without_its_line_is_an_error() -> None:
    with pytest.raises(BenchmarkError, match="segmentation"):
        parse("segmentation fault")


def test_a_side_that_fails_is_named_with_its_message(tmp_path: Path) -> None:
    failing = [sys.executable, "-c", "import sys; sys.exit('no such net')"]
    with pytest.raises(BenchmarkError, match=r"(?s)ended with 1.*no such net"):
        measure(failing, tmp_path)


def test_a_side_runs_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "figure").write_text("ms_per_step: 3 2")
    printing = [sys.executable, "-c", "print(open('figure').read())"]
    assert measure(printing, tmp_path) == Figure(3.0, 2.0)


def test_a_side_runs_in_its_environment(tmp_path: Path) -> None:
    printing = [sys.executable, "-c", "import os; print(os.environ['FIGURE'])"]
    assert measure(printing, tmp_path, {"FIGURE": "ms_per_step: 5 4"}) == Figure(5.0, 4.0)


def test_avx2_bounds_both_sides_and_native_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the user's own environment says."""
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    monkeypatch.setenv("KEPT", "1")
    assert environment("avx2")["ONEDNN_MAX_CPU_ISA"] == "AVX2"  # the engine and PyTorch's oneDNN
    assert environment("avx2")["ATEN_CPU_CAPABILITY"] == "avx2"  # PyTorch's own kernels
    assert "ONEDNN_MAX_CPU_ISA" not in environment("native")
    assert all(environment(choice)["KEPT"] == "1" for choice in CHOICES)


def test_the_table_names_the_instructions() -> None:
    assert label("native", {"avx2", "avx512f"}) == "avx512"
    assert label("avx2", {"avx2", "avx512f"}) == "avx2"
    assert label("native", {"avx2"}) == "avx2"
    assert label("native", {"sse4_1"}) == "sse"


def test_the_ratio_is_the_median_of_paired_rounds() -> None:
    """The machine is slow in round 3: both sides are, and the pair's ratio is not moved by it."""
    result = Result(
        net="cifar10_quick",
        batch=100,
        isa="avx512",
        threads=2,
        layout="plain",
        ours=figures(20, 25, 100),
        theirs=figures(30, 30, 150),
    )
    assert result.ratios() == pytest.approx([1.5, 1.2, 1.5])
    assert result.ratio() == pytest.approx(1.5)


def test_the_row_fits_the_header() -> None:
    ours, theirs = figures(500, 400), figures(800, 800)
    result = Result("caffenet", 32, "avx2", 1, "channels_last", ours, theirs)
    line = row(result)
    assert line.count("|") == HEADER.splitlines()[0].count("|")
    figure = "72 | 40 | channels_last | **1.80** | 2: 1.60 to 2.00"
    assert line == f"| caffenet, 32 | avx2 | 1 | {figure} |"
