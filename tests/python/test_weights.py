"""Weights by name and as one flat array."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import LAYOUT

from sparknet.errors import ShapeError
from sparknet.weights import Weights

pytestmark = pytest.mark.unit


def test_split_and_join_are_inverse() -> None:
    flat = np.arange(8, dtype=np.float32)
    weights = LAYOUT.split(flat)
    np.testing.assert_array_equal(weights["ip"][0], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(weights["ip"][1], [6, 7])
    np.testing.assert_array_equal(LAYOUT.join(weights), flat)


def test_a_line_says_what_there_is() -> None:
    weights = LAYOUT.split(np.zeros(8, dtype=np.float32))
    assert repr(weights) == "<Weights: 1 layers, 8 values; ip (2, 3), (2,)>"
    many = Weights({f"ip{n}": [np.zeros(500, np.float32)] for n in range(9)})
    shown = "; ".join(f"ip{n} (500,)" for n in range(4))
    assert repr(many) == f"<Weights: 9 layers, 4,500 values; {shown}; ...>"


def test_join_takes_anything_like_an_array() -> None:
    flat = LAYOUT.join({"ip": [[[1, 2, 3], [4, 5, 6]], (7.5, 8)]})
    assert flat.dtype == np.float32
    np.testing.assert_array_equal(flat, [1, 2, 3, 4, 5, 6, 7.5, 8])


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ({}, r"missing \['ip'\]"),
        ({"ip": [np.zeros((2, 3)), np.zeros(2)], "x": []}, r"unknown \['x'\]"),
        (
            {"ip1": [np.zeros((2, 3)), np.zeros(2)]},
            r"missing \['ip'\], unknown \['ip1'\]; did you mean ip\?",
        ),
        ({"ip": [np.zeros((2, 3))]}, "'ip' has 2 blobs, 1 given"),
        ({"ip": [np.zeros((3, 2)), np.zeros(2)]}, r"'ip', blob 0: shape \(3, 2\)"),
    ],
)
def test_weights_that_do_not_fit(weights: dict[str, list[np.ndarray]], reason: str) -> None:
    with pytest.raises(ShapeError, match=reason):
        LAYOUT.join(weights)


def test_flat_array_of_another_size() -> None:
    with pytest.raises(ShapeError, match="7 weights for a net of 8"):
        LAYOUT.split(np.zeros(7, np.float32))
