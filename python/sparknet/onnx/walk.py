"""The layers of a net in their order, written as an ONNX graph."""

from __future__ import annotations

import onnx

from sparknet.errors import NetError, UnsupportedError
from sparknet.local import Net
from sparknet.onnx.deploy import described
from sparknet.onnx.graph import Graph, Layer
from sparknet.onnx.writers import LEFT_OUT, SAME, WRITERS
from sparknet.proto import caffe_pb2

__all__ = ["Walk"]

# Losses of a softmax or sigmoid: what they are computed of is the prediction.
_PREDICTING = frozenset({"InfogainLoss", "SigmoidCrossEntropyLoss", "SoftmaxWithLoss"})


class Walk(Graph):
    """A net's graph.

    inputs, outputs: names of its values; shaped_as: the blob that has a value's shape.
    """

    def __init__(self, net: Net) -> None:
        super().__init__()
        self._net = net
        layers = _predicting(described(net))
        self._values: dict[str, str] = {}
        self.shaped_as: dict[str, str] = {}
        self._taken: set[str] = set()
        for name in net.inputs:
            self._values[name] = self.name(name)
            self.shaped_as[name] = name
        # In place, only the last value gets the blob's own name: each name is used once.
        self._last: dict[str, int] = {}
        for index, layer in enumerate(layers):
            if layer.type not in SAME | LEFT_OUT:
                self._last.update((top, index) for top in layer.top)
        for index, layer in enumerate(layers):
            self._walk(index, layer)
        used = {name for node in self.nodes for name in node.input}
        self.inputs = [name for name in net.inputs if name in used]
        made = [name for node in self.nodes for name in node.output]
        self.outputs = [n for n in made if n in self.shaped_as and n not in self._taken]
        if not self.outputs:
            raise NetError("the net has no output: nothing is computed but losses")

    def _walk(self, index: int, proto: caffe_pb2.LayerParameter) -> None:
        bottoms = [self._values[name] for name in proto.bottom if name in self._values]
        if proto.type == "Silence":
            self._taken.update(bottoms)
        if proto.type == "Input" or proto.type in LEFT_OUT:
            return
        if proto.type in SAME:
            self._values.update((top, value) for top in proto.top for value in bottoms)
            return
        if len(bottoms) < len(proto.bottom):
            raise UnsupportedError(
                f"layer '{proto.name}' ({proto.type}) takes a loss or an accuracy,"
                " which are no part of a prediction"
            )
        if proto.type not in WRITERS:
            raise UnsupportedError(
                f"layer '{proto.name}' ({proto.type}) has no counterpart in ONNX"
            )
        self._taken.update(bottoms)
        layer = self._layer(proto, bottoms)
        first = len(self.nodes)
        written = WRITERS[proto.type](layer)
        made = {name for node in self.nodes[first:] for name in node.output}
        for top, value in zip(proto.top, [written] if isinstance(written, str) else written):
            if value in made:
                free = self._last[top] == index and top not in self._net.inputs
                name = self.name(top if free else f"{top}/{proto.name}")
                self.rename(first, value, name)
                value = name
                self.shaped_as[name] = top if top in self._net.blobs else proto.bottom[0]
            self._values[top] = value
        if made:
            self.nodes[-1].name = proto.name

    def _layer(self, proto: caffe_pb2.LayerParameter, bottoms: list[str]) -> Layer:
        blobs = self._net.blobs
        layer = Layer(
            self,
            proto,
            bottoms,
            [blobs[name].shape for name in proto.bottom],
            [blobs[name].shape for name in proto.top if name in blobs],
            [blob.data for blob in self._net.params.get(proto.name, [])],
        )
        scale = proto.scale_param
        whole = len(bottoms) == 1 and layer.params and scale.num_axes == 1
        if proto.type == "Scale" and whole and layer.axis(scale.axis) == 1:
            layer.normalization = self._taken_normalization(proto.bottom[0], bottoms[0])
        return layer

    def _taken_normalization(self, blob: str, value: str) -> onnx.NodeProto | None:
        """Takes out the BatchNormalization that ends in a blob, for its scale to become part of it.

        Nobody else has that blob: for several there would be a Split, with blobs of its own.
        """
        node = next((node for node in self.nodes if value in node.output), None)
        if node is None or node.op_type != "BatchNormalization" or self.shaped_as[value] != blob:
            return None
        self.nodes.remove(node)
        for name in node.input[1:3]:
            del self.constants[name]
        del self.shaped_as[value]
        return node


def _predicting(net: caffe_pb2.NetParameter) -> list[caffe_pb2.LayerParameter]:
    """The layers; losses without their labels, and with tops for the probabilities."""
    losses = [layer for layer in net.layer if layer.type in _PREDICTING]
    taken = {top for layer in net.layer for top in layer.top}
    single = len(losses) == 1 and "prob" not in taken
    for loss in losses:
        name = loss.top[1] if len(loss.top) > 1 else "prob" if single else f"{loss.name}/prob"
        loss.top[:] = [name]
        del loss.bottom[1:]
    return list(net.layer)
