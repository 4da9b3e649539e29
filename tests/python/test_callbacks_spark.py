"""Callbacks on Spark with the native engine: what they change is what workers do."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from digits_data import SOLVER, digits

from sparknet import data, errors, spec
from sparknet.callbacks import BestWeights, EarlyStopping, LearningRateSchedule, TauSchedule
from sparknet.data import Dataset
from sparknet.history import Round
from sparknet.trainer import Trainer

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def train(spark: SparkSession) -> Dataset:
    images, labels = digits(300)
    return data.from_numpy(images[100:], labels[100:], 2, spark)


@pytest.fixture(scope="module")
def test(spark: SparkSession) -> Dataset:
    images, labels = digits(300)
    return data.from_numpy(images[:100], labels[:100], spark=spark)


@pytest.fixture
def trainer(train: Dataset, test: Dataset) -> Iterator[Trainer]:
    with Trainer(SOLVER, train, test, workers=2, seed=4) as made:
        yield made


def flat(trainer: Trainer) -> Any:
    return np.concatenate([blob.ravel() for blobs in trainer.weights.values() for blob in blobs])


def test_rate_and_tau_of_the_next_round(train: Dataset, trainer: Trainer) -> None:
    schedules = [LearningRateSchedule({0: 0.02, 1: 0.005}), TauSchedule({0: 2, 1: 3})]
    history = trainer.fit(2, callbacks=schedules, progress=False)
    assert history.rounds.iteration.tolist() == [2, 5]
    assert trainer.learning_rate == pytest.approx(0.005)
    trainer.learning_rate = None
    by = trainer.solver
    assert by.lr_policy == "inv"
    expected = by.base_lr * (1 + by.gamma * 5) ** -by.power
    assert trainer.learning_rate == pytest.approx(expected, rel=1e-6)
    for wrong in (-1, float("nan")):
        with pytest.raises(errors.ArgumentError, match="learning rate"):
            trainer.learning_rate = wrong
    # The same steps by solvers that say so themselves, as far as they need no momentum.
    rates: list[Any] = []
    for rate in (0.02, 0.005):
        solver = spec.solver(SOLVER, base_lr=rate, momentum=0.0, lr_policy="fixed")
        with Trainer(solver, train, workers=2, seed=4) as plain:
            plain.fit(1, tau=2, progress=False)
            rates.append(flat(plain))
    solver = spec.solver(SOLVER, base_lr=0.5, momentum=0.0, lr_policy="step", gamma=0.1, stepsize=1)
    for rate, expected in zip((0.02, 0.005), rates):
        with Trainer(solver, train, workers=2, seed=4) as plain:
            plain.learning_rate = rate
            plain.fit(1, tau=2, progress=False)
            np.testing.assert_array_equal(flat(plain), expected)


def test_it_stops_and_has_its_best_weights(trainer: Trainer) -> None:
    kept: dict[int, Any] = {}

    def ruin(trainer: Trainer, done: Round) -> None:
        kept[done.iteration] = flat(trainer)
        if done.iteration == 15:
            trainer.learning_rate = 0
            trainer.set_weights(
                {name: [0 * blob for blob in blobs] for name, blobs in trainer.weights.items()}
            )

    early, best = EarlyStopping("loss", 2), BestWeights("accuracy")
    history = trainer.fit(20, tau=5, test_every=1, callbacks=[ruin, early, best], progress=False)
    assert history.tests.accuracy.max() == pytest.approx(best.best)
    at = history.tests.iteration[history.tests.accuracy.idxmax()]
    assert best.best_iteration == at <= 15
    np.testing.assert_array_equal(flat(trainer), kept[at])
    assert early.stopped
    assert early.best == pytest.approx(history.tests.loss.min())
    assert len(history.rounds) == len(history.tests) < 20
    # Later runs begin anew.
    trainer.fit(1, tau=1, test_every=1, callbacks=[early], progress=False)
    assert not early.stopped


def test_what_cannot_be_watched(trainer: Trainer) -> None:
    for callback, options, reason in (
        (EarlyStopping("loss"), {}, "the run has none: give it test_every"),
        (EarlyStopping("accurcy"), {"test_every": 1}, "no output 'accurcy'; it has accuracy, loss"),
        (BestWeights("mine"), {"test_every": 1}, "'mine' is better is not clear"),
        (EarlyStopping("loss", 0), {"test_every": 1}, "patience must be at least 1"),
    ):
        with pytest.raises(errors.ArgumentError, match=reason) as caught:
            trainer.fit(1, tau=1, callbacks=[callback], progress=False, **options)
        assert "\n" not in str(caught.value)
        assert "\tat sparknet.train." in caught.value.details


def test_an_error_of_a_callback_leaves_the_trainer_usable(trainer: Trainer) -> None:
    def fails(trainer: Trainer, done: Round) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine") as caught:
        trainer.fit(3, tau=2, callbacks=[fails], progress=False)
    shown = "".join(traceback.format_exception(caught.value))
    assert "py4j" not in shown
    assert "JavaError" not in shown
    assert trainer.iteration == 2
    assert len(trainer.fit(2, tau=2, progress=False).rounds) == 3
    assert trainer.iteration == 6


def test_other_data_for_a_run(spark: SparkSession, trainer: Trainer, test: Dataset) -> None:
    images, labels = digits(64)
    few = data.from_numpy(images, labels, 2, spark)
    history = trainer.fit(epochs=2, tau=np.int64(1), train=few, validation=few, progress=False)
    assert history.images == 128
    assert len(history.tests) == 2
    own, other = trainer.test(), trainer.evaluate(test)
    assert own == pytest.approx(trainer.evaluate(few), rel=1e-5)
    wide = data.from_numpy(np.zeros((4, 1, 8, 9), np.float32), np.zeros(4), 2, spark)
    for arguments in ({"train": wide}, {"validation": wide}):
        with pytest.raises(errors.ShapeError, match=r"takes items of 1x8x8, and .* 1x8x9"):
            trainer.fit(1, progress=False, **arguments)
    assert trainer.evaluate(test) == pytest.approx(other, rel=1e-5)
    assert own["loss"] != pytest.approx(other["loss"], rel=1e-3)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"test_every": -1}, "test_every is a number of rounds, 0 for never, not -1"),
        ({"test_every": "2"}, "test_every is not a whole number: 2"),
        ({"snapshot_every": 1.5, "snapshot_prefix": "x"}, "snapshot_every is not a whole number"),
        ({"tau": 0}, "tau must be at least 1, not 0"),
    ],
)
def test_wrong_arguments_of_fit(trainer: Trainer, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(errors.ArgumentError, match=reason) as caught:
        trainer.fit(1, progress=False, **options)
    assert "\n" not in str(caught.value)
