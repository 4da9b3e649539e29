"""apps.CifarApp under spark-submit, in Scala alone: two executor JVMs and a training log."""

from __future__ import annotations

import re
from pathlib import Path

import cifar_files
import pytest
from processes import EXECUTOR, TRACE, running, submit

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_trains_and_logs(jar: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    cifar_files.write(data, records=10_000)
    command = [*submit(jar)[:5], "--class", "apps.CifarApp", jar, "2", "2", data, "quick"]
    with running(command, tmp_path) as program:
        program.until(lambda: len(program.descendants(EXECUTOR)) == 2, "two executors")
        assert program.wait() == 0
        assert program.leftovers() == []
        shown = re.findall(r"^round (\d/2)  iteration (\d+)  loss \d", program.err, re.MULTILINE)
        tested = re.findall(r"^iteration 0: accuracy (0\.\d+)", program.err, re.MULTILINE)
    # On the terminal, too.
    assert shown == [("1/2", "10"), ("2/2", "20")]
    (log,) = tmp_path.glob("training_log_*.txt")
    lines = log.read_text().splitlines()
    assert all(re.match(r"\d+\.\d+(E-?\d+)?(, i = \d+)?: ", line) for line in lines)
    messages = [line.split(": ", 1)[1] for line in lines]
    assert "numTrainMinibatches = 500" in messages
    assert "numTestMinibatches = 100" in messages
    assert "trainPartitionSizes = Array(250, 250)" in messages
    assert sum(message == "training" for message in messages) == 2
    accuracies = [float(m.split("%")[0]) for m in messages if m.endswith("% accuracy")]
    assert len(accuracies) == 1  # Every tenth round, and the first.
    assert accuracies == [pytest.approx(100 * float(accuracy), abs=0.01) for accuracy in tested]
    assert 0 <= accuracies[0] <= 50  # An untrained net gets some of ten classes right.
    assert messages[-1] == "finished training"


@pytest.mark.parametrize(
    ("arguments", "reason"), [([], "usage"), (["two"], "'two' is not a number")]
)
def test_wrong_arguments(jar: Path, tmp_path: Path, arguments: list[str], reason: str) -> None:
    command = [*submit(jar)[:5], "--class", "apps.CifarApp", jar, *arguments]
    with running(command, tmp_path) as program:
        assert program.wait() == 1
        assert reason in program.err
        assert not TRACE.search(program.err)


def test_missing_data(jar: Path, tmp_path: Path) -> None:
    command = [*submit(jar)[:5], "--class", "apps.CifarApp", jar, "2", "1", tmp_path / "nowhere"]
    with running(command, tmp_path) as program:
        assert program.wait() == 1
        assert "nowhere" in program.err
        assert not TRACE.search(program.err)
