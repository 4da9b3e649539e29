"""What a net is made of, as a table: shapes, parameters, arithmetic and memory of each layer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from math import prod
from typing import NamedTuple

from sparknet import flops, tables
from sparknet.proto import caffe_pb2

__all__ = ["Built", "Row", "Summary", "without_splits"]

_FLOAT = 4  # Bytes of a value.
# Their tops are the memory of their bottom.
_VIEWS = ("Flatten", "Reshape", "Split")
_SPLIT = re.compile(r"_split_\d+$")


class Built(NamedTuple):
    """A net as the engine builds it.

    net: the layers of one phase, with the shapes of their parameters in ``blobs``. shapes: of its
    blobs, by name.
    """

    net: caffe_pb2.NetParameter
    shapes: Mapping[str, tuple[int, ...]]


class Row(NamedTuple):
    """A layer. shapes: of its tops; parameters: number of values; flops: of a forward pass, see
    ``sparknet.flops``, None if they are not counted; bytes: of the tops that it does not share.
    """

    layer: str
    type: str
    shapes: tuple[tuple[int, ...], ...]
    parameters: int
    flops: int | None
    bytes: int


class Summary:
    """The layers of a net in order; ``print`` and notebooks show a table.

    rows: one for each layer. parameters: number of values that layers have, shared ones once;
    learned: how many of them the solver changes. flops: of a forward pass with as many items as the
    shapes say, counted as ``sparknet.flops`` tells. bytes: of what the layers put out, in float32:
    training takes as much again for gradients. What is computed in place or is another blob's
    memory has none.
    """

    def __init__(self, built: Built) -> None:
        net = without_splits(built.net)
        self.name = net.name
        self.rows = [_row(layer, built.shapes) for layer in net.layer]
        self.flops = sum(row.flops or 0 for row in self.rows)
        self.bytes = sum(row.bytes for row in self.rows)
        self.parameters, self.learned = _parameters(net)

    def __str__(self) -> str:
        lines = list(tables.aligned(_HEAD, map(_cells, self.rows), words=_LEFT))
        rule = "-" * max(len(line) for line in lines)
        return "\n".join([lines[0], rule, *lines[1:], rule, *self._totals()])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(title)}</th>" for title in _HEAD)
        rows = "".join(_html(_cells(row)) for row in self.rows)
        totals = "<br>".join(escape(line) for line in self._totals())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table><p>{totals}</p>"

    def _totals(self) -> list[str]:
        parameters = f"{self.parameters:,} parameters"
        if self.learned != self.parameters:
            parameters += f", {self.learned:,} of them learned"
        return [
            f"{self.name or 'net'}: {len(self.rows)} layers",
            f"{parameters} ({_size(_FLOAT * self.parameters)})",
            f"{_mega(self.flops)} MFLOPs in a forward pass",
            f"{_size(self.bytes)} of activations",
        ]


_HEAD = ("layer", "type", "output shape", "parameters", "MFLOPs", "memory")
_LEFT = 3  # So many columns are text.


def _row(layer: caffe_pb2.LayerParameter, shapes: Mapping[str, tuple[int, ...]]) -> Row:
    own = [] if layer.type in _VIEWS else [top for top in layer.top if top not in layer.bottom]
    return Row(
        layer.name,
        layer.type,
        tuple(shapes[top] for top in layer.top),
        sum(prod(blob.shape.dim) for blob in layer.blobs),
        flops.forward(layer, shapes),
        _FLOAT * sum(prod(shapes[top]) for top in own),
    )


def _parameters(net: caffe_pb2.NetParameter) -> tuple[int, int]:
    """How many values there are, and how many of them are learned."""
    total = learned = 0
    shared = set()
    for layer in net.layer:
        for index, blob in enumerate(layer.blobs):
            options = layer.param[index] if index < len(layer.param) else caffe_pb2.ParamSpec()
            if options.name in shared:
                continue
            if options.name:
                shared.add(options.name)
            count = prod(blob.shape.dim)
            total += count
            # Its means and variances are gathered in forward passes.
            if layer.type != "BatchNorm" and options.lr_mult != 0:
                learned += count
    return total, learned


def without_splits(net: caffe_pb2.NetParameter) -> caffe_pb2.NetParameter:
    """A copy without the Split layers that the engine puts in where several layers read a blob."""
    result = caffe_pb2.NetParameter()
    result.CopyFrom(net)
    del result.layer[:]
    sources: dict[str, str] = {}
    for layer in net.layer:
        if layer.type == "Split" and all(_SPLIT.search(top) for top in layer.top):
            sources.update(dict.fromkeys(layer.top, sources.get(layer.bottom[0], layer.bottom[0])))
            continue
        kept = result.layer.add()
        kept.CopyFrom(layer)
        kept.bottom[:] = [sources.get(bottom, bottom) for bottom in layer.bottom]
    return result


def _cells(row: Row) -> tuple[str, ...]:
    """A row's texts, in the order of _HEAD."""
    counted = "" if row.flops is None else _mega(row.flops)
    shapes = ", ".join(_repeated(shape, len(list(same))) for shape, same in groupby(row.shapes))
    parameters = f"{row.parameters:,}" if row.parameters else ""
    return row.layer, row.type, shapes, parameters, counted, _size(row.bytes) if row.bytes else ""


def _repeated(shape: tuple[int, ...], times: int) -> str:
    """A shape that so many outputs have, one after the other."""
    return ", ".join([str(shape)] * times) if times < 3 else f"{times} of {shape}"


def _html(cells: Sequence[str]) -> str:
    parts = [
        f'<td style="text-align: {"left" if column < _LEFT else "right"}">{escape(cell)}</td>'
        for column, cell in enumerate(cells)
    ]
    return f"<tr>{''.join(parts)}</tr>"


def _mega(count: int) -> str:
    millions = count / 1e6
    return f"{millions:,.1f}" if millions >= 10 else f"{millions:.3g}"


def _size(count: int) -> str:
    """Bytes in the unit that suits."""
    if count < 1000:
        return f"{count} B"
    size, units = count / 1000, ["kB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        del units[0]
    return f"{size:,.1f} {units[0]}"
