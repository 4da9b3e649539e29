"""Whole nets: every model in caffe/, weights from anywhere, inputs, batch, files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_nets import SMALL, data, layer
from onnx_runs import Arrays, assert_near, built, exported, inputs_of, run, set_weights

from sparknet import models, spec
from sparknet.errors import FileError, ShapeError, UnsupportedError
from sparknet.layers import InnerProductLayer, NetParam, RDDLayer, SoftmaxWithLoss
from sparknet.local import Net
from sparknet.onnx import deploy, export

pytestmark = pytest.mark.boundary

DEPLOYED = (
    "examples/mnist/lenet.prototxt",
    "examples/cifar10/cifar10_full.prototxt",
    "examples/cifar10/cifar10_quick.prototxt",
    "models/bvlc_alexnet/deploy.prototxt",
    "models/bvlc_googlenet/deploy.prototxt",
    "models/bvlc_reference_caffenet/deploy.prototxt",
    "models/resnet50/deploy.prototxt",
    "models/squeezenet_v1.1/deploy.prototxt",
    "models/vgg16/deploy.prototxt",
)
TRAINED = {
    "examples/cifar10/cifar10_full_java_train_test.prototxt": None,
    "examples/cifar10/cifar10_quick_train_test.prototxt": (3, 32, 32),
    "examples/digits/digits_lenet_train_test.prototxt": None,
    "models/squeezenet_v1.1/train_val.prototxt": (3, 227, 227),
}


def of_model(path: str) -> str:
    """A model's text, with fewer units where they are 4096: all else is as it was."""
    return re.sub(r"num_output: 4096", "num_output: 64", models.prototxt(path))


def set_moderate_weights(net: Net, scores: list[str], fed: Arrays) -> None:
    """Weights that make scores of about a half, whose errors are twice those of probabilities."""
    set_weights(net)
    net.forward(**fed)
    for blob in scores:
        spread = float(net.blobs[blob].data.std())
        assert spread > 0
        made = [layer for layer in deploy.described(net).layer if blob in layer.top]
        for parameters in net.params[made[0].name]:
            parameters.data[...] /= 2 * spread


@pytest.mark.parametrize("path", DEPLOYED)
def test_onnxruntime_gives_the_numbers_of_every_model(path: str, tmp_path: Path) -> None:
    text = of_model(path)
    net = deploy.net(spec.net(text), {}, 1)
    fed = inputs_of(net)
    scores = next(layer.bottom[0] for layer in spec.net(text).layer if layer.type == "Softmax")
    source = "conv10" if scores == "pool10" else scores
    set_moderate_weights(net, [source], fed)
    export(text, net, tmp_path / "net.onnx")
    expected = {**net.forward(**fed), scores: net.blobs[scores].data}
    assert_near(run(tmp_path / "net.onnx", fed, scores), expected)


def test_the_list_of_models_is_whole() -> None:
    """Each prototxt below caffe/ that is a net to predict with is in it."""
    home = Path(__file__).resolve().parents[3] / "caffe"
    nets = {
        path.relative_to(home).as_posix()
        for tree in ("examples", "models")
        for path in (home / tree).rglob("*.prototxt")
        if '"Input"' in path.read_text(encoding="utf-8")
    }
    assert nets == set(DEPLOYED)


@pytest.mark.parametrize("path", TRAINED)
def test_nets_that_train_predict(path: str, tmp_path: Path) -> None:
    image = TRAINED[path]
    text = of_model(path)
    shapes = {} if image is None else {"data": (1, *image)}
    net = deploy.net(spec.net(text), shapes, 1)
    fed = {"data": inputs_of(net)["data"]}
    losses = [layer for layer in spec.net(text).layer if layer.type == "SoftmaxWithLoss"]
    inner = {"pool10": "conv10"}  # What has no weights has its scale from the layer before.
    scores = [inner.get(loss.bottom[0], loss.bottom[0]) for loss in losses]
    set_moderate_weights(net, scores, fed)
    export(text, net, tmp_path / "net.onnx", inputs=shapes)
    found = run(tmp_path / "net.onnx", fed)
    net.forward(**fed)
    expected = {}
    for loss in losses:
        values = net.blobs[loss.bottom[0]].data.astype(np.float64)
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        name = "prob" if len(losses) == 1 else f"{loss.name}/prob"
        expected[name] = powers / powers.sum(axis=1, keepdims=True)
    assert_near(found, expected)


def extents(value: onnx.ValueInfoProto) -> list[object]:
    return [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]


