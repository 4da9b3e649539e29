"""The layers of a net in their order: names, what is left out, what becomes inputs and outputs."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx_nets import SMALL, data, layer
from onnx_runs import check_export, exported

from sparknet.errors import NetError, UnsupportedError

pytestmark = pytest.mark.boundary


def test_names_are_those_of_the_net(tmp_path: Path) -> None:
    graph = exported(SMALL, tmp_path / "small.onnx").graph
    assert graph.name == "small"
    assert [(node.name, node.op_type) for node in graph.node] == [
        ("c", "Conv"),
        ("s", "BatchNormalization"),
        ("r", "Relu"),
        ("ip/Flatten", "Flatten"),
        ("ip", "Gemm"),
    ]
    # A blob's own name is that of its last value.
    assert [node.output[0] for node in graph.node] == ["a/c", "a/s", "a", "ip/Flatten", "ip"]
    assert {tensor.name for tensor in graph.initializer} == {
        "bn.mean",
        "bn.variance",
        "c.bias",
        "c.weight",
        "ip.bias",
        "ip.weight",
        "s.bias",
        "s.weight",
    }


def test_what_is_silenced_is_no_output(tmp_path: Path) -> None:
    text = data("x", "2 4") + layer("Slice", "x", tops="a b", name="cut")
    text += layer("Silence", "b", tops="", name="hush")
    assert [value.name for value in exported(text, tmp_path / "net.onnx").graph.output] == ["a"]


def test_a_loss_that_names_its_probabilities(tmp_path: Path) -> None:
    text = data("x", "2 4") + data("label", "2")
    text += layer("SoftmaxWithLoss", "x label", tops="loss scores")
    graph = exported(text, tmp_path / "net.onnx").graph
    assert [value.name for value in graph.input] == ["x"]
    assert [(node.op_type, node.output[0]) for node in graph.node] == [("Softmax", "scores")]


def test_other_losses(tmp_path: Path) -> None:
    begin = data("x", "2 4") + data("t", "2 3")
    begin += layer("InnerProduct", "x", "inner_product_param { num_output: 3 }", "ip", "ip")
    graph = exported(begin + layer("EuclideanLoss", "ip t"), tmp_path / "net.onnx").graph
    assert [value.name for value in graph.output] == ["ip"]
    graph = exported(begin + layer("SigmoidCrossEntropyLoss", "ip t"), tmp_path / "net.onnx").graph
    assert [(graph.node[-1].op_type, value.name) for value in graph.output] == [("Sigmoid", "prob")]
    text = begin + data("label", "2") + data("H", "3 3") + layer("InfogainLoss", "ip label H")
    graph = exported(text, tmp_path / "net.onnx").graph
    assert [(graph.node[-1].op_type, value.name) for value in graph.output] == [("Softmax", "prob")]


def test_several_losses_and_a_blob_called_prob(tmp_path: Path) -> None:
    begin = data("x", "2 4") + data("label", "2")
    text = begin + layer("SoftmaxWithLoss", "x label", tops="a", name="one")
    text += layer("SoftmaxWithLoss", "x label", tops="b", name="two")
    graph = exported(text, tmp_path / "net.onnx").graph
    assert [value.name for value in graph.output] == ["one/prob", "two/prob"]
    text = begin + layer("TanH", "x", tops="prob", name="t")
    text += layer("SoftmaxWithLoss", "prob label", name="it")
    graph = exported(text, tmp_path / "net.onnx").graph
    assert [value.name for value in graph.output] == ["it/prob"]


def test_a_net_that_predicts_nothing(tmp_path: Path) -> None:
    text = data("x", "2 4") + data("z", "2 4") + layer("EuclideanLoss", "x z")
    with pytest.raises(NetError, match="no output"):
        exported(text, tmp_path / "net.onnx")


def test_what_takes_a_loss(tmp_path: Path) -> None:
    begin = data("x", "2 4") + data("label", "2")
    begin += layer("SoftmaxWithLoss", "x label", tops="loss", name="one")
    graph = exported(begin + layer("Silence", "loss", tops=""), tmp_path / "net.onnx").graph
    assert [value.name for value in graph.output] == ["prob"]
    twice = layer("Power", "loss", "power_param { scale: 2 }") + layer(
        "Silence", "loss", tops="", name="hush"
    )
    with pytest.raises(UnsupportedError, match=r"layer 'it' \(Power\) takes a loss"):
        exported(begin + twice, tmp_path / "net.onnx")


def test_in_place_on_an_input(tmp_path: Path) -> None:
    text = data("x", "2 4") + layer("Power", "x", "power_param { scale: 2 }", tops="x")
    text += layer("TanH", "x", name="t")
    graph = check_export(text, tmp_path).graph
    assert [value.name for value in graph.input] == ["x"]
    assert [(node.name, node.output[0]) for node in graph.node] == [("it", "x/it"), ("t", "y")]


def test_a_blob_that_several_layers_take(tmp_path: Path) -> None:
    text = data("x", "2 4") + layer("TanH", "x", tops="a", name="t")
    text += layer("Sigmoid", "a", tops="b", name="s") + layer("Eltwise", "a b", name="e")
    graph = check_export(text, tmp_path).graph
    assert [list(node.input) for node in graph.node] == [["x"], ["a"], ["a", "b"]]


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    text = data("x", "2 4") + layer("TanH", "x", tops="it/Mul", name="t")
    text += layer("Power", "it/Mul", "power_param { scale: 2 shift: 1 }")
    graph = check_export(text, tmp_path).graph
    names = [name for node in graph.node for name in node.output]
    assert len(set(names)) == len(names) == 3
