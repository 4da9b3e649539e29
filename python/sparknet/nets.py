"""Nets in Python code: every layer type of Caffe as a call that editors complete.

::

    from sparknet import Net

    net = Net("LeNet", inputs={"data": (64, 1, 28, 28), "label": (64,)})
    data, label = net.inputs
    pool1 = data.Convolution("conv1", num_output=20, kernel_size=5).Pooling(
        "pool1", kernel_size=2, stride=2
    )
    scores = pool1.InnerProduct("ip1", num_output=10, weight_filler={"type": "xavier"})
    scores.SoftmaxWithLoss("loss", label)
    scores.Accuracy("accuracy", label, include="TEST")
    print(net.summary())

Fields are those of caffe.proto, as in ``sparknet.layers.Layers``: a message is a dict, an enum the
name of its value, a repeated field a list or one value. What is not given is not set.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from google.protobuf import text_format

from sparknet import engine, fields, spec
from sparknet.drawing import Drawing
from sparknet.errors import ArgumentError, FileError
from sparknet.layer_types import Layers, build, doc, keywords
from sparknet.proto import caffe_pb2
from sparknet.summary import Built, Summary

if TYPE_CHECKING:
    from sparknet.proto.layer_calls import NetCalls, TopCalls
else:
    NetCalls = TopCalls = object

__all__ = ["Net", "Top"]

Phase = Union[str, int, None]


class Top(str, TopCalls):
    """The name of a blob in a net that is being built, with every layer type as a method.

    ``top.Pooling("pool1", kernel_size=2)`` adds a layer that reads this blob and returns the
    blob that it writes; further blobs that it reads come after its name:
    ``a.Eltwise("sum", b, operation="SUM")``.
    """

    _net: Net | None

    def __new__(cls, name: str, net: Net | None = None) -> Top:
        """net: where layers go that read this blob."""
        top = super().__new__(cls, name)
        top._net = net
        return top

    if not TYPE_CHECKING:  # Which knows every type from its signature.

        def __getattr__(self, kind: str) -> Callable[..., Any]:
            function = _function(kind, chained=True)

            def layer(name: str | None = None, *bottom: str, **values: Any) -> Any:
                if self._net is None:
                    raise ArgumentError(f"blob '{self}' belongs to no net")
                return self._net._add(kind, name, [self, *bottom], values)

            return _described(layer, function)

    def __repr__(self) -> str:
        net = "no net" if self._net is None else f"net '{self._net.name}'"
        return f"<Top '{self}' of {net}>"

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *Layers]


class Net(NetCalls):
    """A net that is being built, or one that is there already.

    name: of the net. inputs: blob name -> shape, each an Input layer; a ``Trainer`` fills the
    first with items and the second with labels. phase: TRAIN or TEST, if the net is for one of
    them alone. options: other fields of NetParameter, such as ``force_backward``.

    Every layer type is a method: ``net.Pooling("pool1", "conv1", kernel_size=2)`` adds a layer
    and returns its top, which is the blob's name and has the same methods for what comes next.
    name: of the layer, by default its type and a number. bottom: names of the blobs that it reads,
    all of which must be there. top: the name of what it writes, by default the layer's; with a list
    of names the call returns one for each. in_place: it writes to the blob that it reads, as
    Caffe's prototxts have it for ReLU or Dropout. Layers may be of one phase: ``include="TEST"``.
    """

    def __init__(
        self,
        name: str = "",
        inputs: Mapping[str, Sequence[int]] | None = None,
        *,
        phase: Phase = None,
        **options: Any,
    ) -> None:
        self._message = caffe_pb2.NetParameter()
        if name:
            self._message.name = name
        if phase is not None:
            options = {"state": {"phase": _phase(phase)}, **options}
        try:
            fields.set_all(self._message, options)
        except fields.FieldError as error:
            raise ArgumentError(f"net '{name}': {error}") from None
        for blob, shape in (inputs or {}).items():
            self._add("Input", blob, [], {"shape": {"dim": shape}})

    @classmethod
    def load(cls, source: spec.NetSource) -> Net:
        """The net of a prototxt file, of prototxt text or of a message, which is copied.

        Old forms of Caffe's become new ones, for which the engine is asked.
        """
        net, message = cls(), spec.net(source)
        old = message.layers or message.input
        net._message.CopyFrom(engine.upgraded(message) if old else message)
        return net

    if not TYPE_CHECKING:

        def __getattr__(self, kind: str) -> Callable[..., Any]:
            function = _function(kind, chained=False)

            def layer(name: str | None = None, bottom: Any = None, **values: Any) -> Any:
                names = [bottom] if isinstance(bottom, str) else list(bottom or [])
                return self._add(kind, name, names, values)

            return _described(layer, function)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *Layers]

    @property
    def name(self) -> str:
        """The net's name."""
        return self._message.name

    @property
    def inputs(self) -> list[Top]:
        """What the net is given: the tops of its Input layers."""
        layers = [layer for layer in self._message.layer if layer.type == "Input"]
        return [Top(name, self) for layer in layers for name in layer.top]

    @property
    def outputs(self) -> list[Top]:
        """The blobs that no layer reads, in order."""
        return [top for top in self if not self._readers(top)]

    @property
    def layers(self) -> Sequence[caffe_pb2.LayerParameter]:
        """The layers, in order, of all phases."""
        return self._message.layer

    def __getitem__(self, blob: str) -> Top:
        known = list(self)
        if blob not in known:
            raise ArgumentError(self._no_blob(blob, known))
        return Top(blob, self)

    def __iter__(self) -> Iterator[Top]:
        """The blobs, in the order in which they are first written."""
        written = (name for layer in self._message.layer for name in layer.top)
        return iter([Top(name, self) for name in dict.fromkeys(written)])

    def __contains__(self, blob: object) -> bool:
        return blob in list(self)

    def to_proto(self) -> caffe_pb2.NetParameter:
        """A copy of the net as a message."""
        copied = caffe_pb2.NetParameter()
        copied.CopyFrom(self._message)
        return copied

    def __str__(self) -> str:
        """The net's prototxt."""
        return text_format.MessageToString(self._message)

    def __repr__(self) -> str:
        inputs = ", ".join(self.inputs) or "none"
        layers = len(self._message.layer)
        return (
            f"<Net '{self.name}': {layers} layers, inputs {inputs}; outputs {_list(self.outputs)}>"
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the prototxt."""
        try:
            Path(path).write_text(str(self), encoding="utf-8")
        except OSError as error:
            raise FileError(f"{os.fspath(path)}: {error.strerror}") from None

    def summary(self, phase: Phase = None) -> Summary:
        """A table of the layers with shapes, parameters and arithmetic, as the engine has them.

        phase: TRAIN or TEST, by default the net's own, or TEST. The engine builds the net, in
        the JVM of the Spark session if there is one, so layers that read files need these.
        """
        return Summary(self._built(phase))

    def draw(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        phase: Phase = None,
        shapes: bool = True,
    ) -> Drawing:
        """A drawing of the net by Graphviz, which notebooks show.

        path: a file to write as well, as its suffix says (.svg, .png, .pdf). phase: as for
        ``summary``. shapes: with shapes of blobs, for which the engine builds the net; without
        them no JVM is needed, and none of the files that layers read.
        """
        drawing = Drawing(self._built(phase) if shapes else self._written(phase))
        if path is not None:
            drawing.save(path)
        return drawing

    def _built(self, phase: Phase) -> Built:
        number = -1 if phase is None else caffe_pb2.Phase.Value(_phase(phase))
        return engine.built(self._message, number)

    def _written(self, phase: Phase) -> Built:
        """The layers of a phase, as they are written."""
        own = self._message.state.phase
        number = caffe_pb2.Phase.Value(_phase(own if phase is None else phase))
        net = self.to_proto()
        kept = [layer for layer in net.layer if spec.runs_in(layer, number)]
        del net.layer[:]
        net.layer.extend(kept)
        return Built(net, {})

    def _add(self, kind: str, name: str | None, bottom: list[str], values: dict[str, Any]) -> Any:
        """Adds a layer. What it writes: a blob, a tuple if a list of them is named, or None."""
        if name is None:
            name = self._free_name(kind)
        top = values.pop("top", None)
        if values.pop("in_place", False):
            if top is not None or len(bottom) != 1:
                raise ArgumentError(f"{kind} layer '{name}': in_place takes one bottom and no top")
            top = str(bottom[0])
            readers = self._readers(top)
            if readers:
                raise ArgumentError(
                    f"{kind} layer '{name}': in_place would change '{top}' for {_list(readers)}"
                )
        layer = build(kind, name, [str(blob) for blob in bottom], top, values)
        known = list(self)
        for blob in bottom:
            if blob not in known:
                raise ArgumentError(f"{kind} layer '{name}': {self._no_blob(blob, known)}")
            if isinstance(blob, Top) and blob._net is not self:
                raise ArgumentError(f"{kind} layer '{name}': '{blob}' is a blob of another net")
        self._message.layer.append(layer)
        tops = tuple(Top(blob, self) for blob in layer.top)
        if top is not None and not isinstance(top, str):
            return tops
        return tops[0] if tops else None

    def _free_name(self, kind: str) -> str:
        taken = {layer.name for layer in self._message.layer}
        number = sum(layer.type == kind for layer in self._message.layer) + 1
        while f"{kind.lower()}{number}" in taken:
            number += 1
        return f"{kind.lower()}{number}"

    def _no_blob(self, blob: str, known: list[Top]) -> str:
        hint = fields.did_you_mean(str(blob), known)
        return f"net '{self.name}' has no blob '{blob}'{hint or f'; it has {_list(known)}'}"

    def _readers(self, blob: str) -> list[str]:
        """The layers that read a blob as it was last written."""
        readers: list[str] = []
        for layer in self._message.layer:
            if blob in layer.top:
                readers = []
            elif blob in layer.bottom:
                readers.append(layer.name)
        return readers


def _list(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _phase(phase: str | int) -> str:
    for name, number in caffe_pb2.Phase.items():
        if phase == number or (isinstance(phase, str) and phase.upper() == name):
            return str(name)
    raise ArgumentError(f"phase must be TRAIN or TEST, not {phase!r}")


@cache
def _function(kind: str, chained: bool) -> tuple[inspect.Signature, str]:
    """Signature and documentation of a layer type's method."""
    if kind.startswith("_"):
        raise AttributeError(kind)
    named = [
        inspect.Parameter(field, inspect.Parameter.KEYWORD_ONLY, default=default)
        for field, default in [("top", None), ("in_place", False)]
        + [(field.name, None) for field in keywords(kind)]
    ]
    how = inspect.Parameter.VAR_POSITIONAL if chained else inspect.Parameter.POSITIONAL_OR_KEYWORD
    bottom = inspect.Parameter("bottom", how, **({} if chained else {"default": None}))
    name = inspect.Parameter("name", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)
    return inspect.Signature([name, bottom, *named]), doc(kind)


def _described(layer: Any, known: tuple[inspect.Signature, str]) -> Any:
    layer.__signature__, layer.__doc__ = known
    return layer
