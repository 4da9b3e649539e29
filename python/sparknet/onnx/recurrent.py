"""LSTM and RNN written as a Scan over the steps.

ONNX's own LSTM and RNN cannot start a sequence anew in the middle, which Caffe's layers do where
their second bottom is 0.
"""

from __future__ import annotations

import numpy as np
import onnx

from sparknet.onnx.graph import Graph, Layer, Values

__all__ = ["lstm", "lstm_unit", "rnn"]

_FLOAT = onnx.TensorProto.FLOAT


class _Step:
    """The nodes of one step, in a graph of their own."""

    def __init__(self, layer: Layer, constants: Graph) -> None:
        self.layer, self.graph = layer, constants

    def op(self, op: str, *inputs: str, **attributes: object) -> str:
        name = self.graph.name(f"{self.layer.proto.name}/step/{op}")
        self.graph.node(op, inputs, [name], **attributes)
        return name


def _gates(layer: Layer) -> str:
    """(T, N, gates): what inputs and biases, and the static input, give each step."""
    static = _has_static(layer)
    x, values = layer.bottoms[0], layer.shapes[0]
    x = layer.reshaped(x, values, (*values[:2], int(np.prod(values[2:]))))
    gates = layer.op("MatMul", x, layer.weight("weight", layer.params[0].T))
    gates = layer.op("Add", gates, layer.param(1))
    if static:
        extents = layer.shapes[2]
        once = layer.reshaped(layer.bottoms[2], extents, (extents[0], int(np.prod(extents[1:]))))
        once = layer.op("MatMul", once, layer.weight("static", layer.params[2].T))
        gates = layer.op("Add", gates, once)
    return gates


def _has_static(layer: Layer) -> bool:
    states = len(layer.tops) - 1
    return len(layer.bottoms) - states == 3


def _scan(layer: Layer, states: int) -> tuple[str, list[str]]:
    """All hidden states (T, N, D), and the last one of each kind (N, D)."""
    exposed = layer.proto.recurrent_param.expose_hidden
    size = layer.proto.recurrent_param.num_output
    streams = layer.shapes[0][1]
    first = [
        layer.reshaped(name, (1, streams, size), (streams, size))
        if exposed
        else layer.weight("start", np.zeros((streams, size)))
        for name in (layer.bottoms[-states:] if exposed else [""] * states)
    ]
    hidden = layer.param(3 if _has_static(layer) else 2)
    turned = layer.op("Transpose", hidden, perm=[1, 0])
    cont = layer.reshaped(layer.bottoms[1], layer.shapes[1], (*layer.shapes[1], 1))
    results = layer.ops(
        "Scan",
        *first,
        _gates(layer),
        cont,
        outputs=states + 1,
        body=_body(layer, states, turned, streams, size),
        num_scan_inputs=2,
    )
    return results[-1], results[:-1]


def _body(layer: Layer, states: int, hidden: str, streams: int, size: int) -> onnx.GraphProto:
    """One step: (states, gates, cont) -> (states, hidden state)."""
    name = layer.proto.name
    # Names inside are the outer graph's too: ONNX wants each only once.
    step = _Step(layer, Graph())
    h, c, gates, cont = (f"{name}/step/{part}" for part in ("h", "c", "gates", "cont"))
    conted = step.op("Mul", cont, h)
    total = step.op("Add", gates, step.op("MatMul", conted, hidden))
    after = _cell(step, c, total, cont) if states == 2 else [step.op("Tanh", total)]
    state = (streams, size)
    many = layer.params[0].shape[0]
    inputs = [*[h, c][:states], gates, cont]
    shapes = [state] * states + [(streams, many), (streams, 1)]
    outputs = [*after, step.op("Identity", after[0])]
    return onnx.helper.make_graph(
        step.graph.nodes,
        f"{name}/step",
        [onnx.helper.make_tensor_value_info(n, _FLOAT, s) for n, s in zip(inputs, shapes)],
        [onnx.helper.make_tensor_value_info(n, _FLOAT, state) for n in outputs],
    )


def _cell(step: _Step | Layer, c: str, gates: str, cont: str) -> list[str]:
    """The new hidden state and cell: gates are input, forget, output, candidate."""
    names = [step.graph.name(f"{gates}/{part}") for part in "ifog"]
    step.graph.node("Split", [gates], names, axis=-1)
    i, f, o = (step.op("Sigmoid", name) for name in names[:3])
    kept = step.op("Mul", step.op("Mul", cont, f), c)
    cell = step.op("Add", kept, step.op("Mul", i, step.op("Tanh", names[3])))
    return [step.op("Mul", o, step.op("Tanh", cell)), cell]


def _stated(layer: Layer, output: str, last: list[str]) -> Values:
    """The tops: the output, and the last states where they are exposed."""
    if not layer.proto.recurrent_param.expose_hidden:
        return output
    shape = layer.tops[1]
    return [output, *(layer.reshaped(state, shape[1:], shape) for state in last)]


def lstm(layer: Layer) -> Values:
    """Long short-term memory, which starts from zeros or from the states that it is given."""
    output, last = _scan(layer, 2)
    return _stated(layer, output, last)


def rnn(layer: Layer) -> Values:
    """A plain recurrent layer; its output is a layer of its own on the hidden states."""
    hidden, last = _scan(layer, 1)
    first = len(layer.params) - 2
    output = layer.op("MatMul", hidden, layer.weight("output", layer.params[first].T))
    output = layer.op("Tanh", layer.op("Add", output, layer.param(first + 1)))
    return _stated(layer, output, last)


def lstm_unit(layer: Layer) -> Values:
    """One step of an LSTM: (c, gates, cont) -> (c, h)."""
    c, gates, cont = layer.bottoms
    cont = layer.reshaped(cont, layer.shapes[2], (*layer.shapes[2], 1))
    hidden, cell = _cell(layer, c, gates, cont)
    return [cell, hidden]
