"""Each layer type: onnxruntime computes what the engine does."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx_nets import IMAGE, data, layer, on_image
from onnx_runs import check_export

from sparknet._jvm.pyjnius import call, classes
from sparknet.onnx.writers import LEFT_OUT, SAME, WRITERS

pytestmark = pytest.mark.boundary

TWO = data("x", IMAGE) + data("z", IMAGE)

CASES = {
    "AbsVal": on_image("AbsVal"),
    "BNLL": on_image("BNLL"),
    "BatchNorm": on_image("BatchNorm", "batch_norm_param { eps: 0.01 }"),
    "BatchNorm of this batch": on_image(
        "BatchNorm", "batch_norm_param { use_global_stats: false }"
    ),
    "BatchNorm in front of others": on_image("BatchNorm", tops="a")
    + 'layer { name: "s" type: "Scale" bottom: "a" top: "b" }'
    + 'layer { name: "r" type: "ReLU" bottom: "a" top: "c" }',
    "Bias": on_image("Bias"),
    "Bias of a second bottom": data("x", IMAGE) + data("z", "6 7") + layer("Bias", "x z"),
    "Clip": on_image("Clip", "clip_param { min: -0.5 max: 0.25 }"),
    "ELU": on_image("ELU", "elu_param { alpha: 0.7 }"),
    "Eltwise sum": TWO + layer("Eltwise", "x z"),
    "Eltwise coefficients": TWO
    + layer("Eltwise", "x z x", "eltwise_param { coeff: 1 coeff: -1 coeff: 0.5 }"),
    "Eltwise product": TWO + layer("Eltwise", "x z z", "eltwise_param { operation: PROD }"),
    "Eltwise maximum": TWO + layer("Eltwise", "x z", "eltwise_param { operation: MAX }"),
    "Exp": on_image("Exp", "exp_param { base: 2 scale: 0.5 shift: 1 }"),
    "Exp of e": on_image("Exp"),
    "InnerProduct": on_image("InnerProduct", "inner_product_param { num_output: 3 }"),
    "InnerProduct without bias": data("x", "4 5")
    + layer("InnerProduct", "x", "inner_product_param { num_output: 3 bias_term: false }"),
    "InnerProduct transposed": on_image(
        "InnerProduct", "inner_product_param { num_output: 3 transpose: true }"
    ),
    "InnerProduct of rows": on_image(
        "InnerProduct", "inner_product_param { num_output: 3 axis: -1 }"
    ),
    "InnerProduct of planes": on_image(
        "InnerProduct", "inner_product_param { num_output: 3 axis: 2 transpose: true }"
    ),
    "MVN": on_image("MVN", "mvn_param { eps: 0.1 }"),
    "MVN of items": on_image("MVN", "mvn_param { across_channels: true }"),
    "MVN of means": on_image("MVN", "mvn_param { normalize_variance: false }"),
    "PReLU": on_image("PReLU"),
    "PReLU shared": on_image("PReLU", "prelu_param { channel_shared: true }"),
    "Parameter": data("x", "2 3")
    + 'layer { name: "p" type: "Parameter" top: "w" parameter_param { shape { dim: 2 dim: 3 } } }'
    + layer("Eltwise", "x w"),
    "Power": on_image("Power", "power_param { power: 2 scale: 0.5 shift: 1 }"),
    "Power 1": on_image("Power", "power_param { scale: -2 }"),
    "Power 0": on_image("Power", "power_param { power: 0 }"),
    "Power of a constant": on_image("Power", "power_param { power: 3 scale: 0 shift: 2 }"),
    "ReLU": on_image("ReLU"),
    "ReLU with a slope": on_image("ReLU", "relu_param { negative_slope: 0.1 }"),
    "Scale": on_image("Scale", "scale_param { bias_term: true }"),
    "Scale of two axes": on_image("Scale", "scale_param { axis: 2 num_axes: 2 bias_term: true }"),
    "Scale of all axes": on_image("Scale", "scale_param { num_axes: -1 }"),
    "Scale by a number": on_image("Scale", "scale_param { num_axes: 0 bias_term: true }"),
    "Scale of a second bottom": data("x", IMAGE)
    + data("z", "2 6")
    + layer("Scale", "x z", "scale_param { axis: 0 bias_term: true }"),
    "Sigmoid": on_image("Sigmoid"),
    "Softmax": on_image("Softmax"),
    "Softmax of rows": on_image("Softmax", "softmax_param { axis: -1 }"),
    "Swish": on_image("Swish", "swish_param { beta: 1.5 }"),
    "TanH": on_image("TanH"),
    "Threshold": on_image("Threshold", "threshold_param { threshold: 0.2 }"),
}


@pytest.mark.parametrize("case", CASES)
def test_layer(case: str, tmp_path: Path) -> None:
    check_export(CASES[case], tmp_path)


def test_every_type_is_written_left_out_or_refused() -> None:
    """A new layer type is a decision: what has no counterpart in ONNX stands here."""
    refused = {"Python"}
    writes_data = {"HDF5Output"}
    reads_data = {
        "Data",
        "DummyData",
        "HDF5Data",
        "ImageData",
        "Input",
        "JavaData",
        "MemoryData",
        "WindowData",
    }
    known = {str(name) for name in call(classes().engine, "layerTypes")}
    assert known - WRITERS.keys() - SAME - LEFT_OUT == refused | reads_data | writes_data
    assert (WRITERS.keys() | SAME | LEFT_OUT) <= known
