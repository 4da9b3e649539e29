"""What is worked out beforehand: constants, shapes that are computed, functions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_runs import Model, check_load

from sparknet.errors import ParseError, UnsupportedError
from sparknet.onnx import load
from sparknet.onnx.folding import opened

pytestmark = pytest.mark.boundary


def test_weights_that_are_computed(tmp_path: Path) -> None:
    model = Model()
    turned = model.op("Transpose", model.weight(40, 50), perm=[1, 0])
    weights = model.op("Mul", turned, model.constant(2.0))
    path = model.save(tmp_path / "m.onnx", {"x": (2, 50)}, model.op("MatMul", "x", weights))
    folded = opened(path, {}, 1)
    assert [node.op_type for node in folded.nodes] == ["MatMul"]
    check_load(path)


def test_shapes_that_are_computed(tmp_path: Path) -> None:
    model = Model()
    extents = model.op("Shape", "x", start=1)
    halves = model.op("Div", extents, model.constant([2, 1]))
    target = model.op("Concat", model.constant([0, 2]), halves, axis=0)
    path = model.save(tmp_path / "m.onnx", {"x": ("N", 6, 5)}, model.op("Reshape", "x", target))
    folded = opened(path, {}, 3)
    assert folded.shapes[folded.outputs[0]] == (3, 2, 3, 5)
    check_load(path, batch=3)


def test_constants_that_are_listed_as_inputs(tmp_path: Path) -> None:
    """Files of before 2019 list their weights among the inputs."""
    model = Model()
    out = model.op("MatMul", "x", model.weight(5, 4, name="w"))
    path = model.save(tmp_path / "m.onnx", {"x": (2, 5), "w": (5, 4)}, out)
    assert opened(path, {}, 1).inputs == ["x"]
    check_load(path)


def test_functions_are_their_nodes(tmp_path: Path) -> None:
    body = [
        onnx.helper.make_node("Sigmoid", ["v"], ["gate"]),
        onnx.helper.make_node("Mul", ["v", "gate"], ["result"]),
    ]
    opsets = [onnx.helper.make_opsetid("", 17), onnx.helper.make_opsetid("local", 1)]
    function = onnx.helper.make_function(
        "local", "Silu", ["v"], ["result"], body, [onnx.helper.make_opsetid("", 17)]
    )
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Silu", ["x"], ["y"], domain="local")],
        "g",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, (2, 3))],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, (2, 3))],
    )
    model = onnx.helper.make_model(graph, functions=[function], opset_imports=opsets, ir_version=8)
    onnx.save(model, tmp_path / "m.onnx")
    check_load(tmp_path / "m.onnx")


def test_random_numbers_are_no_constants(tmp_path: Path) -> None:
    model = Model()
    noise = model.op("RandomNormal", shape=[2, 3])
    path = model.save(tmp_path / "m.onnx", {"x": (2, 3)}, model.op("Add", "x", noise))
    with pytest.raises(UnsupportedError, match=r"node 'RandomNormal_0' \(RandomNormal\)"):
        load(path)


def test_shapes_that_depend_on_data(tmp_path: Path) -> None:
    model = Model()
    kept = model.op("Compress", "x", model.op("Cast", "which", to=9), axis=0)
    path = model.save(tmp_path / "m.onnx", {"x": (4, 3), "which": (4,)}, model.op("Flatten", kept))
    with pytest.raises(UnsupportedError, match=r"node 'Compress_1' \(Compress\)"):
        load(path)


def test_shapes_that_do_not_fit(tmp_path: Path) -> None:
    model = Model()
    path = model.save(tmp_path / "m.onnx", {"x": (1, 3), "z": (1, 4)}, model.op("Add", "x", "z"))
    with pytest.raises(UnsupportedError, match=r"'Add_0' \(Add\): .*, or shapes do not fit"):
        load(path)


def test_nodes_that_are_wrong(tmp_path: Path) -> None:
    model = Model()
    path = model.save(tmp_path / "m.onnx", {"x": (1, 3, 8, 8)}, model.op("MaxPool", "x", name="p"))
    with pytest.raises(ParseError, match=r"m\.onnx: .*kernel_shape"):
        load(path)
    model = Model()
    out = model.op("Add", "x", "nothing", name="sum")
    path = model.save(tmp_path / "m.onnx", {"x": (1, 3)}, out)
    with pytest.raises(ParseError, match=r"node 'sum' \(Add\): its input 'nothing' comes from"):
        load(path)


def test_types_of_constants(tmp_path: Path) -> None:
    model = Model()
    large = model.op("Cast", model.weight(40, 40), to=11)
    out = model.op("MatMul", "x", model.op("Cast", large, to=1))
    path = model.save(tmp_path / "m.onnx", {"x": (2, 40)}, out)
    assert {array.dtype for array in load(path)[1]["MatMul_2"]} == {np.dtype(np.float32)}
    check_load(path)
