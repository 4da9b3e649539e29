"""Tables, totals and pictures of what a run did."""

from __future__ import annotations

import subprocess
import sys
import threading

import matplotlib
import matplotlib.figure
import pytest

from sparknet.history import Evaluation, History, Round, Turn

pytestmark = pytest.mark.unit


def test_a_turn_is_as_long_as_its_round() -> None:
    turn = Turn(0, "1", 10, 320, compute=1.0, feed=0.25, exchange=0.5, wait=0.125)
    assert turn.seconds == 1.875
    assert Round(10, 2.0, 320, 1.0, 1).turns == ()


def history() -> History:
    made = History()
    for entry in (
        Round(10, 2.0, 300, 1.0, 2),
        Evaluation(10, {"accuracy": 0.5, "loss": 1.5}),
        Round(20, 1.5, 100, 1.0, 1, lost=1),
        Evaluation(20, {"accuracy": 0.75, "loss": 1.25}),
    ):
        made.add(entry)
    return made


def test_tables() -> None:
    rounds, tests = history().rounds, history().tests
    assert list(rounds.columns) == [*Round._fields, "images_per_second"]
    assert rounds[["iteration", "loss", "lost"]].values.tolist() == [[10, 2, 0], [20, 1.5, 1]]
    assert rounds.images_per_second.tolist() == [300, 100]
    assert rounds.images.dtype.kind == "i"
    assert tests.to_dict("list") == {
        "iteration": [10, 20],
        "accuracy": [0.5, 0.75],
        "loss": [1.5, 1.25],
    }


def test_tables_of_nothing() -> None:
    nothing = History()
    assert len(nothing.rounds) == len(nothing.tests) == 0
    assert "loss" in nothing.rounds
    assert list(nothing.tests.columns) == ["iteration"]
    assert repr(nothing) == "History: 0 rounds"
    assert nothing.images_per_second == 0


def test_another_thread_may_ask_while_a_run_goes_on() -> None:
    made, ended = History(), threading.Event()

    def run() -> None:
        while not ended.is_set() and len(made._rounds) < 20_000:
            made.add(Round(1, 1.0, 5, 0.5, 1))
            made.add(Evaluation(1, {"loss": 1.0}))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        for _ in range(100):
            assert len(made.rounds.dropna()) <= len(made.rounds)
            assert made.images_per_second in (0, 10)
            made.plot(matplotlib.figure.Figure().subplots())
    finally:
        ended.set()
        thread.join()


def test_totals() -> None:
    made = history()
    assert (made.images, made.seconds, made.images_per_second) == (400, 2.0, 200)
    assert Round(1, 1.0, 5, 0.5, 1).images_per_second == 10


def test_what_is_printed() -> None:
    assert repr(history()) == (
        "History: 2 rounds; iteration 20; loss 2.0000 -> 1.5000; 400 images, 200 images/s;"
        " 2 tests, the last: accuracy 0.7500, loss 1.2500"
    )


def test_what_notebooks_show() -> None:
    shown = history()._repr_html_()
    assert shown.count("<table") == 2
    assert "2.0000 &rarr; 1.5000" in shown
    assert "<td>0.75</td>" in shown


def test_the_curves() -> None:
    matplotlib.use("Agg")
    axes = history().plot()
    lines = {line.get_label(): line.get_xydata().tolist() for line in axes.get_lines()}
    assert lines == {"training loss": [[10, 2.0], [20, 1.5]], "test loss": [[10, 1.5], [20, 1.25]]}
    (right,) = (other for other in axes.figure.axes if other is not axes)
    assert right.get_lines()[0].get_xydata().tolist() == [[10, 0.5], [20, 0.75]]
    legend = [text.get_text() for text in right.get_legend().get_texts()]
    assert legend == ["training loss", "test loss", "test accuracy"]
    own = matplotlib.pyplot.subplots()[1]
    assert history().plot(own) is own
    matplotlib.pyplot.close("all")


def test_totals_need_no_pandas() -> None:
    code = """
import sys
sys.modules["pandas"] = None
from sparknet.history import History, Round
made = History()
made.add(Round(1, 1.0, 5, 0.5, 1))
print(made.images_per_second, made)
made.rounds
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("10.0 History: 1 round;")
    assert done.stderr.splitlines()[-1].endswith(
        "SetupError: tables of a history need pandas: pip install pandas, or sparknet[spark]"
    )
