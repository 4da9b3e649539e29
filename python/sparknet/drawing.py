"""Drawings of nets, by Graphviz."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sparknet.errors import ArgumentError, FileError, SetupError
from sparknet.proto import caffe_pb2
from sparknet.summary import Built, without_splits

__all__ = ["Drawing", "dot"]

_FORMATS = ("svg", "png", "pdf")
_COLOURS = {
    "Convolution": "#f8d7c4",
    "Deconvolution": "#f8d7c4",
    "InnerProduct": "#d7e3f4",
    "LSTM": "#d7e3f4",
    "RNN": "#d7e3f4",
    "Pooling": "#dcedd3",
}
_INPUT, _LOSS, _OTHER = "#ececec", "#f6d5dc", "#ffffff"


class Drawing:
    """A drawing of a net, as SVG, which notebooks show. source: what Graphviz was given."""

    def __init__(self, built: Built) -> None:
        self.source = dot(built)
        self.svg = _rendered(self.source, "svg").decode("utf-8")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes it as the path's suffix says: .svg, .png or .pdf."""
        kind = Path(path).suffix[1:].lower()
        if kind not in _FORMATS:
            raise ArgumentError(f"{os.fspath(path)}: a drawing's name ends in .svg, .png or .pdf")
        content = self.svg.encode() if kind == "svg" else _rendered(self.source, kind)
        try:
            Path(path).write_bytes(content)
        except OSError as error:
            raise FileError(f"{os.fspath(path)}: {error.strerror}") from None

    def _repr_svg_(self) -> str:
        return self.svg[self.svg.index("<svg") :]

    def __repr__(self) -> str:
        return f"<Drawing: SVG of {len(self.svg):,} characters; save(path) writes it>"


def _rendered(source: str, kind: str) -> bytes:
    try:
        import graphviz
    except ImportError:
        raise SetupError(
            "drawing nets needs the package graphviz: pip install 'sparknet[draw]'"
        ) from None
    try:
        return bytes(graphviz.Source(source).pipe(format=kind))
    except graphviz.ExecutableNotFound:
        raise SetupError(
            "drawing nets needs Graphviz's program dot, which is not on the path: install"
            " graphviz with the system's package manager, such as apt-get install graphviz"
        ) from None


def dot(built: Built) -> str:
    """The net in Graphviz's language: a box for each layer, an arrow for each blob that is read."""
    net = without_splits(built.net)
    lines = [
        f"digraph {_quoted(net.name or 'net')} {{",
        '  node [shape=box, style="filled,rounded", fontname="Helvetica", fontsize=11]',
        '  edge [fontname="Helvetica", fontsize=9, arrowsize=0.7]',
    ]
    writers: dict[str, str] = {}
    for number, name in enumerate(net.input):
        if not any(layer.type == "Input" and name in layer.top for layer in net.layer):
            writers[name] = f"i{number}"
            lines.append(f'  i{number} [label={_quoted(name)}, fillcolor="{_INPUT}"]')
    for number, layer in enumerate(net.layer):
        node = f"l{number}"
        label = _quoted("\n".join(_label(layer)))
        lines.append(f'  {node} [label={label}, fillcolor="{_colour(layer)}"]')
        for blob in layer.bottom:
            if blob in writers:
                shape = " x ".join(str(extent) for extent in built.shapes.get(blob, ()))
                lines.append(f"  {writers[blob]} -> {node} [label={_quoted(shape)}]")
        writers.update(dict.fromkeys(layer.top, node))
    return "\n".join([*lines, "}", ""])


def _colour(layer: caffe_pb2.LayerParameter) -> str:
    if not layer.bottom:
        return _INPUT
    if layer.type.endswith("Loss") or layer.type in ("Accuracy", "Softmax"):
        return _LOSS
    return _COLOURS.get(layer.type, _OTHER)


def _label(layer: caffe_pb2.LayerParameter) -> Iterator[str]:
    """The lines in a layer's box."""
    yield layer.name
    details = ", ".join(_details(layer))
    yield f"{layer.type} {details}" if details else layer.type


def _details(layer: caffe_pb2.LayerParameter) -> Iterator[str]:
    """What tells layers of a type apart: windows, and how many values they put out."""
    if layer.type in ("Convolution", "Deconvolution", "Im2col"):
        yield from _window(layer.convolution_param)
        if layer.convolution_param.group > 1:
            yield f"{layer.convolution_param.group} groups"
        if layer.type != "Im2col":
            yield f"{layer.convolution_param.num_output} outputs"
    elif layer.type == "Pooling":
        yield caffe_pb2.PoolingParameter.PoolMethod.Name(layer.pooling_param.pool)
        if layer.pooling_param.global_pooling:
            yield "global"
        else:
            yield from _window(layer.pooling_param)
    elif layer.type == "InnerProduct":
        yield f"{layer.inner_product_param.num_output} outputs"
    elif layer.type in ("LSTM", "RNN"):
        yield f"{layer.recurrent_param.num_output} outputs"
    elif layer.type == "Eltwise":
        yield caffe_pb2.EltwiseParameter.EltwiseOp.Name(layer.eltwise_param.operation)
    elif layer.type == "Dropout":
        yield f"{layer.dropout_param.dropout_ratio:g}"


def _window(options: Any) -> Iterator[str]:
    """Kernel, stride, pad and dilation; what is as if not given is left out."""
    yield _extents(options, "kernel")
    for name, usual in (("stride", "1"), ("pad", "0")):
        extents = _extents(options, name)
        if extents not in ("", usual, f"{usual}x{usual}"):
            yield f"{name} {extents}"
    dilation = "x".join(str(extent) for extent in getattr(options, "dilation", ()))
    if dilation not in ("", "1"):
        yield f"dilation {dilation}"


def _extents(options: Any, name: str) -> str:
    """From ``name_h`` and ``name_w``, or from a list or number for all axes."""
    if options.HasField(f"{name}_h") or options.HasField(f"{name}_w"):
        return f"{getattr(options, f'{name}_h')}x{getattr(options, f'{name}_w')}"
    value = getattr(options, "kernel_size" if name == "kernel" else name)
    extents = [value] if isinstance(value, int) else list(value)
    if name == "kernel" and len(extents) == 1:
        extents *= 2
    return "x".join(str(extent) for extent in extents)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
