"""ONNX's operators that move values: the engine puts them where onnxruntime does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_runs import Model, check_load

from sparknet.errors import UnsupportedError
from sparknet.onnx import load

pytestmark = pytest.mark.boundary

IMAGE = (2, 6, 7, 5)
Case = Callable[[Model], str]

CASES: dict[str, Case] = {
    "Concat": lambda m: m.op("Concat", "x", m.op("Exp", "x"), axis=1),
    "Concat of rows": lambda m: m.op("Concat", "x", m.op("Exp", "x"), axis=-1),
    "Expand": lambda m: m.op("Expand", m.op("GlobalAveragePool", "x"), m.constant([2, 6, 3, 4])),
    "Flatten": lambda m: m.op("Flatten", "x"),
    "Flatten of rows": lambda m: m.op("Flatten", "x", axis=3),
    "Flatten of all": lambda m: m.op("Flatten", "x", axis=0),
    "Gather of a column": lambda m: m.op("Gather", "x", m.constant(2), axis=3),
    "Gather of the last channel": lambda m: m.op("Gather", "x", m.constant(-1), axis=1),
    "Gather of a stretch": lambda m: m.op("Gather", "x", m.constant([1, 2, 3]), axis=2),
    "ReduceMean": lambda m: m.op("ReduceMean", "x", axes=[2, 3], keepdims=0),
    "ReduceMean, axes kept": lambda m: m.op("ReduceMean", "x", axes=[-1, -2]),
    "ReduceMean of all": lambda m: m.op("ReduceMean", "x", keepdims=0),
    "ReduceSum": lambda m: m.op("ReduceSum", "x", m.constant([3]), keepdims=0),
    "ReduceL1": lambda m: m.op("ReduceL1", "x", axes=[1, 2, 3], keepdims=0),
    "ReduceSumSquare": lambda m: m.op("ReduceSumSquare", "x", axes=[3], keepdims=1),
    "Reshape": lambda m: m.op("Reshape", "x", m.constant([0, 3, -1])),
    "Reshape of items": lambda m: m.op("Reshape", "x", m.constant([-1, 35])),
    "Slice": lambda m: m.op("Slice", "x", m.constant([1]), m.constant([4]), m.constant([1])),
    "Slice of an end": lambda m: m.op(
        "Slice", "x", m.constant([-2]), m.constant([2**62]), m.constant([-1]), m.constant([1])
    ),
    "Slice of two axes": lambda m: m.op(
        "Slice", "x", m.constant([0, 3]), m.constant([-1, 5]), m.constant([2, 3])
    ),
    "Slice of nothing": lambda m: m.op(
        "Tanh", m.op("Slice", "x", m.constant([0]), m.constant([99]), m.constant([1]))
    ),
    "Squeeze": lambda m: m.op("Squeeze", m.op("GlobalMaxPool", "x"), m.constant([2, 3])),
    "Tile": lambda m: m.op("Tile", "x", m.constant([1, 2, 1, 3])),
    "Transpose of what is pooled": lambda m: m.op(
        "Transpose", m.op("GlobalAveragePool", "x"), perm=[0, 2, 3, 1]
    ),
    "Unsqueeze": lambda m: m.op("Unsqueeze", "x", m.constant([1])),
}


@pytest.mark.parametrize("case", CASES)
def test_one_input(case: str, tmp_path: Path) -> None:
    model = Model()
    check_load(model.save(tmp_path / "m.onnx", {"x": IMAGE}, CASES[case](model)))


def test_split(tmp_path: Path) -> None:
    for sizes in ([2, 3, 1], [6]):
        model = Model()
        outputs = [f"part{index}" for index in range(len(sizes))]
        node = onnx.helper.make_node("Split", ["x", model.constant(sizes)], outputs, "cut", axis=1)
        model.nodes.append(node)
        check_load(model.save(tmp_path / "m.onnx", {"x": IMAGE}, *outputs))


def test_rows_of_a_table(tmp_path: Path) -> None:
    model = Model()
    out = model.op("Gather", model.weight(9, 4), model.op("Cast", "x", to=7))
    path = model.save(tmp_path / "m.onnx", {"x": (2, 3)}, out)
    check_load(path, {"x": np.array([[0, 8, 3], [1, 1, 2]], np.float32)})


def test_dropout_is_kept_for_training(tmp_path: Path) -> None:
    model = Model()
    first = model.op("Dropout", "x", model.constant(0.3), name="drop")
    out = model.op("Tanh", model.op("Dropout", first, model.constant(0.0)))
    path = model.save(tmp_path / "m.onnx", {"x": IMAGE}, out)
    check_load(path)
    layers = [(layer.type, layer.dropout_param.dropout_ratio) for layer in load(path)[0].layer]
    assert [kind for kind, _ in layers] == ["Input", "Dropout", "TanH"]
    assert layers[1][1] == pytest.approx(0.3)


REFUSED: dict[str, tuple[Case, str]] = {
    "axes exchanged": (lambda m: m.op("Transpose", "x", perm=[0, 2, 1, 3]), "exchange axes"),
    "steps": (
        lambda m: m.op(
            "Slice", "x", m.constant([0]), m.constant([6]), m.constant([1]), m.constant([2])
        ),
        "steps of 1",
    ),
    "places apart": (lambda m: m.op("Gather", "x", m.constant([0, 2]), axis=1), "follows one"),
    "planes of a table": (
        lambda m: m.op("Gather", m.weight(4, 2, 2), m.op("Cast", "x", to=7)),
        "rows of a matrix",
    ),
    "the first axes": (lambda m: m.op("ReduceMean", "x", axes=[1]), "the last axes"),
    "a constant part": (lambda m: m.op("Concat", "x", m.weight(2, 1, 7, 5), axis=1), "constant"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_caffe_has_not(case: str, tmp_path: Path) -> None:
    made, reason = REFUSED[case]
    model = Model()
    path = model.save(tmp_path / "m.onnx", {"x": IMAGE}, made(model))
    with pytest.raises(UnsupportedError, match=rf"m\.onnx: node '\w+' \(\w+\): .*{reason}"):
        load(path)
