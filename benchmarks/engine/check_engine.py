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

from sparknet.local import TEST, Net
from sparknet.proto import caffe_pb2

CAFFE = Path(__file__).resolve().parents[2] / "caffe"
NETS = {
    "cifar10_quick": "examples/cifar10/cifar10_quick_train_test.prototxt",
    "cifar10_full": "examples/cifar10/cifar10_full_train_test.prototxt",
    "caffenet": "models/bvlc_reference_caffenet/train_val.prototxt",
}
# Of the largest value. The two sides sum in different orders.
LOSS_TOLERANCE, GRADIENT_TOLERANCE = 1e-4, 1e-3


def with_inputs(path: Path, shapes: dict[str, tuple[int, ...]]) -> str:
    """The net of a prototxt with its Data layers replaced by inputs of these shapes."""
    net = text_format.Parse(path.read_text(encoding="utf-8"), caffe_pb2.NetParameter())
    layers = [layer for layer in net.layer if layer.type != "Data"]
    del net.layer[:]
    for name, shape in shapes.items():
        parameters = caffe_pb2.InputParameter(shape=[caffe_pb2.BlobShape(dim=shape)])
        net.layer.add(name=name, type="Input", top=[name], input_param=parameters)
    net.layer.extend(layers)
    return text_format.MessageToString(net)


def check(name: str, recorded: dict[str, NDArray[Any]]) -> None:
    """One pass in phase TEST, so that nothing is dropped out; ends at the first difference."""
    inputs = {blob: recorded[blob] for blob in ("data", "label")}
    with tempfile.NamedTemporaryFile("w", suffix=".prototxt") as file:
        file.write(with_inputs(CAFFE / NETS[name], {k: v.shape for k, v in inputs.items()}))
        file.flush()
        net = Net(file.name, TEST)
    parameters = [(layer, blob) for layer, blobs in net.params.items() for blob in blobs]
    for i, (_, blob) in enumerate(parameters):
        blob.data[...] = recorded[f"parameter/{i}"].reshape(blob.shape)
    for blob_name, values in inputs.items():
        net.blobs[blob_name].data[...] = values
    loss = float(net.forward()["loss"])
    net.clear_param_diffs()
    net.backward()
    worst = abs(loss / float(recorded["loss"]) - 1)
    if worst > LOSS_TOLERANCE:
        sys.exit(f"{name}: loss {loss} instead of {recorded['loss']}")
    gradients = []
    for i, (layer, blob) in enumerate(parameters):
        truth = recorded[f"gradient/{i}"].reshape(blob.shape)
        gradients.append(float(np.abs(blob.diff - truth).max() / np.abs(truth).max()))
        if gradients[-1] > GRADIENT_TOLERANCE:
            sys.exit(f"{name}, {layer}: a gradient differs by {gradients[-1]:.1e} of the largest")
    print(f"{name}: loss differs by {worst:.1e}, gradients by {max(gradients):.1e} at most")


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
