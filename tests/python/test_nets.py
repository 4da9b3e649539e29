"""Nets built in code are the messages that the same prototxt gives."""

from __future__ import annotations

import copy
import inspect
from pathlib import Path

import pytest

from sparknet import Net, spec
from sparknet.errors import ArgumentError, FileError
from sparknet.nets import Top
from sparknet.proto import caffe_pb2

pytestmark = pytest.mark.unit

PROTOTXT = """
name: "small"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 4 dim: 2 dim: 6 dim: 6 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 4 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 3 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" top: "mask"
        pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "hush" type: "Silence" bottom: "mask" }
layer { name: "scores" type: "InnerProduct" bottom: "pool" top: "scores"
        inner_product_param { num_output: 5 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "scores" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "scores" bottom: "label" top: "accuracy"
        include { phase: TEST } }
"""


def small() -> Net:
    net = Net("small", inputs={"data": (4, 2, 6, 6), "label": [4]})
    data, label = net.inputs
    conv = data.Convolution(
        "conv", num_output=3, kernel_size=3, weight_filler={"type": "xavier"}
    ).ReLU(in_place=True)
    pool, mask = conv.Pooling("pool", top=["pool", "mask"], kernel_size=2, stride=2)
    assert net.Silence("hush", mask) is None
    scores = net.InnerProduct("scores", pool, num_output=5)
    scores.SoftmaxWithLoss("loss", label)
    net.Accuracy("accuracy", ["scores", "label"], include="TEST")
    return net


def test_a_net_in_code_equals_its_prototxt() -> None:
    net = small()
    assert net.to_proto() == spec.net(PROTOTXT)
    assert spec.net(net) == spec.net(PROTOTXT)
    assert spec.net(str(net)) == spec.net(PROTOTXT)
    assert Net.load(PROTOTXT).to_proto() == net.to_proto()


def test_what_a_net_has() -> None:
    for net in (small(), Net.load(PROTOTXT)):
        assert net.name == "small"
        assert net.inputs == ["data", "label"]
        assert net.outputs == ["loss", "accuracy"]
        blobs = ["data", "label", "conv", "pool", "mask", "scores", "loss", "accuracy"]
        assert list(net) == blobs
        assert "mask" in net
        assert "relu1" not in net
        assert [layer.type for layer in net.layers[2:5]] == ["Convolution", "ReLU", "Pooling"]
        assert repr(net) == "<Net 'small': 9 layers, inputs data, label; outputs loss, accuracy>"


def test_a_blob_is_its_name_and_goes_on() -> None:
    net = Net.load(PROTOTXT)
    top = net["scores"].Softmax("prob")
    assert isinstance(top, Top)
    assert top == "prob"
    assert repr(top) == "<Top 'prob' of net 'small'>"
    assert list(net.layers[-1].bottom) == ["scores"]
    with pytest.raises(ArgumentError, match="net 'small' has no blob 'score'; did you mean scores"):
        net["score"]


def test_layers_without_a_name_get_one_that_is_free() -> None:
    net = Net("n", inputs={"x": [1, 4]})
    net.ReLU("relu2", "x")
    names = [str(net.ReLU(bottom="x")) for _ in range(2)]
    assert names == ["relu3", "relu4"]


def test_several_blobs_go_into_one_layer() -> None:
    net = Net("n", inputs={"a": [1, 4], "b": [1, 4]})
    a, b = net.inputs
    a.Concat("cat", b, "a", axis=1)
    assert list(net.layers[-1].bottom) == ["a", "b", "a"]
    pair = a.Slice("halves", top=["first", "second"], slice_point=[2])
    assert pair == ("first", "second")
    assert a.Slice("one", top=["all"]) == ("all",)


def test_phase_and_other_fields_of_a_net() -> None:
    net = Net("n", phase="test", force_backward=True)
    assert net.to_proto() == spec.net('name: "n" state { phase: TEST } force_backward: true')
    with pytest.raises(ArgumentError, match="phase must be TRAIN or TEST, not 'Tset'"):
        Net("n", phase="Tset")
    assert list(Net("n", inputs={"x": 7}).layers[0].input_param.shape[0].dim) == [7]
    with pytest.raises(ArgumentError, match=r"Input layer 'x': field shape.dim\[1\]: 0.5 is not"):
        Net("n", inputs={"x": (7, 0.5)})  # type: ignore[dict-item]
    with pytest.raises(ArgumentError, match=r"net 'n': field force_backwards: .* force_backward"):
        Net("n", force_backwards=True)


def test_wrong_layers_are_named_and_not_added() -> None:
    net = small()
    before = net.to_proto()
    stranger = Net("other", inputs={"data": [1]})["data"]
    for wrong, match in [
        (lambda: net.ReLU("r", "pol"), "ReLU layer 'r': .* no blob 'pol'; did you mean pool"),
        (lambda: net.ReLU("r", "far"), "no blob 'far'; it has data, label, conv, pool, mask"),
        (lambda: net.ReLU("r", stranger), "ReLU layer 'r': 'data' is a blob of another net"),
        (lambda: net.Concat("c", ["loss", "accuracy"], in_place=True), "'c': in_place takes one"),
        (lambda: net["conv"].ReLU("r", in_place=True), "would change 'conv' for pool"),
        (lambda: net["conv"].ReLU("r", top="y", in_place=True), "in_place takes one bottom"),
        (lambda: net.Pooling("p", "conv", kernel=2), "'p': field kernel: .*did you mean kernel_"),
        (lambda: net.Poolin("p", "conv"), "no layer type Poolin; did you mean Pooling"),
        (lambda: net["conv"].Poolin("p"), "no layer type Poolin; did you mean Pooling"),
        (lambda: Top("x").ReLU("r"), "blob 'x' belongs to no net"),
    ]:
        with pytest.raises(ArgumentError, match=match):
            wrong()
    assert net.to_proto() == before


def test_copies_are_nets_of_their_own() -> None:
    net = small()
    other = copy.deepcopy(net)
    other["scores"].Softmax("prob")
    assert "prob" in other
    assert "prob" not in net
    message = net.to_proto()
    message.name = "changed"
    assert net.name == "small"


def test_editors_and_help_see_types_and_fields() -> None:
    net = small()
    for holder in (net, net["data"]):
        assert {"Convolution", "LSTM", "JavaData"} <= set(dir(holder))
        parameters = list(inspect.signature(holder.Pooling).parameters)
        assert parameters[:6] == ["name", "bottom", "top", "in_place", "pool", "kernel_size"]
        assert "    stride: int = 1\n" in (inspect.getdoc(holder.Pooling) or "")
        assert not hasattr(holder, "_ipython_canary_method_should_not_exist_")


def test_save_writes_what_load_reads(tmp_path: Path) -> None:
    small().save(tmp_path / "small.prototxt")
    assert Net.load(tmp_path / "small.prototxt").to_proto() == spec.net(PROTOTXT)
    with pytest.raises(FileError, match=r"nowhere/x\.prototxt: No such file"):
        small().save(tmp_path / "nowhere/x.prototxt")


def test_load_does_not_share_the_message() -> None:
    message = caffe_pb2.NetParameter(name="n")
    Net.load(message).Input("x", shape={"dim": [1]})
    assert message == caffe_pb2.NetParameter(name="n")
