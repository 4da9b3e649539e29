"""``sparknet draw``."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import TRAINED, run

pytestmark = pytest.mark.boundary


def test_a_drawing(tmp_path: Path) -> None:
    net, out = tmp_path / "net.prototxt", tmp_path / "net.svg"
    net.write_text(TRAINED)
    assert run("draw", net, "-o", out) == (0, f"drawing  {out}\n", "")
    drawn = out.read_text()
    assert "InnerProduct 3 outputs" in drawn
    assert "8 x 4" in drawn
    assert "Accuracy" in drawn
    assert run("draw", net, "-o", out, "--phase", "train", "--no-shapes").status == 0
    drawn = out.read_text()
    assert "8 x 4" not in drawn
    assert "Accuracy" not in drawn


def test_errors(tmp_path: Path) -> None:
    net = tmp_path / "net.prototxt"
    net.write_text("layer {")
    ended = run("draw", net, "-o", tmp_path / "net.svg")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith(f"error: {net}:1:")
    net.write_text(TRAINED)
    ended = run("draw", net, "-o", "net.gif")
    assert ended.err == "error: net.gif: a drawing's name ends in .svg, .png or .pdf\n"
