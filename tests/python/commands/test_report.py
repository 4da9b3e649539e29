"""How results are printed."""

from __future__ import annotations

import json

import pytest

from sparknet.commands import report

pytestmark = pytest.mark.unit


def test_scores(capsys: pytest.CaptureFixture[str]) -> None:
    report.scores({"accuracy": 0.97531, "loss": 0.1})
    assert capsys.readouterr().out == "accuracy  0.9753\nloss      0.1000\n"
    report.scores({"accuracy": 0.97531}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"accuracy": 0.97531}
