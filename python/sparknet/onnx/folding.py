"""An ONNX file as the nodes that compute with data: constants are worked out, shapes are known."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnx.inliner
import onnx.reference
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from sparknet.errors import ArgumentError, FileError, ParseError
from sparknet.fields import did_you_mean
from sparknet.onnx.graph import Shape

__all__ = ["Folded", "opened"]

# Larger constants are weights: no shape depends on their values.
_SMALL = 1024
# Two runs of these differ.
_RANDOM = frozenset(
    {
        "Bernoulli",
        "Multinomial",
        "RandomNormal",
        "RandomNormalLike",
        "RandomUniform",
        "RandomUniformLike",
    }
)


def opened(path: str | os.PathLike[str], inputs: Mapping[str, Sequence[int]], batch: int) -> Folded:
    """Reads a file. inputs: shapes by name; batch: what a free first axis becomes."""
    name = os.fspath(path)
    try:
        model = onnx.load(name)
    except OSError as error:
        raise FileError(f"{name}: {error.strerror or error}") from None
    except (DecodeError, onnx.checker.ValidationError) as error:
        raise ParseError(f"{name}: not an ONNX file: {error}") from None
    if not model.graph.node:
        raise ParseError(f"{name}: not an ONNX file, or one of a graph without nodes")
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    return Folded(model, name, inputs, batch)


class Folded:
    """A graph without what can be worked out beforehand.

    inputs: names; outputs: names; shapes: extents of all values that are known; constants: by
    name, weights among them; nodes: those that are left, in order.
    """

    def __init__(
        self, model: onnx.ModelProto, path: str, inputs: Mapping[str, Sequence[int]], batch: int
    ) -> None:
        self.path = path
        self.constants: dict[str, NDArray[Any]] = {
            tensor.name: onnx.numpy_helper.to_array(tensor, os.path.dirname(path))
            for tensor in model.graph.initializer
        }
        self.shapes: dict[str, Shape] = {}
        self.nodes = list(model.graph.node)
        self.outputs = [value.name for value in model.graph.output]
        self._opsets = list(model.opset_import)
        self._ir = model.ir_version
        fed = [value for value in model.graph.input if value.name not in self.constants]
        self.inputs = [value.name for value in fed]
        for given in inputs:
            if given not in self.inputs:
                hint = did_you_mean(given, self.inputs)
                raise ArgumentError(f"{path}: inputs: there is no input '{given}'{hint}")
        self._types = {value.name: value.type.tensor_type.elem_type for value in fed}
        for value in fed:
            self.shapes[value.name] = self._extents(value, inputs.get(value.name), batch)
        left = -1
        while left != len(self.nodes):
            left = len(self.nodes)
            self._infer()
            self.nodes = [node for node in self.nodes if not self._fold(node)]

    @property
    def opset(self) -> int:
        """The version of the standard operators."""
        return max((o.version for o in self._opsets if o.domain in ("", "ai.onnx")), default=1)

    def context(self) -> Any:
        """What onnx.checker checks a node by."""
        context = onnx.checker.C.CheckerContext()
        context.ir_version = self._ir
        context.opset_imports = {opset.domain: opset.version for opset in self._opsets}
        return context

    def _extents(
        self, value: onnx.ValueInfoProto, given: Sequence[int] | None, batch: int
    ) -> Shape:
        dims = value.type.tensor_type.shape.dim
        if given is not None:
            return tuple(int(extent) for extent in given)
        extents = [dim.dim_value or (batch if axis == 0 else 0) for axis, dim in enumerate(dims)]
        if 0 in extents or not value.type.tensor_type.HasField("shape"):
            told = ", ".join(dim.dim_param or str(dim.dim_value or "?") for dim in dims)
            raise ArgumentError(
                f"{self.path}: input '{value.name}' has shape ({told}): pass another one,"
                f" such as inputs={{'{value.name}': (1, 3, 224, 224)}}"
            )
        return tuple(extents)

    def _infer(self) -> None:
        """Shapes of the values, from those of the inputs and small constants."""
        small = {n: v for n, v in self.constants.items() if v.size <= _SMALL}
        values = [
            onnx.helper.make_tensor_value_info(name, self._types[name], self.shapes[name])
            for name in self.inputs
        ]
        values += [
            onnx.helper.make_tensor_value_info(
                name, onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
            )
            for name, array in self.constants.items()
            if name not in small
        ]
        graph = onnx.helper.make_graph(
            self.nodes,
            "shapes",
            values,
            [onnx.ValueInfoProto(name=name) for name in self.outputs],
            [onnx.numpy_helper.from_array(array, name) for name, array in small.items()],
        )
        model = onnx.helper.make_model(graph, opset_imports=self._opsets, ir_version=self._ir)
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
        for value in (*inferred.value_info, *inferred.output):
            tensor = value.type.tensor_type
            if tensor.HasField("shape") and all(d.HasField("dim_value") for d in tensor.shape.dim):
                self.shapes[value.name] = tuple(dim.dim_value for dim in tensor.shape.dim)
        self.shapes.update((name, array.shape) for name, array in self.constants.items())

    def _fold(self, node: onnx.NodeProto) -> bool:
        """Whether a node's results are constants, which are then known."""
        if node.op_type == "Shape" and node.input[0] in self.shapes:
            start, end = (next(self._integers(node, name), None) for name in ("start", "end"))
            extents = self.shapes[node.input[0]][start:end]
            self.constants[node.output[0]] = np.asarray(extents, dtype=np.int64)
            return True
        if node.op_type in _RANDOM or any(n and n not in self.constants for n in node.input):
            return False
        graph = onnx.helper.make_graph(
            [node],
            "constant",
            [onnx.ValueInfoProto(name=name) for name in dict.fromkeys(node.input) if name],
            [onnx.ValueInfoProto(name=name) for name in node.output if name],
        )
        model = onnx.helper.make_model(graph, opset_imports=self._opsets, ir_version=self._ir)
        try:
            evaluator = onnx.reference.ReferenceEvaluator(model)
            results = evaluator.run(None, {n: self.constants[n] for n in node.input if n})
        except Exception:  # It raises whatever an operator's own code does, or lacks.
            return False
        names = [name for name in node.output if name]
        self.constants.update((n, np.asarray(result)) for n, result in zip(names, results))
        return True

    @staticmethod
    def _integers(node: onnx.NodeProto, name: str) -> Iterator[int]:
        return (attribute.i for attribute in node.attribute if attribute.name == name)
