"""Every layer type of Caffe as a function, made from the descriptor of caffe.proto."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from sparknet import fields
from sparknet.errors import ArgumentError
from sparknet.proto import caffe_pb2

if TYPE_CHECKING:
    from sparknet.proto.layer_calls import LayerCalls
else:
    LayerCalls = object

__all__ = ["LayerFunction", "Layers", "batch_size", "build", "doc", "keywords"]

LayerFunction = Callable[..., caffe_pb2.LayerParameter]

_LAYER = caffe_pb2.LayerParameter.DESCRIPTOR


class _Type(NamedTuple):
    """own: fields of LayerParameter that hold its parameters; tops: how many if none is named."""

    own: tuple[FieldDescriptor, ...]
    tops: int

    def messages(self) -> list[Descriptor]:
        return [field.message_type for field in self.own]


class _UnknownTypeError(ArgumentError, AttributeError):
    """So that hasattr() and editors see that there is no such name."""


@cache
def _types() -> dict[str, _Type]:
    """Layer types by name, sorted."""
    types = {}
    for field in _LAYER.fields:
        suffix = field.name.endswith("_param") and field.message_type is not None
        if suffix and field.message_type.name.endswith("Parameter"):
            types[field.message_type.name[: -len("Parameter")]] = _Type((field,), 1)
    table = pkgutil.get_data("sparknet", "layer_types.tsv") or b""
    for line in table.decode().splitlines():
        if line.startswith("#"):
            continue
        name, own, tops = line.split("\t")
        if tops == "-":
            del types[name]
            continue
        names = [] if own == "-" else own.split(",")
        types[name] = _Type(tuple(_LAYER.fields_by_name[name] for name in names), int(tops))
    return dict(sorted(types.items()))


@cache
def _sized() -> dict[str, str]:
    """Types whose parameters have a size of minibatches, with the field of those parameters."""
    return {
        kind: field.name
        for kind, known in _types().items()
        for field in known.own
        if "batch_size" in field.message_type.fields_by_name
    }


def batch_size(layer: caffe_pb2.LayerParameter) -> int | None:
    """Items in a minibatch of a layer that reads files or memory; 0: it does not say it.

    None: it reads nothing. In caffe.proto the layers that do are those that have a ``batch_size``.
    """
    holder = _sized().get(layer.type)
    return None if holder is None else int(getattr(layer, holder).batch_size)


def _type(kind: str) -> _Type:
    try:
        return _types()[kind]
    except KeyError:
        hint = fields.did_you_mean(kind, _types())
        raise _UnknownTypeError(f"Caffe has no layer type {kind}{hint}") from None


def build(
    kind: str,
    name: str,
    bottom: Sequence[str] | str | None,
    top: Sequence[str] | str | None,
    values: dict[str, Any],
) -> caffe_pb2.LayerParameter:
    """A layer whose values go to the messages of its type, or else to LayerParameter."""
    known = _type(kind)
    layer = caffe_pb2.LayerParameter(type=kind)
    if top is None:
        top = [name] * known.tops
    try:
        for field, value in {"name": name, "bottom": bottom, "top": top, **values}.items():
            _set(layer, known, field, value)
    except fields.FieldError as error:
        raise ArgumentError(f"{kind} layer '{name}': {error}") from None
    return layer


def _set(layer: caffe_pb2.LayerParameter, known: _Type, name: str, value: Any) -> None:
    if name == "type":
        raise fields.FieldError(name, f"it is {layer.type} by the function's name")
    for holder in known.own:
        field = holder.message_type.fields_by_name.get(name)
        if field is not None:
            if value is not None:
                fields.set_field(getattr(layer, holder.name), field, value, name)
            return
    field = _LAYER.fields_by_name.get(name)
    if field is None:
        messages = [*known.messages(), _LAYER]
        hint = fields.did_you_mean(name, [field for m in messages for field in m.fields_by_name])
        owners = " or ".join(message.name for message in messages)
        raise fields.FieldError(name, f"no field of {owners}{hint}")
    fields.set_field(layer, field, value, name)


@cache
def _function(kind: str) -> LayerFunction:
    """The function of a type, with a signature and a docstring made from the descriptor."""

    def layer(
        name: str,
        bottom: Sequence[str] | str | None = None,
        top: Sequence[str] | str | None = None,
        **values: Any,
    ) -> caffe_pb2.LayerParameter:
        return build(kind, name, bottom, top, values)

    layer.__name__ = kind
    layer.__qualname__ = f"Layers.{kind}"
    layer.__doc__ = doc(kind)
    leading = list(inspect.signature(layer).parameters.values())[: len(_POSITIONAL)]
    named = [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=None)
        for field in keywords(kind)
    ]
    layer.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [*leading, *named], return_annotation="LayerParameter"
    )
    return layer


_POSITIONAL = ("name", "bottom", "top")


def keywords(kind: str) -> list[FieldDescriptor]:
    """The fields that a layer of this type takes by name: its own, then those of all layers."""
    known = _type(kind)
    own = [field for message in known.messages() for field in message.fields]
    taken = {"type", *_POSITIONAL, *(field.name for field in own)}
    return own + [field for field in _common(known) if field.name not in taken]


def _common(known: _Type) -> list[FieldDescriptor]:
    """The fields of LayerParameter that mean something for layers of this type."""
    others = {field.name for other in _types().values() for field in other.own}
    return [field for field in _LAYER.fields if field in known.own or field.name not in others]


def doc(kind: str) -> str:
    """What ``help`` says of a layer type: every field with its type and default."""
    known = _type(kind)
    tops = "named like the layer" if known.tops else "none"
    lines = [
        f"A {kind} layer.",
        "",
        "name: the layer's name. bottom: names of its input blobs.",
        f"top: names of its output blobs; default: {tops}.",
    ]
    common = _common(known)
    sections = {message.name: list(message.fields) for message in known.messages()}
    sections["LayerParameter"] = [field for field in common if field.name not in _POSITIONAL]
    # Messages inside come after those that have them.
    waiting = [field for part in sections.values() for field in part]
    while waiting:
        message = waiting.pop(0).message_type
        if message is not None and message.name not in sections:
            sections[message.name] = list(message.fields)
            waiting += message.fields
    for message, part in sections.items():
        lines += ["", f"Fields of {message}:", ""]
        lines += [f"    {fields.doc(field)}" for field in part]
    return "\n".join(lines)


class _Layers(LayerCalls):
    """All layer types, as attributes (``Layers.Pooling``) and by name (``Layers["Pooling"]``)."""

    if not TYPE_CHECKING:  # Which knows every type from its signature.

        def __getattr__(self, kind: str) -> LayerFunction:
            if kind.startswith("_"):
                raise AttributeError(kind)
            return _function(kind)

    def __getitem__(self, kind: str) -> LayerFunction:
        return _function(kind)

    def __iter__(self) -> Iterator[str]:
        return iter(_types())

    def __len__(self) -> int:
        return len(_types())

    def __contains__(self, kind: object) -> bool:
        return kind in _types()

    def __dir__(self) -> list[str]:
        return list(_types())


Layers = _Layers()
