"""What Scala's AnswersSpec writes is read here."""

from __future__ import annotations

import logging
import math

import pytest

from sparknet._jvm import Event, Kept, Resumed
from sparknet._jvm.answers import notices, parse, told
from sparknet.errors import InternalError
from sparknet.history import Evaluation, Round
from sparknet.notices import Notice

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("round|70|0.1|6000000000|1.25|2|2", Round(70, 0.1, 6_000_000_000, 1.25, 2, lost=2)),
        (
            "test|70|loss|1.0E-9|accuracy|1.0",
            Evaluation(70, {"loss": 1e-9, "accuracy": 1.0}),
        ),
        ("snapshot|/a b|s3a://c", ["/a b", "s3a://c"]),
        ("resumed|60|6|6000000000", Resumed(60, 6, 6_000_000_000)),
        ("checkpoint|/a b/iter_60", Kept("/a b/iter_60")),
        ("over", None),
    ],
)
def test_each_kind(text: str, event: Event) -> None:
    assert parse(text.replace("|", "\0")) == event


def test_a_loss_that_is_no_number() -> None:
    done = parse("round|1|NaN|2|0.5|1|0".replace("|", "\0"))
    assert isinstance(done, Round)
    assert math.isnan(done.loss)


def test_an_unknown_kind() -> None:
    with pytest.raises(InternalError, match="dance"):
        parse("dance")


def test_notices() -> None:
    assert notices("") == []
    assert notices("WARNING|a b|INFO|c".replace("|", "\0")) == [
        Notice(logging.WARNING, "a b"),
        Notice(logging.INFO, "c"),
    ]


def test_an_answer_with_something_to_tell() -> None:
    assert told("over") == (None, [])
    event, found = told("checkpoint|/a\1INFO|b c".replace("|", "\0"))
    assert (event, found) == (Kept("/a"), [Notice(logging.INFO, "b c")])
