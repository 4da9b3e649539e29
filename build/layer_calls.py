"""Writes every layer type as typed calls, for editors and mypy: layer_calls.py FILE.pyi.

The types are those of ``sparknet.layer_types``, their fields those of caffe.proto. Only type
checkers read the file: at run time the calls are made from the same descriptor.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from sparknet.fields import repeated
from sparknet.layer_types import Layers, keywords

HEAD = """\
# Generated from caffe.proto and layer_types.tsv by build/setup.
# mypy: disable-error-code="overload-overlap"
from collections.abc import Sequence
from enum import Enum
from typing import Literal, TypedDict, overload

from sparknet.nets import Top
from sparknet.proto import caffe_pb2

Names = str | Sequence[str]
"""

SCALARS = {
    FieldDescriptor.CPPTYPE_BOOL: "bool",
    FieldDescriptor.CPPTYPE_STRING: "str",
    FieldDescriptor.CPPTYPE_FLOAT: "float",
    FieldDescriptor.CPPTYPE_DOUBLE: "float",
}


def one(field: FieldDescriptor) -> str:
    """The type of one value."""
    if field.message_type is not None:
        return f"{field.message_type.name}Like"
    if field.enum_type is not None:
        names = ", ".join(f'"{value.name}"' for value in field.enum_type.values)
        return f"Literal[{names}] | int | Enum"
    return SCALARS.get(field.cpp_type, "int")


def kind_of(field: FieldDescriptor) -> str:
    """The type of what a field takes: for a repeated one a list or one value."""
    return f"{one(field)} | Sequence[{one(field)}]" if repeated(field) else one(field)


def default(field: FieldDescriptor) -> str:
    """What the engine takes for a field that is not given."""
    if repeated(field) or not field.has_default_value:
        return "None"
    if field.enum_type is not None:
        return f'"{field.enum_type.values_by_number[field.default_value].name}"'
    if field.cpp_type == FieldDescriptor.CPPTYPE_FLOAT:
        return repr(float(f"{field.default_value:g}"))  # Single precision.
    return repr(field.default_value)


def messages(found: Iterable[FieldDescriptor]) -> Iterator[Descriptor]:
    """The messages that fields take, and those inside of them, each once."""
    waiting, seen = list(found), set()
    while waiting:
        message = waiting.pop(0).message_type
        if message is not None and message.name not in seen:
            seen.add(message.name)
            waiting += message.fields
            yield message


def as_dict(message: Descriptor) -> Iterator[str]:
    """A message, or the dict that stands for it."""
    phase = " | str | Enum" if message.name == "NetStateRule" else ""
    yield f"\n{message.name}Like = {message.name} | caffe_pb2.{message.name}{phase}"
    yield f"\nclass {message.name}(TypedDict, total=False):"
    for field in message.fields:
        yield f"    {field.name}: {kind_of(field)}"


def parameters(kind: str) -> str:
    """The keywords of a layer type."""
    return ", ".join(
        f"{field.name}: {kind_of(field)} | None = {default(field)}" for field in keywords(kind)
    )


def layer_calls() -> Iterator[str]:
    """What makes layers."""
    yield "\nclass LayerCalls:"
    names = "name: str, bottom: Names | None = None, top: Names | None = None"
    for kind in Layers:
        result = "caffe_pb2.LayerParameter"
        yield f"    def {kind}(self, {names}, *, {parameters(kind)}) -> {result}: ..."


def chained_calls(name: str, leading: str) -> Iterator[str]:
    """What adds layers to a net. The result depends on how many tops are named."""
    yield f"\nclass {name}:"
    for kind in Layers:
        rest = parameters(kind)
        start = f"    def {kind}(self, name: str | None = None, {leading}"
        if not Layers[kind]("").top:
            yield f"{start}, {rest}) -> None: ..."
            continue
        yield "    @overload"
        yield f"{start}, top: str | None = None, in_place: bool = False, {rest}) -> Top: ..."
        yield "    @overload"
        yield f"{start}, top: Sequence[str], {rest}) -> tuple[Top, ...]: ..."


def main() -> None:
    """Writes the file that is named."""
    taken = (field for kind in Layers for field in keywords(kind))
    lines = [HEAD]
    lines += (line for message in messages(taken) for line in as_dict(message))
    lines += layer_calls()
    lines += chained_calls("NetCalls", "bottom: Names | None = None, *")
    lines += chained_calls("TopCalls", "*bottom: str")
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
