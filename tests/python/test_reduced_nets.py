"""CaffeNet, GoogLeNet and ResNet-50, an eighth as wide, train like PyTorch in double precision.

What is compared is what five steps have changed, as a part of that change: weights themselves would
be nearly the same if a layer had never learned.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparknet.local import Solver

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks/engine")]

import reduced  # noqa: E402

pytestmark = pytest.mark.boundary

LOSS = 1e-4  # of the loss
CHANGE = 0.01  # of a change's norm; or as many times as PyTorch in float is off:
TIMES_ROUNDING = 5


def trained(name: str, still: str = "") -> tuple[list[float], dict[str, Any]]:
    """Losses, and projections of all changes by "layer/index"; the layer `still` does not learn."""
    training = reduced.NETS[name]
    net = reduced.net(name)
    for layer in net.layer:
        if layer.name == still:
            for spec in layer.param:
                spec.lr_mult = 0
    solver = Solver(net=net, learning_rate=training.rate, momentum=0.9, weight_decay=training.decay)
    types = {layer.name: layer.type for layer in net.layer}
    first = {
        (layer, index): reduced.initial(types[layer], layer, index, blob.shape)
        for layer, blobs in solver.net.params.items()
        for index, blob in enumerate(blobs)
    }
    for (layer, index), values in first.items():
        solver.net.params[layer][index].data[...] = values
    losses = []
    for step in range(reduced.STEPS):
        for blob, values in reduced.minibatch(name, step).items():
            solver.net.blobs[blob].data[...] = values
        losses.append(solver.step(1))
    return losses, {
        f"{layer}/{index}": reduced.projections(
            layer, index, solver.net.params[layer][index].data.astype(np.float64) - values
        )
        for (layer, index), values in first.items()
    }


def recorded(name: str) -> dict[str, Any]:
    with np.load(reduced.RECORDED / f"{name}.npz") as arrays:
        return dict(arrays)


def unlike(truth: dict[str, Any], changes: dict[str, Any]) -> dict[str, float]:
    """Parameters whose change is not the recorded one, with how far it is off."""
    rows = zip(truth["parameter"], truth["norm"], truth["rounding"], truth["projections"])
    errors = {
        name: (reduced.error(changes[name], projections, norm), rounding)
        for name, norm, rounding, projections in rows
    }
    return {
        name: error
        for name, (error, rounding) in errors.items()
        if error > max(CHANGE, TIMES_ROUNDING * rounding)
    }


@pytest.mark.parametrize("name", reduced.NETS)
def test_five_steps_change_the_weights_as_in_pytorch(name: str) -> None:
    truth = recorded(name)
    losses, changes = trained(name)
    assert losses == pytest.approx(truth["loss"].tolist(), rel=LOSS)
    assert set(changes) == set(truth["parameter"])
    assert unlike(truth, changes) == {}


@pytest.mark.parametrize("name", reduced.NETS)
def test_every_layer_has_learned_in_what_was_recorded(name: str) -> None:
    """By more than what is tolerated: otherwise a layer that never learns would pass."""
    truth = recorded(name)
    still = {parameter: np.zeros(reduced.PROJECTIONS) for parameter in truth["parameter"]}
    assert set(unlike(truth, still)) == set(truth["parameter"])


def test_a_layer_that_never_learns_is_found() -> None:
    _, changes = trained("caffenet", still="conv3")
    assert {"conv3/0", "conv3/1"} <= set(unlike(recorded("caffenet"), changes))
