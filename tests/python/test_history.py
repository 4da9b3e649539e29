"""Sums and rates over rounds."""

from __future__ import annotations

import pytest

from sparknet.history import Evaluation, History, Round, Turn

pytestmark = pytest.mark.unit


def test_sums_and_curves() -> None:
    history = History()
    assert history.images_per_second == 0
    history.rounds += [Round(10, 2.0, 300, 1.0, 2), Round(20, 1.5, 100, 1.0, 1)]
    history.tests.append(Evaluation(20, {"accuracy": 0.5}))
    assert (history.images, history.seconds, history.images_per_second) == (400, 2.0, 200)
    assert history.losses() == [(10, 2.0), (20, 1.5)]
    assert history.scores("accuracy") == [(20, 0.5)]
    assert history.rounds[1].images_per_second == 100
    assert (history.rounds[1].lost, Round(1, 1.0, 1, 1.0, 1, lost=2).lost) == (0, 2)


def test_a_turn_is_as_long_as_its_round() -> None:
    turn = Turn(0, "1", 10, 320, compute=1.0, feed=0.25, exchange=0.5, wait=0.125)
    assert turn.seconds == 1.875
    assert Round(10, 2.0, 320, 1.0, 1).turns == ()
