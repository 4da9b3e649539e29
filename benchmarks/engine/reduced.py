"""CaffeNet, GoogLeNet and ResNet-50 with an eighth of the channels, and how they are trained for
five steps: what record_reduced.py, in PyTorch, and tests/python/test_reduced_nets.py, in the
engine, do alike. Needs neither.

Images have their full size, so kernels, strides and paddings are the published ones. Weights,
images and labels come from NumPy's RandomState, whose numbers are the same in every version.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import text_format
from numpy.typing import NDArray
from workloads import MODELS

from sparknet.proto import caffe_pb2

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT / "tests/resources/reduced"  # <net>.npz
NARROWER, CLASSES, BATCH, STEPS = 8, 10, 4, 5
DEVIATION = 64  # of photographs; images here have 1, and LRN an alpha at which that is the same
PROJECTIONS = 16
# The factor at the end of ResNet-50's branches: with 1, rounding grows from layer to layer until
# PyTorch in float and in double differ by half of a gradient.
BRANCH = 0.2

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Training:
    """With momentum 0.9; rates are such that rounding stays small and all weights move."""

    rate: float
    decay: float


NETS = {
    "caffenet": Training(1e-2, 0.0005),
    "googlenet": Training(1e-2, 0.0002),
    "resnet50": Training(1e-3, 0.0001),
}


def with_inputs(path: Path, shapes: dict[str, tuple[int, ...]]) -> Any:
    """The net of a prototxt with inputs of these shapes for Data layers, and without dropout."""
    net = text_format.Parse(path.read_text(encoding="utf-8"), caffe_pb2.NetParameter())
    layers = [layer for layer in net.layer if layer.type != "Data"]
    del net.layer[:]
    for name, shape in shapes.items():
        parameters = caffe_pb2.InputParameter(shape=[caffe_pb2.BlobShape(dim=shape)])
        net.layer.add(name=name, type="Input", top=[name], input_param=parameters)
    for layer in layers:
        if layer.type == "Dropout":
            layer.dropout_param.dropout_ratio = 0
    net.layer.extend(layers)
    return net


def net(name: str) -> Any:
    """The reduced net, as a message: inputs (BATCH, 3, H, W) and (BATCH,), and CLASSES scores."""
    solver = ROOT / "caffe" / MODELS[name].solver
    shapes = {"data": (BATCH, *MODELS[name].image), "label": (BATCH,)}
    parameters = with_inputs(solver.with_name("train_val.prototxt"), shapes)
    kept = [layer for layer in parameters.layer if layer.type != "Accuracy"]
    for layer in kept:
        if layer.type == "Convolution":
            layer.convolution_param.num_output //= NARROWER
        elif layer.type == "InnerProduct":
            outputs = layer.inner_product_param.num_output
            layer.inner_product_param.num_output = (
                CLASSES if outputs == 1000 else outputs // NARROWER
            )
        elif layer.type == "LRN":
            layer.lrn_param.alpha *= DEVIATION**2
    del parameters.layer[:]
    parameters.layer.extend(kept)
    return parameters


def numbers(*what: object) -> np.random.RandomState:
    """A generator for the numbers of something."""
    return np.random.RandomState(zlib.crc32(repr(what).encode()))


def initial(kind: str, layer: str, index: int, shape: Sequence[int]) -> NDArray[np.float32]:
    """Blob `index` of a layer of this type before the first step."""
    normal = numbers(layer, index).standard_normal(tuple(shape))
    if kind == "BatchNorm":
        values = np.zeros(shape)
    elif index == 1:
        values = 0.1 * normal
    elif kind == "Scale":
        values = (BRANCH if layer.endswith("branch2c") else 1) + 0.1 * normal
    else:
        values = normal * (2 / np.prod(shape[1:])) ** 0.5
    return values.astype(np.float32)


def minibatch(name: str, step: int) -> dict[str, NDArray[np.float32]]:
    """Images of a deviation of 1, and labels."""
    generator = numbers(name, "minibatch", step)
    images = generator.standard_normal((BATCH, *MODELS[name].image))
    labels = generator.randint(CLASSES, size=BATCH)
    return {"data": images.astype(np.float32), "label": labels.astype(np.float32)}


def projections(layer: str, index: int, change: NDArray[Any]) -> Array:
    """Products of a change with PROJECTIONS vectors of plus and minus ones.

    The mean of their squares is that of the change's norm, whatever the change: from those of a
    difference follows how large it is, and every value counts.
    """
    generator = numbers(layer, index, "signs")
    flat = np.asarray(change, np.float64).reshape(-1)
    signs = (2.0 * generator.randint(2, size=flat.size) - 1 for _ in range(PROJECTIONS))
    return np.array([float(vector @ flat) for vector in signs])


def error(found: Array, recorded: Array, norm: float) -> float:
    """How far a change is from the recorded one, as a part of that one's norm; both as their
    projections."""
    return float(np.sqrt(np.mean((found - recorded) ** 2))) / norm
