"""Comparison with the reference values in ../shared/golden."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

LAYER = 1e-4
TRAJECTORY = 1e-3


def assert_close(
    found: ArrayLike, reference: ArrayLike, what: str, of_largest: float = LAYER
) -> None:
    """|a - b| <= 1e-4 + 1e-4 |b| + of_largest * max|b|, as the data's README asks."""
    values, expected = np.asarray(found), np.asarray(reference)
    assert values.shape == expected.shape, f"{what}: {values.shape}, not {expected.shape}"
    if expected.size == 0:
        return
    bound = 1e-4 + 1e-4 * np.abs(expected) + of_largest * np.abs(expected).max()
    worst = float((np.abs(values - expected) / bound).max())
    assert worst <= 1, f"{what} is off by {worst:.3g} times the tolerance"


def arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name."""
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}
