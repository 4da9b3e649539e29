"""The models under caffe/ in the engine: each loads, learns from two images and then predicts."""

from __future__ import annotations

import gc
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from caffe_schema import ROOT, parse
from google.protobuf import text_format
from published_models import MODELS, Model

from sparknet.local import TEST, Net, Solver

pytestmark = [pytest.mark.boundary, pytest.mark.slow]

CAFFE = ROOT / "caffe"
IMAGES = 2
CLASSES = {"lenet": 10, "cifar10_quick": 10, "cifar10_full": 10}


def without_data_layers(net: Any, image: tuple[int, ...]) -> Any:
    """The net with inputs for images and labels in place of its databases."""
    made = type(net)(name=net.name)
    for name, shape in (("data", (IMAGES, *image)), ("label", (IMAGES,))):
        layer = made.layer.add(name=name, type="Input", top=[name])
        layer.input_param.shape.add(dim=shape)
    made.layer.extend(layer for layer in net.layer if layer.type != "Data")
    return made


def write_solver(facts: Model, folder: Path) -> Path:
    """The model's solver, with a net that we hand the images, and without tests."""
    net = without_data_layers(parse(CAFFE / facts.net, "NetParameter"), facts.image)
    (folder / "net.prototxt").write_text(text_format.MessageToString(net))
    solver: Any = parse(CAFFE / facts.solver, "SolverParameter")
    for field in ("test_iter", "test_interval", "iter_size"):
        solver.ClearField(field)
    solver.net, solver.snapshot_prefix = str(folder / "net.prototxt"), str(folder / "trained")
    solver.random_seed = 7
    (folder / "solver.prototxt").write_text(text_format.MessageToString(solver))
    return folder / "solver.prototxt"


def write_deploy(facts: Model, folder: Path) -> Path:
    """The net for prediction, of two images; its weights are to come from a file alone."""
    net: Any = parse(CAFFE / facts.deploy, "NetParameter")
    net.layer[0].input_param.shape[0].dim[0] = IMAGES
    for layer in net.layer:
        for parameters in (layer.convolution_param, layer.inner_product_param):
            parameters.ClearField("weight_filler")
    (folder / "deploy.prototxt").write_text(text_format.MessageToString(net))
    return folder / "deploy.prototxt"


def batch(facts: Model, classes: int) -> dict[str, np.ndarray]:
    """Noise of the size of pixels less their mean, and two labels."""
    generator = np.random.default_rng(3)
    pixels = generator.uniform(-120, 120, (IMAGES, *facts.image)).astype(np.float32)
    return {"data": pixels, "label": np.array([1, classes - 1], np.float32)}


def learned(net: Net, name: str) -> int:
    """How many parameters of a layer are learned: BatchNorm's three are statistics."""
    return 0 if name.startswith("bn") else len(net.params[name])


def count(net: Net) -> int:
    return sum(blob.count for name in net.params for blob in net.params[name][: learned(net, name)])


def check_gradients(net: Net) -> None:
    net.clear_param_diffs()
    net.forward()
    net.backward()
    for name in net.params:
        for index, blob in enumerate(net.params[name][: learned(net, name)]):
            assert np.isfinite(blob.diff).all(), f"{name}, parameter {index}"
            assert blob.diff.any(), f"{name}, parameter {index} has no gradient"


def train(facts: Model, inputs: dict[str, np.ndarray], folder: Path) -> None:
    """One step with the model's own solver; leaves trained.caffemodel."""
    solver = Solver(write_solver(facts, folder))
    net = solver.net
    shapes = {name: net.blobs[name].shape for name in facts.shapes}
    assert shapes == {name: (IMAGES, *shape) for name, shape in facts.shapes.items()}
    assert count(net) == facts.weights
    for name, values in inputs.items():
        net.blobs[name].data[...] = values
    check_gradients(net)
    first = next(iter(net.params))
    before = net.params[first][0].data.copy()
    assert math.isfinite(solver.step(1))
    assert solver.iter == 1
    after = net.params[first][0].data
    assert np.isfinite(after).all()
    assert (after != before).any()
    net.save(folder / "trained.caffemodel")


def predict(facts: Model, inputs: dict[str, np.ndarray], folder: Path, classes: int) -> None:
    """The net for prediction takes the trained weights by name, and gives probabilities."""
    net = Net(write_deploy(facts, folder), TEST, weights=folder / "trained.caffemodel")
    assert count(net) == (facts.deployed_weights or facts.weights)
    assert (net.inputs, net.outputs) == (["data"], ["prob"])
    probabilities = net.forward(data=inputs["data"])["prob"].reshape(IMAGES, -1)
    assert probabilities.shape == (IMAGES, classes)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-4)
    assert (probabilities >= 0).all()
    assert probabilities.std() > 0, "the weights did not arrive"


@pytest.mark.parametrize("model", MODELS)
def test_trains_and_predicts(model: str, tmp_path: Path) -> None:
    facts, classes = MODELS[model], CLASSES.get(model, 1000)
    inputs = batch(facts, classes)
    train(facts, inputs, tmp_path)
    gc.collect()  # VGG-16 takes a gigabyte and a half while it trains.
    predict(facts, inputs, tmp_path, classes)
    (tmp_path / "trained.caffemodel").unlink()
