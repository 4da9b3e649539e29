"""Shows that the engine gives the losses and gradients that PyTorch gave for the same weights.

usage: benchmarks/engine/run --check      (which runs check.py first, then this)

Runs in the project's environment, through sparknet.local: the engine that users get.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import text_format
from numpy.typing import NDArray
from reduced import with_inputs

from sparknet.local import TRAIN, Net

CAFFE = Path(__file__).resolve().parents[2] / "caffe"
NETS = {
    "cifar10_quick": "examples/cifar10/cifar10_quick_train_test.prototxt",
    "cifar10_full": "examples/cifar10/cifar10_full_train_test.prototxt",
    "caffenet": "models/bvlc_reference_caffenet/train_val.prototxt",
    "googlenet": "models/bvlc_googlenet/train_val.prototxt",
    "resnet50": "models/resnet50/train_val.prototxt",
}
# Relative to the loss and to a gradient's norm; but a gradient may be as many times as far from
# double precision as PyTorch's in float, or as half of the net's gradients, are.
LOSS_TOLERANCE, GRADIENT_TOLERANCE, TIMES_ROUNDING = 1e-4, 1e-3, 10


def weighted_loss(parameters: Any, outputs: dict[str, Any]) -> float:
    """Of all loss layers."""
    losses = [layer for layer in parameters.layer if layer.type == "SoftmaxWithLoss"]
    return sum(sum(layer.loss_weight or [1]) * float(outputs[layer.top[0]]) for layer in losses)


def check(name: str, recorded: dict[str, NDArray[Any]]) -> None:
    """One pass in phase TRAIN; ends at the first difference."""
    inputs = {blob: recorded[blob] for blob in ("data", "label")}
    parameters = with_inputs(CAFFE / NETS[name], {k: v.shape for k, v in inputs.items()})
    with tempfile.NamedTemporaryFile("w", suffix=".prototxt") as file:
        file.write(text_format.MessageToString(parameters))
        file.flush()
        net = Net(file.name, TRAIN)
    statistics = {layer.name for layer in parameters.layer if layer.type == "BatchNorm"}
    blobs = [
        (layer, blob)
        for layer, members in net.params.items()
        for blob in members
        if layer not in statistics
    ]
    for i, (_, blob) in enumerate(blobs):
        blob.data[...] = recorded[f"parameter/{i}"].reshape(blob.shape)
    for blob_name, values in inputs.items():
        net.blobs[blob_name].data[...] = values
    loss = weighted_loss(parameters, net.forward())
    net.clear_param_diffs()
    net.backward()
    worst = abs(loss / float(recorded["loss"]) - 1)
    if worst > LOSS_TOLERANCE:
        sys.exit(f"{name}: loss {loss} instead of {recorded['loss']}")
    usual = np.median([recorded[f"rounding/{i}"] for i in range(len(blobs))])
    errors = []
    for i, (layer, blob) in enumerate(blobs):
        truth = recorded[f"gradient/{i}"].reshape(blob.shape)
        error = float(np.linalg.norm(blob.diff - truth) / np.linalg.norm(truth))
        if error > max(GRADIENT_TOLERANCE, TIMES_ROUNDING * max(usual, recorded[f"rounding/{i}"])):
            sys.exit(f"{name}, {layer}: a gradient differs by {error:.1e} of its norm")
        errors.append(error)
    median = float(np.median(errors))
    print(f"{name}: loss differs by {worst:.1e}, half of the gradients by {median:.1e} or less")


def main(folder: Path) -> None:
    """All nets that check.py recorded there."""
    for name in NETS:
        with np.load(folder / f"{name}.npz") as recorded:
            check(name, dict(recorded))
    print("The engine computes what PyTorch computes.")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
