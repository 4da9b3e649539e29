"""The quickstart's training job: real executors, a progress bar, weights and curves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from processes import EXECUTOR, ROOT, running

from sparknet.proto import caffe_pb2

pytestmark = pytest.mark.e2e


def test_digits(jar: Path, tmp_path: Path) -> None:
    import sys

    command = [sys.executable, ROOT / "python/apps/digits.py", "--out", tmp_path / "out"]
    variables = {"SPARKNET_JAR": str(jar), "PYTHONPATH": str(ROOT / "python")}
    with running(command, tmp_path, **variables) as program:
        program.until(lambda: "training" in program.err, "progress")
        program.until(lambda: len(program.descendants(EXECUTOR)) == 2, "two executors")
        assert program.wait() == 0
        assert program.leftovers() == []
        out, err = program.out, program.err
    assert re.search(r"training +100% loss \d\.\d+, [\d,]+ images/s", err)
    assert not re.search(r"\b(INFO|WARN|ERROR)\b", out + err)
    accuracy = re.search(r"^test accuracy +([\d.]+)%$", out, re.MULTILINE)
    assert accuracy
    assert float(accuracy[1]) >= 96
    model = re.search(r"^weights +(.+\.caffemodel)$", out, re.MULTILINE)
    assert model
    net = caffe_pb2.NetParameter.FromString(Path(model[1]).read_bytes())
    assert sum(len(blob.data) for layer in net.layer for blob in layer.blobs) == 30_360
    curves = re.search(r"^curves +(.+\.png)$", out, re.MULTILINE)
    assert curves
    assert Path(curves[1]).read_bytes().startswith(b"\x89PNG")


def test_wrong_arguments(tmp_path: Path) -> None:
    import sys

    command = [sys.executable, ROOT / "python/apps/digits.py", "--workers", "0"]
    with running(command, tmp_path, PYTHONPATH=str(ROOT / "python")) as program:
        assert program.wait() == 2
        assert "argument --workers: 0 is not above 0" in program.err
        assert "Traceback" not in program.err
