"""What Scala's AnswersSpec writes is read here."""

from __future__ import annotations

import logging
import math

import pytest

from sparknet._jvm import Event, Kept, Resumed
from sparknet._jvm.answers import notices, parse, told
from sparknet.errors import InternalError
from sparknet.history import Evaluation, LeftOut, Round, Turn
from sparknet.notices import Notice

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (
            "round|70|0.1|6000000000|1.25|2|2|0|2|0|0",
            Round(70, 0.1, 6_000_000_000, 1.25, 2, lost=2, lost_workers=(0, 2)),
        ),
        (
            "round|70|0.1|6000000000|1.25|2|1|2"
            "|2|0|1|3|12|0.5|0.125|0.0625|0.0625|1|1|3|12|0.25|0.125|0.0625|0.3125"
            "|2|a reason|1|1|x y|corrupt image|7|5|1.jpg|2.jpg|3.jpg|4.jpg|5.jpg",
            Round(
                70,
                0.1,
                6_000_000_000,
                1.25,
                2,
                lost=1,
                turns=(
                    Turn(0, "1", 3, 12, 0.5, 0.125, 0.0625, 0.0625),
                    Turn(1, "1", 3, 12, 0.25, 0.125, 0.0625, 0.3125),
                ),
                lost_workers=(2,),
                left_out=(
                    LeftOut("a reason", 1, ("x y",)),
                    LeftOut("corrupt image", 7, tuple(f"{n}.jpg" for n in range(1, 6))),
                ),
            ),
        ),
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
    done = parse("round|1|NaN|2|0.5|1|0|0|0".replace("|", "\0"))
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
