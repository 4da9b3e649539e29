"""What callbacks are told, what they may do, and those that are shipped, against a faked JVM."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeDataset, FakeJvm, FakeTrainer
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from sparknet._jvm import Resumed, Watch
from sparknet.callbacks import (
    BestWeights,
    Callback,
    CSVLogger,
    EarlyStopping,
    LearningRateSchedule,
    TauSchedule,
    TensorBoard,
)
from sparknet.data import Dataset
from sparknet.errors import ArgumentError, NumericError, StateError
from sparknet.history import Evaluation, Round
from sparknet.trainer import Trainer

pytestmark = pytest.mark.unit

NET = """
layer { name: "data" type: "JavaData" top: "data"
        java_data_param { shape { dim: 10 dim: 1 dim: 2 dim: 2 } } }
layer { name: "label" type: "JavaData" top: "label" java_data_param { shape { dim: 10 dim: 1 } } }
"""
ROUNDS = [Round(3 * n, 1 / n, 60, 0.5, 2) for n in (1, 2, 3)]
TESTED = Evaluation(6, {"accuracy": 0.5, "loss": 0.25})
RUN = [*ROUNDS[:2], TESTED, ROUNDS[2]]


class Noting(Callback):
    """Notes what it is told of; fails at what it shall fail at."""

    def __init__(self, fails: str = "", error: BaseException | None = None) -> None:
        self.told: list[Any] = []
        self.fails = fails
        self.error = error if error is not None else KeyError("mine")

    def _note(self, what: str, value: Any = None) -> None:
        self.told.append(what if value is None else (what, value))
        if what == self.fails:
            raise self.error

    def on_train_begin(self, trainer: Trainer) -> None:
        self._note("begin")

    def on_round_end(self, trainer: Trainer, done: Round) -> None:
        self._note("round", done.iteration)

    def on_test_end(self, trainer: Trainer, tested: Evaluation) -> None:
        self._note("test", tested.scores)

    def on_train_end(self, trainer: Trainer) -> None:
        self._note("end")


@pytest.fixture
def made() -> tuple[Trainer, FakeTrainer]:
    jvm = FakeJvm()
    items = Dataset(FakeDataset(1000), jvm, (1, 2, 2))
    trainer = Trainer("base_lr: 0.1\n", items, items, net=NET)
    assert jvm.made is not None
    jvm.made.runs = [*RUN]
    return trainer, jvm.made


def fit(made: tuple[Trainer, FakeTrainer], *callbacks: Any, **options: Any) -> None:
    made[0].fit(3, tau=3, callbacks=callbacks, progress=False, **options)


ALL = ["begin", ("round", 3), ("round", 6), ("test", TESTED.scores), ("round", 9), "end"]


def test_what_they_are_told(made: Any) -> None:
    noting, seen = Noting(), []
    fit(made, noting, lambda trainer, done: seen.append((trainer, done)))
    assert noting.told == ALL
    assert seen == [(made[0], done) for done in ROUNDS]


def test_one_alone(made: Any) -> None:
    noting = Noting()
    made[0].fit(3, callbacks=noting, progress=False)
    assert noting.told == ALL


def test_a_run_that_goes_on_begins_where_it_was(made: Any) -> None:
    made[1].runs = [Resumed(6, 2, 120), ROUNDS[2]]
    rounds = []

    class Numbers(Callback):
        def on_train_begin(self, trainer: Trainer) -> None:
            rounds.append(trainer.round)

        def on_round_end(self, trainer: Trainer, done: Round) -> None:
            rounds.append(trainer.round)

    fit(made, Numbers(), checkpoint="/tmp/c")
    assert rounds == [2, 3]


def test_what_they_may_do(made: Any) -> None:
    def halve(trainer: Trainer, done: Round) -> None:
        assert trainer.weights["ip"][0].shape == (2, 3)
        trainer.learning_rate /= 2
        trainer.tau += 4
        assert trainer.tau == 3 + 4 * trainer.round
        if done.iteration == 6:
            trainer.stop()

    fit(made, halve)
    assert made[1].calls == ["fit", "rate 0.05", "rate 0.025"]
    assert len(made[0].history.rounds) == 2
    assert len(made[0].history.tests) == 1  # What comes after the last round.


def test_what_they_may_not_do(made: Any) -> None:
    with pytest.raises(StateError, match="fit is running: a callback cannot call it"):
        fit(made, lambda trainer, done: trainer.fit(1))
    with pytest.raises(ArgumentError, match="tau must be at least 1, not 0"):
        fit(made, lambda trainer, done: setattr(trainer, "tau", 0))
    made[1].runs = [*RUN]
    with pytest.raises(ArgumentError, match=r"tau is a whole number of steps, not 1\.5"):
        fit(made, TauSchedule(lambda rounds: 1.5))


@pytest.mark.parametrize("when", ["begin", "round", "test", "end"])
def test_an_error_of_theirs_ends_the_run(made: Any, when: str) -> None:
    first, failing, last = Noting(), Noting(when), Noting()
    with pytest.raises(KeyError) as caught:
        fit(made, first, failing, last)
    assert caught.value is failing.error
    reached = {"begin": 1, "round": 2, "test": 4, "end": 6}[when]
    assert failing.told == [*ALL[: min(reached, 5)], "end"]
    assert first.told == failing.told
    assert last.told == ([] if when == "begin" else [*ALL[: reached - 1], "end"])
    made[1].runs = [*RUN]
    made[0].fit(3, progress=False)
    assert len(made[0].history.rounds) >= 3


def test_the_first_error_is_the_one_that_comes_out(made: Any) -> None:
    made[1].runs = [ROUNDS[0], NumericError("loss is NaN")]
    noting = Noting("end")
    with pytest.raises(NumericError, match="NaN"):
        fit(made, noting)
    assert noting.told == ["begin", ("round", 3), "end"]
    made[1].runs = [*RUN]
    with pytest.raises(KeyboardInterrupt):
        fit(made, Noting("round", KeyboardInterrupt()))
    assert made[1].calls[-1] == "cancel"


def test_what_is_no_callback(made: Any) -> None:
    for wrong, name in ((EarlyStopping, "EarlyStopping"), ("stop", "str"), (None, "NoneType")):
        with pytest.raises(ArgumentError, match=f"{name} is no callback"):
            fit(made, wrong)
    assert made[1].calls == []


def test_what_the_jvm_watches(made: Any) -> None:
    early = EarlyStopping("accuracy", 7, min_delta=0.5, mode="max")
    best = BestWeights()
    assert (early.best, early.best_iteration, early.stopped) == (None, 0, False)
    seen = []
    fit(made, Noting(), best, early, lambda *_: seen.append(best.best))
    assert made[1].given["plan"].watches == [
        Watch("BestWeights", "loss", 0.0, "auto", None),
        Watch("EarlyStopping", "accuracy", 0.5, "max", 7),
    ]
    assert seen == [None, None, 0.5]  # It is asked while the run goes on,
    assert (early.best, early.best_iteration) == (0.5, 6)  # and known when that is over.


def test_schedules(made: Any) -> None:
    taus = []
    fit(
        made,
        TauSchedule({0: 5, 2: 50}),
        LearningRateSchedule({1: 0.25}),
        LearningRateSchedule(lambda rounds: 0.5 if rounds < 3 else 0.125),
        lambda trainer, done: taus.append(trainer.tau),
    )
    assert taus == [5, 50, 50]
    assert made[1].calls == ["fit", "rate 0.5", "rate 0.25", "rate 0.125"]


def lines(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_csv_files(made: Any, tmp_path: Path) -> None:
    path, tests = tmp_path / "run.csv", tmp_path / "run_tests.csv"
    for file in (path, tests):
        file.write_text("of another run\n")
    logger, seen = CSVLogger(path), []
    fit(made, logger, lambda *_: seen.append(len(lines(path))))
    assert seen == [2, 3, 4]  # At once.
    written = lines(path)
    numbers = ["iteration", "loss", "images", "seconds", "workers", "lost"]
    assert written[0] == [*numbers, "images_per_second"]
    assert [float(value) for value in written[3]] == [9, 1 / 3, 60, 0.5, 2, 0, 120]
    assert lines(tests) == [["iteration", "accuracy", "loss"], ["6", "0.5", "0.25"]]
    for again in (logger, CSVLogger(path, append=True)):
        made[1].runs = [ROUNDS[0], TESTED]
        fit(made, again)
    assert [line[0] for line in lines(path)] == ["iteration", "3", "6", "9", "3", "3"]
    assert len(lines(tests)) == 4


def test_tensorboard_reads_its_files(made: Any, tmp_path: Path) -> None:
    fit(made, TensorBoard(tmp_path), LearningRateSchedule({2: 0.25}))
    found = EventAccumulator(str(tmp_path))
    found.Reload()
    points = {
        name: [(event.step, event.value) for event in found.Scalars(name)]
        for name in found.Tags()["scalars"]
    }
    assert points == {
        "train/loss": [(3, 1.0), (6, 0.5), (9, pytest.approx(1 / 3))],
        "train/images_per_second": [(3, 120), (6, 120), (9, 120)],
        "train/learning_rate": [
            (step, pytest.approx(r)) for step, r in ((3, 0.1), (6, 0.1), (9, 0.25))
        ],
        "test/accuracy": [(6, 0.5)],
        "test/loss": [(6, 0.25)],
    }


def test_tensorboard_says_what_it_needs() -> None:
    code = (
        "import sys\nsys.modules['tensorboardX'] = None\n"
        "from sparknet.callbacks import TensorBoard\nTensorBoard('x')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "SetupError: TensorBoard needs tensorboardX: pip install" in done.stderr


def test_sparks_own_bars_step_aside_for_ours(made: Any) -> None:
    seen = []
    for progress in (True, False):
        made[1].runs = [ROUNDS[0]]
        look = lambda *_: seen.append(made[1].bars)  # noqa: E731
        made[0].fit(1, callbacks=look, progress=progress)
    assert seen == [False, True]
    assert made[1].bars


def test_what_they_print_is_above_the_bar(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    made[0].fit(3, callbacks=lambda trainer, done: print("loss", done.loss, file=screen))
    shown = [line.split("\r")[-1] for line in screen.getvalue().split("\n")]
    assert [line for line in shown if line.startswith("loss")] == [f"loss {r.loss}" for r in ROUNDS]
