"""ONNX's arithmetic: the engine computes what onnxruntime does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_runs import Model, check_load

from sparknet.errors import UnsupportedError
from sparknet.onnx import load

pytestmark = pytest.mark.boundary

IMAGE = (2, 6, 7, 5)
Case = Callable[[Model], str]

ONE_INPUT: dict[str, Case] = {
    "Abs": lambda m: m.op("Abs", "x"),
    "Add a number": lambda m: m.op("Add", "x", m.constant(0.5)),
    "Add to a number": lambda m: m.op("Add", m.constant([[0.5]]), "x"),
    "Add by channels": lambda m: m.op("Add", "x", m.weight(6, 1, 1)),
    "Add by rows": lambda m: m.op("Add", "x", m.weight(7, 1)),
    "Add by columns": lambda m: m.op("Add", m.weight(5), "x"),
    "Add by channels and columns": lambda m: m.op("Add", "x", m.weight(1, 6, 1, 5)),
    "Add by all": lambda m: m.op("Add", "x", m.weight(2, 6, 7, 5)),
    "BatchNormalization": lambda m: m.op(
        "BatchNormalization",
        "x",
        *(m.weight(6), m.weight(6), m.weight(6), m.weight(6, low=0.5)),
        epsilon=0.01,
    ),
    "BatchNormalization that learned nothing": lambda m: m.op(
        "BatchNormalization",
        "x",
        *(m.constant(np.ones(6)), m.constant(np.zeros(6)), m.weight(6), m.weight(6, low=0.5)),
    ),
    "Clip to 6": lambda m: m.op("Clip", "x", m.constant(0.0), m.constant(6.0)),
    "Clip below": lambda m: m.op("Clip", "x", m.constant(-0.5)),
    "Clip above": lambda m: m.op("Clip", "x", "", m.constant(0.5)),
    "Clip to nothing but 0": lambda m: m.op("Clip", "x", m.constant(0.0)),
    "Div by a number": lambda m: m.op("Div", "x", m.constant(3.0)),
    "Div of a number": lambda m: m.op("Div", m.constant(3.0), m.op("Exp", "x")),
    "Div by channels": lambda m: m.op("Div", "x", m.weight(6, 1, 1, low=0.3)),
    "Elu": lambda m: m.op("Elu", "x", alpha=0.5),
    "Exp": lambda m: m.op("Exp", "x"),
    "Greater": lambda m: m.op("Cast", m.op("Greater", "x", m.constant(0.2)), to=1),
    "HardSigmoid": lambda m: m.op("HardSigmoid", "x"),
    "HardSigmoid of torch": lambda m: m.op("HardSigmoid", "x", alpha=1 / 6),
    "HardSwish": lambda m: m.op("HardSwish", "x"),
    "LeakyRelu": lambda m: m.op("LeakyRelu", "x", alpha=0.2),
    "LeakyRelu by default": lambda m: m.op("LeakyRelu", "x"),
    "Log": lambda m: m.op("Log", m.op("Exp", "x")),
    "LogSoftmax": lambda m: m.op("LogSoftmax", "x", axis=1),
    "MatMul": lambda m: m.op("MatMul", "x", m.weight(5, 4)),
    "Max with a number": lambda m: m.op("Max", "x", m.constant(0.1)),
    "Mean": lambda m: m.op("Mean", "x", m.op("Exp", "x"), "x"),
    "Min with a number": lambda m: m.op("Min", m.constant(0.1), "x"),
    "Mul by a number": lambda m: m.op("Mul", "x", m.constant(3.0)),
    "Mul by channels": lambda m: m.op("Mul", "x", m.weight(1, 6, 1, 1)),
    "Neg": lambda m: m.op("Neg", "x"),
    "PRelu": lambda m: m.op("PRelu", "x", m.weight(6, 1, 1)),
    "PRelu of one slope": lambda m: m.op("PRelu", "x", m.weight(1)),
    "Pow": lambda m: m.op("Pow", "x", m.constant(2.0)),
    "Reciprocal": lambda m: m.op("Reciprocal", m.op("Exp", "x")),
    "Relu": lambda m: m.op("Relu", "x"),
    "Selu": lambda m: m.op("Selu", "x"),
    "Sigmoid times": lambda m: m.op("Mul", "x", m.op("Sigmoid", "x")),
    "Softmax": lambda m: m.op("Softmax", "x", axis=1),
    "Softmax by default": lambda m: m.op("Softmax", "x"),
    "Softplus": lambda m: m.op("Softplus", "x"),
    "Sqrt": lambda m: m.op("Sqrt", m.op("Abs", "x")),
    "Sub a number": lambda m: m.op("Sub", "x", m.constant(0.5)),
    "Sub from a number": lambda m: m.op("Sub", m.constant(0.5), "x"),
    "Sub from channels": lambda m: m.op("Sub", m.weight(6, 1, 1), "x"),
    "Sum of one": lambda m: m.op("Tanh", m.op("Sum", "x")),
    "Tanh": lambda m: m.op("Tanh", "x"),
}


@pytest.mark.parametrize("case", ONE_INPUT)
def test_one_input(case: str, tmp_path: Path) -> None:
    model = Model()
    check_load(model.save(tmp_path / "m.onnx", {"x": IMAGE}, ONE_INPUT[case](model)))


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Div", "Sum", "Max"])
def test_two_inputs_of_one_shape(op: str, tmp_path: Path) -> None:
    model = Model()
    second = model.op("Exp", "z")  # No division by 0.
    model.op(op, "x", second, name="it")
    check_load(model.save(tmp_path / "m.onnx", {"x": IMAGE, "z": IMAGE}, "it_output_0"))


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Div"])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("shape", [(2, 6, 1, 1), (2, 1, 7, 5), (6, 1, 1), (7, 5), (2, 6, 7, 1), ()])
def test_two_inputs_of_shapes_that_go_together(
    op: str, turned: bool, shape: tuple[int, ...], tmp_path: Path
) -> None:
    model = Model()
    names = [model.op("Exp", "x"), model.op("Exp", "z")]
    it = model.op(op, *(names[::-1] if turned else names))
    path = model.save(tmp_path / "m.onnx", {"x": IMAGE, "z": shape}, it)
    if shape == (2, 1, 7, 5):
        with pytest.raises(UnsupportedError, match="whose axes follow one another"):
            load(path)
    else:
        check_load(path)


def test_a_gate_of_each_channel_is_one_for_any_batch(tmp_path: Path) -> None:
    """Squeeze and excitation: read for one item, run for three."""
    model = Model()
    pooled = model.op("GlobalAveragePool", "x")
    gate = model.op("Sigmoid", model.op("Conv", pooled, model.weight(6, 6, 1, 1)))
    path = model.save(tmp_path / "m.onnx", {"x": ("N", 6, 7, 5)}, model.op("Mul", gate, "x"))
    check_load(path)
    check_load(path, batch=3)
    net = check_load(path)
    net.blobs["x"].reshape(3, 6, 7, 5)
    net.reshape()
    assert net.blobs[net.outputs[0]].shape == (3, 6, 7, 5)


GEMMS: dict[str, Callable[[Model], tuple[Any, ...]]] = {
    "turned": lambda m: (m.weight(4, 5), m.weight(4)),
    "without bias": lambda m: (m.weight(4, 5),),
    "one bias": lambda m: (m.weight(4, 5), m.weight(1)),
    "bias of two axes": lambda m: (m.weight(4, 5), m.weight(1, 4)),
}


@pytest.mark.parametrize("case", GEMMS)
def test_gemm(case: str, tmp_path: Path) -> None:
    model = Model()
    out = model.op("Gemm", "x", *GEMMS[case](model), transB=1, alpha=0.5, beta=2.0)
    check_load(model.save(tmp_path / "m.onnx", {"x": (3, 5)}, out))
    model = Model()
    out = model.op("Gemm", "x", model.weight(5, 4), model.weight(4))
    check_load(model.save(tmp_path / "m.onnx", {"x": (3, 5)}, out))


def test_softmax_before_version_13(tmp_path: Path) -> None:
    model = Model()
    path = model.save(tmp_path / "m.onnx", {"x": (3, 5)}, model.op("Softmax", "x"), opset=11)
    check_load(path)
    model = Model()
    path = model.save(tmp_path / "m.onnx", {"x": IMAGE}, model.op("Softmax", "x"), opset=11)
    with pytest.raises(UnsupportedError, match="before version 13"):
        load(path)


def test_clip_before_version_11(tmp_path: Path) -> None:
    model = Model()
    out = model.op("Clip", "x", min=-0.5, max=0.5)
    check_load(model.save(tmp_path / "m.onnx", {"x": IMAGE}, out, opset=10))


REFUSED: dict[str, tuple[Case, str]] = {
    "transposed data": (lambda m: m.op("Gemm", "y", m.weight(3, 4), transA=1), "not transpose"),
    "bias by items": (
        lambda m: m.op("Gemm", "y", m.weight(5, 4), m.weight(3, 4)),
        "same for all items",
    ),
    "a product of blobs": (lambda m: m.op("MatMul", "x", m.op("Exp", "x")), "must be constant"),
    "several matrices": (lambda m: m.op("MatMul", "x", m.weight(2, 6, 5, 4)), "by one matrix"),
    "a larger constant": (lambda m: m.op("Add", "y", m.weight(2, 1, 5)), "broadcast the input"),
    "several exponents": (lambda m: m.op("Pow", "x", m.weight(5)), "one exponent"),
    "several limits": (
        lambda m: m.op("Cast", m.op("Greater", "x", m.weight(5)), to=1),
        "one limit",
    ),
    "slopes of columns": (lambda m: m.op("PRelu", "x", m.weight(5)), "for each channel"),
    "a minimum": (lambda m: m.op("Min", "x", m.op("Exp", "x")), "inputs of one shape"),
    "training": (
        lambda m: m.op(
            "BatchNormalization",
            "x",
            *(m.weight(6), m.weight(6), m.weight(6), m.weight(6)),
            training_mode=1,
        ),
        "evaluation mode",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_caffe_has_not(case: str, tmp_path: Path) -> None:
    made, reason = REFUSED[case]
    model = Model()
    out = made(model)
    path = model.save(tmp_path / "m.onnx", {"x": (2, 6, 5, 5), "y": (3, 5)}, out)
    with pytest.raises(UnsupportedError, match=rf"m\.onnx: node '\w+' \(\w+\): .*{reason}"):
        load(path)
