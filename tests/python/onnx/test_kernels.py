"""ONNX's convolutions and poolings: the engine computes what onnxruntime does."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from onnx_runs import Model, check_load

from sparknet.errors import UnsupportedError
from sparknet.onnx import load

pytestmark = pytest.mark.boundary

IMAGE = (2, 6, 8, 7)

CONVOLUTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "padded": {"pads": [1, 1, 1, 1]},
    "in groups": {"group": 3, "strides": [2, 1]},
    "dilated": {"dilations": [2, 2], "pads": [2, 2, 2, 2]},
    "more padded behind": {"pads": [0, 0, 1, 1], "strides": [2, 2]},
    "more padded in front": {"pads": [2, 1, 0, 0]},
    "padded to the same": {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
    "padded to the same, in front": {"auto_pad": "SAME_LOWER", "strides": [2, 2]},
    "not padded": {"auto_pad": "VALID"},
}


@pytest.mark.parametrize("case", CONVOLUTIONS)
@pytest.mark.parametrize("bias", [True, False])
def test_conv(case: str, bias: bool, tmp_path: Path) -> None:
    model, attributes = Model(), CONVOLUTIONS[case]
    weights = model.weight(9, 6 // attributes.get("group", 1), 3, 3)
    constants = [weights, model.weight(9)] if bias else [weights]
    out = model.op("Conv", "x", *constants, **attributes)
    check_load(model.save(tmp_path / "m.onnx", {"x": IMAGE}, out))


DECONVOLUTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "cut": {"strides": [2, 2], "pads": [1, 1, 1, 1]},
    "cut less behind": {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]},
    "longer": {"strides": [2, 2], "output_padding": [1, 0]},
    "cut in front": {"pads": [1, 1, 0, 0]},
    "in groups": {"group": 2, "strides": [3, 2]},
}


@pytest.mark.parametrize("case", DECONVOLUTIONS)
def test_conv_transpose(case: str, tmp_path: Path) -> None:
    model = Model()
    constants = [model.weight(6, 4, 3, 3), model.weight(4 * DECONVOLUTIONS[case].get("group", 1))]
    out = model.op("ConvTranspose", "x", *constants, **DECONVOLUTIONS[case])
    check_load(model.save(tmp_path / "m.onnx", {"x": IMAGE}, out))


def test_zeros_around_go_to_a_convolution(tmp_path: Path) -> None:
    for pads in ([1, 1, 1, 1], [0, 0, 1, 1], [2, 1, 0, 3]):
        model = Model()
        extents = model.constant([0, 0, *pads[:2], 0, 0, *pads[2:]])
        padded = model.op("Pad", "x", extents)
        out = model.op("Conv", padded, model.weight(9, 6, 3, 3), pads=[1, 0, 1, 0], strides=[2, 2])
        check_load(model.save(tmp_path / "m.onnx", {"x": IMAGE}, out))


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_pooling_of_every_geometry(op: str, tmp_path: Path) -> None:
    model, outputs = Model(), []
    for kernel, stride, pad, up in itertools.product((1, 2, 3), (1, 2, 3), (0, 1), (0, 1)):
        if pad >= kernel or stride > kernel:
            continue
        attributes = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [pad] * 4}
        if op == "AveragePool":
            attributes["count_include_pad"] = 1
            # Where rounding up adds windows that reach behind the padding, runtimes divide
            # by different numbers; without padding they agree if padding does not count.
            if up and pad:
                continue
            attributes["count_include_pad"] = int(pad > 0)
        outputs.append(model.op(op, "x", ceil_mode=up, **attributes))
    assert len(outputs) == (22 if op == "MaxPool" else 17)
    check_load(model.save(tmp_path / "m.onnx", {"x": IMAGE}, *outputs))


def test_pooling_that_caffe_rounds_otherwise(tmp_path: Path) -> None:
    """Padding behind alone is what Caffe's windows do that reach behind the image."""
    model = Model()
    attributes = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [0, 0, 1, 0]}
    outputs = [model.op(op, "x", **attributes) for op in ("MaxPool", "AveragePool")]
    net = check_load(model.save(tmp_path / "m.onnx", {"x": IMAGE}, *outputs))
    assert net.blobs[outputs[0]].shape == (2, 6, 4, 3)


def test_zeros_around_go_to_an_average(tmp_path: Path) -> None:
    model = Model()
    padded = model.op("Pad", "x", model.constant([0, 0, 1, 1, 0, 0, 1, 1]))
    out = model.op("AveragePool", padded, kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 0])
    check_load(model.save(tmp_path / "m.onnx", {"x": IMAGE}, out))


def test_of_all(tmp_path: Path) -> None:
    model = Model()
    outputs = [model.op(op, "x") for op in ("GlobalMaxPool", "GlobalAveragePool")]
    check_load(model.save(tmp_path / "m.onnx", {"x": IMAGE}, *outputs))


def test_lrn(tmp_path: Path) -> None:
    model = Model()
    outputs = [model.op("LRN", "x", size=3), model.op("LRN", "x", size=5, alpha=0.5, bias=2.0)]
    check_load(model.save(tmp_path / "m.onnx", {"x": IMAGE}, *outputs))


def convolved(m: Model, value: str) -> str:
    return m.op("Conv", value, m.weight(3, 6, 3, 3))


REFUSED: dict[str, tuple[Callable[[Model], str], str]] = {
    "a computed kernel": (lambda m: m.op("Conv", "x", m.op("Exp", "w")), "must be constant"),
    "dilated, padded on one side": (
        lambda m: m.op("Conv", "x", m.weight(3, 6, 3, 3), dilations=[2, 2], pads=[1, 1, 0, 0]),
        "differs between the sides",
    ),
    "ones around": (
        lambda m: convolved(
            m, m.op("Pad", "x", m.constant([0, 0, 1, 1, 0, 0, 1, 1]), m.constant(1.0))
        ),
        "pads by zeros",
    ),
    "a mirror around": (
        lambda m: convolved(
            m, m.op("Pad", "x", m.constant([0, 0, 1, 1, 0, 0, 1, 1]), mode="reflect")
        ),
        "pads by zeros",
    ),
    "more channels": (
        lambda m: m.op("Pad", "x", m.constant([0, 1, 0, 0, 0, 1, 0, 0])),
        "pads spatial axes",
    ),
    "zeros around a maximum": (
        lambda m: m.op(
            "MaxPool",
            m.op("Pad", "x", m.constant([0, 0, 1, 1, 0, 0, 1, 1])),
            kernel_shape=[3, 3],
        ),
        "zeros around its input",
    ),
    "a dilated pooling": (
        lambda m: m.op("MaxPool", "x", kernel_shape=[2, 2], dilations=[2, 2]),
        "no dilation",
    ),
    "padding that does not count": (
        lambda m: m.op("AveragePool", "x", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        "no such windows or divisors",
    ),
    "an even number of channels": (lambda m: m.op("LRN", "x", size=4), "odd number"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_caffe_has_not(case: str, tmp_path: Path) -> None:
    made, reason = REFUSED[case]
    model = Model()
    path = model.save(tmp_path / "m.onnx", {"x": IMAGE, "w": (3, 6, 3, 3)}, made(model))
    with pytest.raises(UnsupportedError, match=rf"m\.onnx: node '\w+' \(\w+\): .*{reason}"):
        load(path)
