"""Layers of type Python: classes of the user's that the engine calls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sparknet import errors
from sparknet.local import TEST, TRAIN, Net, Solver

pytestmark = pytest.mark.boundary

MODULE = '''
import json
import numpy as np
from sparknet.local import Layer, Net

class Euclidean(Layer):
    """Half the mean squared distance, as EuclideanLoss has it."""

    def setup(self, bottom, top):
        if len(bottom) != 2:
            raise ValueError("two bottoms are needed")
        self.options = json.loads(self.param_str or "{}")

    def reshape(self, bottom, top):
        self.difference = np.zeros_like(bottom[0].data)
        top[0].reshape(1)

    def forward(self, bottom, top):
        self.difference[...] = bottom[0].data - bottom[1].data
        top[0].data[...] = np.sum(self.difference**2) / len(self.difference) / 2

    def backward(self, top, propagate_down, bottom):
        for i, sign in ((0, 1), (1, -1)):
            if propagate_down[i]:
                bottom[i].diff[...] = (
                    sign * top[0].diff[0] * self.difference / len(self.difference)
                )

class Repeat:
    """Not a Layer, and it shapes its top while it runs."""

    def setup(self, bottom, top): pass
    def reshape(self, bottom, top): top[0].reshape(1, 1)
    def forward(self, bottom, top):
        values = np.repeat(bottom[0].data, int(self.param_str), axis=0)
        top[0].reshape(*values.shape)
        top[0].data[...] = values + 100 * self.phase
    def backward(self, top, propagate_down, bottom):
        raise KeyboardInterrupt

class Broken(Repeat):
    def forward(self, bottom, top):
        raise ZeroDivisionError("on purpose")

made = []

class Product(Layer):
    """InnerProduct with two outputs."""

    def setup(self, bottom, top):
        self.blobs.add_blob(2, 3)
        self.blobs.add_blob(2)
        self.blobs[0].data[...] = 0.25
        made.append(self)

    def reshape(self, bottom, top):
        top[0].reshape(len(bottom[0].data), 2)

    def forward(self, bottom, top):
        top[0].data[...] = bottom[0].data @ self.blobs[0].data.T + self.blobs[1].data

    def backward(self, top, propagate_down, bottom):
        self.blobs[0].diff[...] += top[0].diff.T @ bottom[0].data
        self.blobs[1].diff[...] += top[0].diff.sum(0)
        if propagate_down[0]:
            bottom[0].diff[...] = top[0].diff @ self.blobs[0].data

class Nesting(Product):
    def setup(self, bottom, top):
        self.inner = Net("inner.prototxt")
        super().setup(bottom, top)

class Late(Product):
    def forward(self, bottom, top):
        self.blobs.add_blob(1)

class Negative(Product):
    def setup(self, bottom, top):
        self.blobs.add_blob(2, -3)
'''

INPUT = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }\n'


def layer(cls: str, bottoms: str = "x", more: str = "", module: str = "user_layers") -> str:
    bottom = " ".join(f'bottom: "{name}"' for name in bottoms.split())
    return (
        f'layer {{ name: "mine" type: "Python" {bottom} top: "y" {more}'
        f' python_param {{ module: "{module}" layer: "{cls}" param_str: "2" }} }}\n'
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "user_layers.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "user_layers", raising=False)
    return tmp_path


def net(text: str, phase: int = TEST) -> Net:
    Path("net.prototxt").write_text(INPUT + text)
    return Net("net.prototxt", phase)


def test_a_loss_in_python_trains_as_the_engines_own(folder: Path) -> None:
    shared = """
    layer { name: "data" type: "DummyData" top: "a" top: "b"
            dummy_data_param { shape { dim: 4 dim: 3 } shape { dim: 4 dim: 2 }
                               data_filler { value: 0.5 } data_filler { value: -1.5 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "a" top: "ip"
            inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
    """
    own = 'layer { name: "mine" type: "EuclideanLoss" bottom: "ip" bottom: "b" top: "y" }'
    weights, losses = [], []
    for loss in (own, layer("Euclidean", "ip b", "loss_weight: 1").replace('"2"', "'{}'")):
        (folder / "train.prototxt").write_text(shared + loss)
        (folder / "solver.prototxt").write_text(
            'net: "train.prototxt" base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 random_seed: 3'
        )
        solver = Solver("solver.prototxt")
        losses.append([solver.step(1) for _ in range(5)])
        weights.append(solver.net.params["ip"][0].data.copy())
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
    np.testing.assert_allclose(weights[1], weights[0], rtol=1e-5)
    assert losses[0][-1] < losses[0][0]


BUILT_IN = """layer { name: "mine" type: "InnerProduct" bottom: "%s" top: "y" %s
                    inner_product_param { num_output: 2 } }"""


@pytest.mark.parametrize("iter_size", [1, 2])
def test_parameters_are_learned_as_the_engines_own(folder: Path, iter_size: int) -> None:
    data = """
    layer { name: "data" type: "DummyData" top: "a" top: "b"
            dummy_data_param { shape { dim: 4 dim: 5 } shape { dim: 4 dim: 2 }
                               data_filler { type: "gaussian" } data_filler { type: "gaussian" } } }
    layer { name: "below" type: "InnerProduct" bottom: "a" top: "h"
            inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
    """
    loss = 'layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "b" top: "loss" }'
    mults = "param { lr_mult: 0.5 } param { lr_mult: 2 decay_mult: 0 }"
    start = np.random.default_rng(2).normal(size=(2, 3))
    solvers = []
    for mine in (BUILT_IN % ("h", mults), layer("Product", "h", mults)):
        (folder / "train.prototxt").write_text(data + mine + loss)
        (folder / "solver.prototxt").write_text(
            'net: "train.prototxt" base_lr: 0.1 lr_policy: "fixed" momentum: 0.9'
            f" weight_decay: 0.1 random_seed: 3 iter_size: {iter_size} clip_gradients: 1"
        )
        solvers.append(Solver("solver.prototxt"))
        solvers[-1].net.params["mine"][0].data[...] = start
        solvers[-1].net.params["mine"][1].data[...] = [1, -1]
    own, python = solvers
    for _ in range(3):
        assert python.step(1) == pytest.approx(own.step(1), rel=1e-5)
    for name, blobs in own.net.params.items():
        for expected, blob in zip(blobs, python.net.params[name]):
            np.testing.assert_allclose(blob.data, expected.data, rtol=1e-5, atol=1e-6)
    assert np.abs(python.net.params["mine"][0].data - start).max() > 1e-3
    _, solverstate = python.snapshot()
    learned = python.net.params["mine"][0].data.copy()
    python.step(2)
    python.restore(solverstate)
    np.testing.assert_array_equal(python.net.params["mine"][0].data, learned)


def test_parameters_start_at_what_the_layer_or_its_prototxt_says(folder: Path) -> None:
    filled = net(layer("Product"))
    np.testing.assert_array_equal(filled.params["mine"][0].data, np.full((2, 3), 0.25))
    np.testing.assert_array_equal(filled.params["mine"][1].data, [0, 0])
    values = " ".join(f"data: {i}" for i in range(6))
    blobs = f"blobs {{ shape {{ dim: 2 dim: 3 }} {values} }} blobs {{ shape {{ dim: 2 }} %s }}"
    given = net(layer("Product", more=blobs % "data: 7 data: 8"))
    np.testing.assert_array_equal(given.params["mine"][0].data, np.arange(6).reshape(2, 3))
    x = np.random.default_rng(1).normal(size=(2, 3))
    expected = x @ np.arange(6).reshape(2, 3).T + [7, 8]
    np.testing.assert_allclose(given.forward(x=x)["y"], expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["w.caffemodel", "w.caffemodel.h5"])
def test_parameters_are_saved_and_loaded_by_the_layers_name(folder: Path, name: str) -> None:
    values = np.random.default_rng(1).normal(size=(2, 3)).astype(np.float32)
    saved, loaded = net(layer("Product")), net(layer("Product"))
    saved.params["mine"][0].data[...] = values
    saved.params["mine"][1].data[...] = [1, 2]
    saved.save(name)
    own = net(BUILT_IN % ("x", ""))  # of the same name and shapes: the file is any layer's
    for other in (loaded, own):
        other.copy_from(name)
        np.testing.assert_array_equal(other.params["mine"][0].data, values)
        x = np.ones((2, 3))
        np.testing.assert_allclose(other.forward(x=x)["y"], x @ values.T + [1, 2], rtol=1e-5)


def test_parameters_are_shared_by_name(folder: Path) -> None:
    shared = 'param { name: "w" } param { name: "b" }'
    first = layer("Product", more=shared)
    second = first.replace('"mine"', '"other"').replace('"y"', '"z"')
    both = net("force_backward: true\n" + first + second, TRAIN)
    both.params["other"][0].data[...] = [[1, 2, 3], [4, 5, 6]]
    np.testing.assert_array_equal(both.params["mine"][0].data, both.params["other"][0].data)
    x = np.random.default_rng(1).normal(size=(2, 3))
    outputs = both.forward(x=x)
    np.testing.assert_allclose(outputs["y"], x @ [[1, 4], [2, 5], [3, 6]], rtol=1e-5)
    np.testing.assert_array_equal(outputs["y"], outputs["z"])
    dy, dz = np.ones((2, 2)), np.arange(4.0).reshape(2, 2)
    for _ in range(2):  # cleared, they start from zeros
        both.clear_param_diffs()
        both.backward(y=dy, z=dz)
        np.testing.assert_allclose(both.params["mine"][0].diff, (dy + dz).T @ x, rtol=1e-5)
    both.backward(y=dy, z=dz)
    np.testing.assert_allclose(both.params["mine"][1].diff, 2 * (dy + dz).sum(0), rtol=1e-5)


def test_blobs_are_a_list_that_setup_makes(folder: Path) -> None:
    built = net(layer("Product"))
    blobs = sys.modules["user_layers"].made[-1].blobs
    assert len(blobs) == 2
    assert [blob.shape for blob in blobs] == [(2, 3), (2,)]
    assert blobs[-1].shape == (2,)
    assert blobs[:1][0].count == 6
    with pytest.raises(IndexError):
        blobs[2]
    with pytest.raises(errors.StateError, match="is not in its setup"):
        blobs.add_blob(1)
    assert len(blobs) == len(built.params["mine"]) == 2


def test_a_setup_may_build_a_net_with_parameters_of_its_own(folder: Path) -> None:
    (folder / "inner.prototxt").write_text(INPUT + layer("Product"))
    outer = net(layer("Nesting"))
    inner = sys.modules["user_layers"].made[-1].inner
    outer.params["mine"][1].data[...] = 1
    assert [blob.shape for blob in outer.params["mine"]] == [(2, 3), (2,)]
    np.testing.assert_array_equal(inner.params["mine"][1].data, [0, 0])


@pytest.mark.parametrize(
    ("cls", "more", "kind", "told"),
    [
        ("Negative", "", errors.CallbackError, "setup failed: sparknet.errors.ShapeError"),
        ("Product", "param {} param {} param {}", errors.NetError, "3 `param` entries"),
        ("Product", "blobs { shape { dim: 2 } }", errors.ShapeError, "has 2 parameter blobs, but"),
    ],
)
def test_parameters_that_do_not_fit(
    folder: Path, cls: str, more: str, kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match="layer 'mine'") as failure:
        net(layer(cls, more=more))
    assert told in str(failure.value)


def test_a_late_parameter_is_refused(folder: Path) -> None:
    late = net(layer("Late"))
    with pytest.raises(errors.CallbackError, match=r"'mine'.*StateError: .*not in its setup"):
        late.forward(x=np.ones((2, 3)))


def test_tops_follow_what_forward_makes_of_them(folder: Path) -> None:
    after = 'layer { name: "twice" type: "Power" bottom: "y" top: "z" power_param { scale: 2 } }'
    values = np.arange(6.0).reshape(2, 3)
    for phase in (TRAIN, TEST):
        result = net(layer("Repeat") + after, phase).forward(x=values)["z"]
        expected = 2 * (np.repeat(values, 2, axis=0) + 100 * phase)
        np.testing.assert_array_equal(result, expected)


def test_what_a_layer_raises_is_the_cause(folder: Path) -> None:
    broken = net(layer("Broken"))
    with pytest.raises(errors.CallbackError) as failure:
        broken.forward(x=np.zeros((2, 3)))
    told = str(failure.value)
    assert "layer 'mine' (Python): user_layers.Broken: forward failed: ZeroDivisionError" in told
    assert "user_layers.py:" in told
    assert isinstance(failure.value.__cause__, ZeroDivisionError)


def test_an_interrupt_stays_one(folder: Path) -> None:
    driven = net("force_backward: true\n" + layer("Repeat"))
    driven.forward(x=np.zeros((2, 3)))
    with pytest.raises(KeyboardInterrupt):
        driven.backward()


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        (layer("Euclidean"), errors.CallbackError, "setup failed: ValueError: two bottoms"),
        (layer("Absent"), errors.CallbackError, "user_layers has no class Absent"),
        (layer("L", module="no_such"), errors.CallbackError, "No module named 'no_such'"),
        (layer(""), errors.NetError, "python_param needs module and layer"),
    ],
)
def test_what_cannot_be_set_up_names_the_layer(
    folder: Path, text: str, kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match="layer 'mine' \\(Python\\)") as failure:
        net(text)
    assert told in str(failure.value)


def test_objects_go_with_their_nets(folder: Path) -> None:
    program = """
import gc, sys
import numpy as np
sys.path.insert(0, ".")
from sparknet.local import Net
from sparknet._jvm import pyjnius
net = Net("net.prototxt")
net.forward(x=np.ones((2, 3)))
assert len(pyjnius._layers._layers) == 1
del net
gc.collect()
assert not pyjnius._layers._layers
kept = Net("net.prototxt")
print("alive")
"""
    (folder / "net.prototxt").write_text(INPUT + layer("Repeat"))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "alive\n"