def test_the_batch_stays_free(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    graph = exported(SMALL, path).graph
    assert extents(graph.input[0]) == ["batch", 3, 4, 4]
    assert extents(graph.output[0]) == ["batch", 3]
    net = built(SMALL)
    fed = inputs_of(net)
    assert_near(run(path, fed), net.forward(**fed))
    one = {"data": fed["data"][:1]}
    np.testing.assert_allclose(run(path, one)["ip"], run(path, fed)["ip"][:1], rtol=1e-5)


def test_a_batch_that_is_asked_for(tmp_path: Path) -> None:
    graph = exported(SMALL, tmp_path / "net.onnx", batch=7).graph
    assert extents(graph.input[0]) == [7, 3, 4, 4]
    assert extents(graph.output[0]) == [7, 3]


def test_a_batch_that_a_layer_depends_on_is_the_nets(tmp_path: Path) -> None:
    text = data("x", "4 3") + layer("Slice", "x", "slice_param { axis: 0 }", tops="a b")
    graph = exported(text, tmp_path / "net.onnx").graph
    assert extents(graph.input[0]) == [4, 3]
    assert [extents(value) for value in graph.output] == [[2, 3], [2, 3]]


def test_extents_of_other_axes_may_follow_the_batch(tmp_path: Path) -> None:
    text = data("x", "4 3") + layer("Reshape", "x", "reshape_param { shape { dim: 1 dim: -1 } }")
    value = exported(text, tmp_path / "net.onnx").graph.output[0]
    assert extents(value)[0] == 1
    assert extents(value)[1] in (12, "batch_1")


def test_weights_of_a_file_and_by_name(tmp_path: Path) -> None:
    net = built(SMALL)
    fed = inputs_of(net)
    expected = net.forward(**fed)
    for weights in (net.weights, {**net.weights, "head": [np.zeros(3)]}):
        export(SMALL, weights, tmp_path / "net.onnx")
        assert_near(run(tmp_path / "net.onnx", fed), expected)
    for name in ("net.caffemodel", "net.caffemodel.h5"):
        net.save(tmp_path / name)
        export(SMALL, tmp_path / name, tmp_path / "net.onnx")
        assert_near(run(tmp_path / "net.onnx", fed), expected)


def test_weights_that_lack_a_layer(tmp_path: Path) -> None:
    net = built(SMALL)
    path = tmp_path / "net.caffemodel"
    net.save(path)
    more = SMALL + layer("InnerProduct", "ip", "inner_product_param { num_output: 2 }", name="top")
    with pytest.raises(ShapeError, match=r"net\.caffemodel: took .*not in the file: top"):
        export(more, path, tmp_path / "net.onnx")
    with pytest.raises(ShapeError, match=r"missing \['top'\]"):
        export(more, net.weights, tmp_path / "net.onnx")
    with pytest.raises(ShapeError, match="'ip', blob 0"):
        export(SMALL, {**net.weights, "ip": [np.zeros((3, 9)), np.zeros(3)]}, tmp_path / "n.onnx")
    assert not list(tmp_path.glob("*.onnx"))


def test_a_net_of_calls(tmp_path: Path) -> None:
    net = NetParam(
        "calls",
        RDDLayer("data", shape=[5, 4]),
        RDDLayer("label", shape=[5, 1]),
        InnerProductLayer("ip", ["data"], num_output=3, weight_filler={"type": "xavier"}),
        SoftmaxWithLoss("loss", ["ip", "label"]),
    )
    export(net, {"ip": [np.eye(3, 4), np.zeros(3)]}, tmp_path / "net.onnx")
    found = run(tmp_path / "net.onnx", {"data": np.zeros((2, 4), np.float32)})
    np.testing.assert_allclose(found["prob"], np.full((2, 3), 1 / 3), rtol=1e-6)
    assert net.layer[0].type == "JavaData", "the net that was given is as it was"


def test_a_layer_that_onnx_lacks(tmp_path: Path) -> None:
    text = data("x", "2 4") + layer(
        "Python", "x", 'python_param { module: "python_layers_for_onnx" layer: "Double" }'
    )
    (tmp_path / "python_layers_for_onnx.py").write_text(
        "from sparknet.local import Layer\n\n\n"
        "class Double(Layer):\n"
        "    def setup(self, bottom, top):\n        pass\n\n"
        "    def reshape(self, bottom, top):\n        top[0].reshape(*bottom[0].shape)\n\n"
        "    def forward(self, bottom, top):\n        pass\n\n"
        "    def backward(self, top, propagate_down, bottom):\n        pass\n"
    )
    monkey = pytest.MonkeyPatch()
    monkey.syspath_prepend(tmp_path)
    with pytest.raises(UnsupportedError, match=r"layer 'it' \(Python\) has no counterpart in ONNX"):
        export(text, {}, tmp_path / "net.onnx")
    monkey.undo()


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"nowhere/net\.onnx: No such file"):
        export(SMALL, built(SMALL), tmp_path / "nowhere/net.onnx")


def test_large_weights_lie_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The function has the module's name.
    monkeypatch.setattr(sys.modules["sparknet.onnx.export"], "_LARGEST", 100)
    text = data("data", "2 30")
    text += layer("InnerProduct", "data", "inner_product_param { num_output: 20 }", "ip", "ip")
    net = built(text)
    export(text, net, tmp_path / "net.onnx")
    assert (tmp_path / "net.onnx.data").stat().st_size >= 30 * 20 * 4
    assert (tmp_path / "net.onnx").stat().st_size < 1000
    fed = inputs_of(net)
    assert_near(run(tmp_path / "net.onnx", fed), net.forward(**fed))


def test_a_missing_package_says_what_to_install() -> None:
    code = "import sys; sys.modules['onnx'] = None; import sparknet.onnx"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "SetupError: sparknet.onnx needs onnx: pip install 'sparknet[onnx]'" in told.stderr
