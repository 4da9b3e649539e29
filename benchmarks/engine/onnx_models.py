"""Writes the nets whose forward passes are measured as ONNX files, for onnxruntime.

usage: onnx_models.py FOLDER      (in the project's environment)

Weights are the fillers' and running statistics those of normal numbers: speed depends on neither,
as long as all values stay finite.
"""

from __future__ import annotations

import sys
from pathlib import Path

from workloads import MODELS, WORKLOADS

from sparknet import onnx
from sparknet.local import Net

CAFFE = Path(__file__).resolve().parents[2] / "caffe"


def export(deploy: Path, to: Path) -> None:
    """One net, with a free batch."""
    net = Net(deploy)
    for layer in net.built().net.layer:
        if layer.type == "BatchNorm":
            mean, variance, factor = net.params[layer.name]
            mean.data[...], variance.data[...], factor.data[...] = 0, 1, 1
    onnx.export(deploy, net, to)


def main(folder: Path) -> None:
    """All that are measured."""
    folder.mkdir(exist_ok=True)
    for name in sorted({w.net for w in WORKLOADS if w.kind == "infer"}):
        export(CAFFE / MODELS[name].deploy, folder / f"{name}.onnx")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
