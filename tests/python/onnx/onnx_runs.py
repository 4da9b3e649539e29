"""What onnxruntime computes, beside what the engine does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from sparknet import spec
from sparknet.local import Net
from sparknet.onnx import deploy, export, load

Arrays = dict[str, NDArray[np.float32]]
TOLERANCE = 1e-5


def built(text: str, seed: int = 1) -> Net:
    """The net of a prototxt text in its TEST form, with weights of both signs."""
    net = deploy.net(spec.net(text), {}, None)
    set_weights(net, seed)
    return net


def set_weights(net: Net, seed: int = 1) -> None:
    """Weights that keep activations at their size; statistics of BatchNorm are positive."""
    draws = np.random.default_rng(seed)
    kinds = {layer.name: layer.type for layer in deploy.described(net).layer}
    for name, blobs in net.params.items():
        if kinds[name] == "BatchNorm":
            blobs[0].data[...] = draws.normal(size=blobs[0].shape)
            blobs[1].data[...] = draws.uniform(1, 3, size=blobs[1].shape)
            blobs[2].data[...] = 2
            continue
        for blob in blobs:
            fan_in = int(np.prod(blob.shape[1:]))
            spread = (2 / fan_in) ** 0.5 if len(blob.shape) > 1 else 0.5
            blob.data[...] = draws.standard_normal(blob.shape, np.float32) * np.float32(spread)


def run(path: Path, inputs: Mapping[str, NDArray[np.float32]], inner: str = "") -> Arrays:
    """All outputs of an ONNX file by name. inner: one more value to tell."""
    source: Path | bytes = path
    if inner:
        model = onnx.load(path)
        model.graph.output.append(onnx.ValueInfoProto(name=inner))
        source = model.SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(inputs))))


def inputs_of(net: Net, seed: int = 2) -> Arrays:
    """Values of both signs for the inputs of a net."""
    draws = np.random.default_rng(seed)
    return {name: draws.standard_normal(net.blobs[name].shape, np.float32) for name in net.inputs}


def assert_near(found: Arrays, expected: Mapping[str, NDArray[np.float32]]) -> None:
    """The same names, and values within the tolerance of the largest one."""
    assert set(found) == set(expected), f"{set(found)}, not {set(expected)}"
    for name, values in expected.items():
        assert found[name].shape == values.shape, name
        largest = float(np.abs(values).max())
        assert largest > 0, f"{name} has only zeros"
        assert float(np.abs(found[name] - values).max()) <= TOLERANCE * largest, name


def exported(text: str, path: Path, **options: Any) -> onnx.ModelProto:
    """A net, with random weights, as it was written."""
    export(text, built(text), path, **options)
    return onnx.load(path)


def check_export(text: str, folder: Path, inputs: Arrays | None = None) -> onnx.ModelProto:
    """Exports a net and has both compute its outputs; the model that was written."""
    net = built(text)
    path = folder / "net.onnx"
    export(text, net, path)
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    fed = inputs_of(net) | (inputs or {})
    expected = {name: values.copy() for name, values in net.forward(**fed).items()}
    used = {value.name for value in model.graph.input}
    assert_near(run(path, {name: fed[name] for name in used}), expected)
    return model


def check_load(path: Path, values: Arrays | None = None, **options: Any) -> Net:
    """Has both compute the outputs of an ONNX file; the net that was read.

    values: of inputs that random numbers are no example of; options: those of ``load``.
    """
    message, weights = load(path, **options)
    net = deploy.net(message, {}, None)
    net.set_weights(weights)
    fed = inputs_of(net) | (values or {})
    found = {name: values.copy() for name, values in net.forward(**fed).items()}
    assert_near(found, run(path, fed))
    return net


class Model:
    """An ONNX file in the making, with the names and habits of torch's exports."""

    def __init__(self, seed: int = 3) -> None:
        self.draws = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def weight(self, *shape: int, name: str = "", low: float | None = None) -> str:
        """A constant of random numbers, all above ``low`` if it is given."""
        values = self.draws.normal(size=shape) * 0.5
        if low is not None:
            values = np.abs(values) + low
        return self.constant(values.astype(np.float32), name)

    def constant(self, values: Any, name: str = "") -> str:
        """A constant; of integers or floats of single precision."""
        array = np.asarray(values)
        array = array.astype(np.float32 if array.dtype.kind == "f" else np.int64)
        name = name or f"onnx::{len(self.constants)}"
        self.constants.append(onnx.numpy_helper.from_array(array, name))
        return name

    def op_constant(self, values: Any) -> str:
        """A constant as a node, which is how torch writes small ones."""
        tensor = onnx.numpy_helper.from_array(np.asarray(values))
        return self.op("Constant", value=tensor)

    def op(self, op: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """The result of a node."""
        name = name or f"/{op}_{len(self.nodes)}"
        output = f"{name}_output_0"
        self.nodes.append(onnx.helper.make_node(op, inputs, [output], name=name, **attributes))
        return output

    def save(
        self, path: Path, shapes: Mapping[str, Sequence[Any]], *outputs: str, opset: int = 17
    ) -> Path:
        """Writes it. shapes: of the inputs by name; outputs: names of values."""
        graph = onnx.helper.make_graph(
            self.nodes,
            "main_graph",
            [
                onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
                for name, shape in shapes.items()
            ],
            [onnx.ValueInfoProto(name=name) for name in outputs],
            self.constants,
        )
        opsets = [onnx.helper.make_opsetid("", opset)]
        onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
        return path
