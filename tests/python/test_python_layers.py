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
from sparknet.local import Layer

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
