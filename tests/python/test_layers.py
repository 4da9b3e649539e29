"""The DSL builds the messages that the same prototxt gives."""

from __future__ import annotations

import pytest

from sparknet import spec
from sparknet.errors import ArgumentError
from sparknet.layers import (
    Accuracy,
    ConvolutionLayer,
    Include,
    InnerProductLayer,
    NetParam,
    Pooling,
    PoolingLayer,
    RDDLayer,
    ReLULayer,
    SoftmaxWithLoss,
)

pytestmark = pytest.mark.unit

PROTOTXT = """
name: "LeNet"
layer { name: "data" type: "JavaData" top: "data" include { phase: TRAIN }
        java_data_param { shape { dim: 64 dim: 1 dim: 28 dim: 28 } } }
layer { name: "label" type: "JavaData" top: "label"
        java_data_param { shape { dim: 64 dim: 1 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
        param { lr_mult: 1 } param { lr_mult: 2 }
        convolution_param { num_output: 20 kernel_h: 5 kernel_w: 3 pad: 2
                            weight_filler { type: "gaussian" std: 0.25 } } }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
        pooling_param { pool: AVE kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1 pad: 1 } }
layer { name: "ip1" type: "InnerProduct" bottom: "pool1" top: "ip1"
        inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "relu1" relu_param { } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "relu1" bottom: "label" top: "loss"
        loss_param { } softmax_param { } }
layer { name: "accuracy" type: "Accuracy" bottom: "relu1" bottom: "label" top: "accuracy"
        include { phase: TEST } accuracy_param { top_k: 5 } }
"""


def test_every_layer_equals_its_prototxt() -> None:
    net = NetParam(
        "LeNet",
        RDDLayer("data", shape=[64, 1, 28, 28], include=Include.Train),
        RDDLayer("label", shape=[64, 1]),
        ConvolutionLayer(
            "conv1",
            ["data"],
            kernel=(5, 3),
            num_output=20,
            pad=2,
            weight_filler={"type": "gaussian", "std": 0.25},
            param=[{"lr_mult": 1}, {"lr_mult": 2}],
        ),
        PoolingLayer("pool1", ["conv1"], Pooling.Ave, kernel=(3, 2), stride=(2, 1), pad=1),
        InnerProductLayer("ip1", ["pool1"], num_output=10, weight_filler={"type": "xavier"}),
        ReLULayer("relu1", ["ip1"]),
        SoftmaxWithLoss("loss", ["relu1", "label"]),
        Accuracy("accuracy", ["relu1", "label"], include=Include.Test, top_k=5),
    )
    assert net == spec.net(PROTOTXT)


def test_what_is_not_given_is_not_set() -> None:
    layer = ConvolutionLayer("conv", ["data"], kernel=(5, 5), num_output=4)
    fields = {field.name for field, _ in layer.convolution_param.ListFields()}
    assert fields == {"kernel_h", "kernel_w", "num_output"}
    assert {field.name for field, _ in layer.ListFields()} == {
        "name",
        "type",
        "bottom",
        "top",
        "convolution_param",
    }


def test_in_place_top() -> None:
    assert list(ReLULayer("relu", ["ip"], top=["ip"]).top) == ["ip"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"colour": 1}, "colour"),
        ({"pad": "wide"}, "pad"),
        ({"weight_filler": {"kind": "xavier"}}, "weight_filler"),
    ],
)
def test_wrong_options_name_layer_and_option(options: dict[str, object], named: str) -> None:
    with pytest.raises(ArgumentError, match=f"'conv'.*{named}"):
        ConvolutionLayer("conv", ["data"], kernel=(5, 5), num_output=4, **options)


def test_a_single_name_as_bottom_is_refused() -> None:
    with pytest.raises(ArgumentError, match="list of names"):
        ReLULayer("relu", "ip")
