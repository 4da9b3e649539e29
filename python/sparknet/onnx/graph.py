"""An ONNX graph in the making: nodes, constants, and names that are used once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray

from sparknet.errors import UnsupportedError
from sparknet.proto import caffe_pb2

__all__ = ["Graph", "Layer", "Shape", "Values"]

Shape = tuple[int, ...]
Values = Union[str, list[str]]


class Graph:
    """Nodes in order, and the values that are known by name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self._names: set[str] = set()

    def name(self, wanted: str) -> str:
        """The name, or with a number behind it if something has it already."""
        name, count = wanted, 1
        while name in self._names:
            count += 1
            name = f"{wanted}_{count}"
        self._names.add(name)
        return name

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """An initializer; its name."""
        name = self.name(name)
        self.constants[name] = values
        return name

    def node(self, op: str, inputs: Sequence[str], outputs: Sequence[str], **fields: Any) -> None:
        """Adds a node, named like its first output."""
        node = onnx.helper.make_node(op, inputs, outputs, name=outputs[0], **fields)
        self.nodes.append(node)

    def rename(self, first: int, old: str, new: str) -> None:
        """Renames a value in the nodes from number ``first`` on."""
        for node in self.nodes[first:]:
            for names in (node.input, node.output):
                names[:] = [new if name == old else name for name in names]


class Layer:
    """A layer to be written: what it is in Caffe, and what its bottoms are called in ONNX.

    shapes: of the bottoms; tops: shapes of the tops; params: its parameter blobs;
    normalization: for a Scale, the node before it that it becomes part of.
    """

    def __init__(
        self,
        graph: Graph,
        proto: caffe_pb2.LayerParameter,
        bottoms: list[str],
        shapes: list[Shape],
        tops: list[Shape],
        params: list[NDArray[np.float32]],
    ) -> None:
        self.graph = graph
        self.proto = proto
        self.bottoms = bottoms
        self.shapes = shapes
        self.tops = tops
        self.params = params
        self.normalization: onnx.NodeProto | None = None

    def op(self, op: str, *inputs: str, **attributes: Any) -> str:
        """The result of a node; its inputs are by default the layer's bottoms."""
        return self.ops(op, *inputs, outputs=1, **attributes)[0]

    def ops(self, op: str, *inputs: str, outputs: int, **attributes: Any) -> list[str]:
        """The results of a node that has several."""
        names = [self.graph.name(f"{self.proto.name}/{op}") for _ in range(outputs)]
        self.graph.node(op, inputs or self.bottoms, names, **attributes)
        return names

    def param(self, index: int, shape: Shape | None = None) -> str:
        """A parameter blob as a constant, in another shape if one is given."""
        values = self.params[index]
        suffix = ("weight", "bias")[index] if index < 2 else str(index)
        if shape is not None:
            values = values.reshape(shape)
        return self.graph.constant(f"{self.proto.name}.{suffix}", values)

    def weight(self, suffix: str, values: ArrayLike) -> str:
        """A constant of floats that was made from the layer's parameters."""
        array = np.asarray(values, dtype=np.float32)
        return self.graph.constant(f"{self.proto.name}.{suffix}", array)

    def number(self, value: float) -> str:
        """A scalar constant."""
        return self.weight("constant", value)

    def whole(self, values: Sequence[int] | int) -> str:
        """A constant of integers."""
        array = np.asarray(values, dtype=np.int64)
        return self.graph.constant(f"{self.proto.name}.constant", array)

    def affine(self, value: str, scale: float, shift: float) -> str:
        """shift + scale * value, without what has no effect."""
        if scale != 1:
            value = self.op("Mul", value, self.number(scale))
        return value if shift == 0 else self.op("Add", value, self.number(shift))

    def reshaped(self, value: str, shape: Shape, target: Shape) -> str:
        """A value of one shape in another one, written so that its first axis may vary."""
        if shape == target:
            return value
        kept = 0
        while kept < min(len(shape), len(target)) and shape[kept] == target[kept]:
            kept += 1
        extents = [0] * kept + list(target[kept:])
        if target and kept == 0:
            extents[0] = -1
        return self.op("Reshape", value, self.whole(extents))

    def axis(self, axis: int) -> int:
        """An axis of the first bottom, counted from the front."""
        return axis + len(self.shapes[0]) if axis < 0 else axis

    def unsupported(self, what: str) -> UnsupportedError:
        """An error that names the layer, its type and what ONNX lacks."""
        return UnsupportedError(f"layer '{self.proto.name}' ({self.proto.type}): {what}")
