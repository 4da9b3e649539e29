"""scikit-learn's digits as arrays, and the net of the quickstart for them."""

from __future__ import annotations

import numpy as np

SOLVER = "examples/digits/digits_lenet_solver.prototxt"


def digits(items: int = 1797) -> tuple[np.ndarray, np.ndarray]:
    """Images (items, 1, 8, 8) float32 in 0..1 and their classes, shuffled."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(1).permutation(len(images))[:items]
    return (images[order] / 16).astype(np.float32).reshape(-1, 1, 8, 8), labels[order]
