"""An ONNX node to be read, and the Caffe net that it becomes part of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray

from sparknet import layer_types
from sparknet.errors import ParseError, UnsupportedError
from sparknet.onnx.folding import Folded
from sparknet.onnx.graph import Shape
from sparknet.proto import caffe_pb2
from sparknet.weights import Weights

__all__ = ["Built", "Node"]


class Built:
    """A net in the making: its layers, their weights, and which blob has which value."""

    def __init__(self, folded: Folded) -> None:
        self.folded = folded
        self.net = caffe_pb2.NetParameter()
        self.weights = Weights()
        self.blobs: dict[str, str] = {}
        # Values with zeros around them, which the layer that takes them has to add.
        self.padded: dict[str, tuple[str, list[int], list[int]]] = {}
        self._names: set[str] = set()

    def add(
        self,
        kind: str,
        wanted: str,
        bottoms: Sequence[str],
        tops: Sequence[str] | None,
        weights: Sequence[ArrayLike] = (),
        **fields: Any,
    ) -> str:
        """Adds a layer; its name, which is the wanted one unless a layer has it already.

        tops: None is one that is called like the layer.
        """
        name, count = wanted, 1
        while name in self._names:
            count += 1
            name = f"{wanted}_{count}"
        self._names.add(name)
        tops = [name] if tops is None else tops
        self.net.layer.append(layer_types.build(kind, name, bottoms, tops, fields))
        if weights:
            # Arrays of the file may be views of it, which cannot be written to.
            self.weights[name] = [np.require(w, np.float32, ["C", "W"]) for w in weights]
        return name


class Node:
    """A node with its inputs and attributes, which adds layers for what it computes."""

    def __init__(self, built: Built, proto: onnx.NodeProto) -> None:
        self.built = built
        self.proto = proto
        self.name = (proto.name or proto.output[0]).strip("/")
        self._attributes = {a.name: onnx.helper.get_attribute_value(a) for a in proto.attribute}

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute; texts as str."""
        value = self._attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else value

    def has(self, index: int) -> bool:
        """Whether there is an input of this number."""
        return index < len(self.proto.input) and bool(self.proto.input[index])

    def constant(self, index: int) -> NDArray[Any] | None:
        """An input that is known beforehand; None if it is not, or not there."""
        return self.built.folded.constants.get(self.proto.input[index]) if self.has(index) else None

    def known(self, index: int, what: str) -> NDArray[Any]:
        """An input that must be known beforehand. what: its name in errors."""
        value = self.constant(index)
        if value is None:
            raise self.unsupported(f"{what} must be constant")
        return value

    def setting(self, name: str, index: int, default: Any = None) -> Any:
        """What was an attribute in older operators and is an input in newer ones."""
        if name in self._attributes or not self.has(index):
            return self.attribute(name, default)
        return self.known(index, name).tolist()

    def bottom(self, index: int = 0) -> str:
        """The blob of an input."""
        value = self.proto.input[index]
        if value in self.built.padded:
            raise self.unsupported("zeros around its input have no counterpart in Caffe")
        if value in self.built.folded.constants:
            raise self.unsupported(f"its input {index} is constant, which Caffe has no layer for")
        if value not in self.built.blobs:
            raise ParseError(f"{self._where()}: its input '{value}' comes from nowhere")
        return self.built.blobs[value]

    def shape(self, index: int = 0) -> Shape:
        """Extents of an input."""
        return self._shape(self.proto.input[index])

    def result(self, index: int = 0) -> Shape:
        """Extents of an output."""
        return self._shape(self.proto.output[index])

    def _shape(self, name: str) -> Shape:
        if name not in self.built.folded.shapes:
            raise self.unsupported(f"the shape of '{name}' depends on data, or shapes do not fit")
        return self.built.folded.shapes[name]

    def axis(self, default: int) -> int:
        """The attribute ``axis``, counted from the front."""
        axis = int(self.attribute("axis", default))
        return axis + len(self.shape()) if axis < 0 else axis

    def inner(
        self,
        kind: str,
        suffix: str,
        bottoms: Sequence[str],
        *,
        weights: Sequence[ArrayLike] = (),
        **fields: Any,
    ) -> str:
        """A layer on the way to the node's result; its top."""
        return self.built.add(kind, f"{self.name}_{suffix}", bottoms, None, weights, **fields)

    def layer(
        self,
        kind: str,
        bottoms: Sequence[str] | None = None,
        *,
        weights: Sequence[ArrayLike] = (),
        **fields: Any,
    ) -> None:
        """The layer whose top is the node's result; its bottom is by default the first input."""
        top = self.proto.output[0]
        bottoms = [self.bottom()] if bottoms is None else bottoms
        self.built.add(kind, self.name, bottoms, [top], weights, **fields)
        self.built.blobs[top] = top

    def same(self, blob: str | None = None) -> None:
        """The node's result is a blob that there is, by default its first input's."""
        self.built.blobs[self.proto.output[0]] = self.bottom() if blob is None else blob

    def unsupported(self, what: str) -> UnsupportedError:
        """An error that names the node and its operator."""
        return UnsupportedError(f"{self._where()}: {what}")

    def _where(self) -> str:
        return f"{self.built.folded.path}: node '{self.name}' ({self.proto.op_type})"
