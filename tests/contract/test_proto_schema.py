"""caffe.proto is the published file format: every number, label, type, default and packing.

The truth is ../shared/spec/caffe-proto.tsv and caffe-proto-enums.tsv, taken from the compiled
schema of BVLC Caffe, plus SparkNet's own JavaData parameter and checksums.
"""

from __future__ import annotations

import csv
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from caffe_schema import SHARED, file_descriptor
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
)

pytestmark = pytest.mark.unit


class Field(NamedTuple):
    number: int
    label: str
    type: str
    default: str | float | None
    packed: bool


OURS = {
    "LayerParameter.java_data_param": Field(
        149, "optional", "message:JavaDataParameter", None, False
    ),
    "JavaDataParameter.shape": Field(1, "optional", "message:BlobShape", None, False),
    "NetParameter.checksum": Field(1500, "optional", "fixed32", None, False),
    "SolverState.checksum": Field(1500, "optional", "fixed32", None, False),
    "SolverState.learned_net_checksum": Field(1501, "optional", "fixed32", None, False),
}


def rows(name: str) -> list[dict[str, str]]:
    path = SHARED / "spec" / name
    if not path.exists():
        pytest.skip(f"the field tables (shared/spec/{name}) are not on this machine")
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


def default_value(type_name: str, text: str) -> str | float | None:
    """A default as comparable value: floats as they are in single precision; None if not given."""
    if text == "":
        return None
    if type_name in ("float", "double"):
        return float(struct.unpack("f", struct.pack("f", float(text)))[0])
    return "" if text == '""' else text


def type_name(field: FieldDescriptorProto) -> str:
    kind = FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    if kind in ("message", "enum"):
        return f"{kind}:{field.type_name.removeprefix('.caffe.')}"
    return kind


def messages() -> Iterator[tuple[str, DescriptorProto]]:
    def walk(prefix: str, found: DescriptorProto) -> Iterator[tuple[str, DescriptorProto]]:
        yield prefix + found.name, found
        for nested in found.nested_type:
            yield from walk(f"{prefix}{found.name}.", nested)

    for message in file_descriptor().message_type:
        yield from walk("", message)


def fields() -> dict[str, Field]:
    found = {}
    for name, message in messages():
        for field in message.field:
            kind = type_name(field)
            label = FieldDescriptorProto.Label.Name(field.label).removeprefix("LABEL_").lower()
            text = field.default_value or '""' if field.HasField("default_value") else ""
            default = default_value(kind, text)
            packed = field.options.packed
            found[f"{name}.{field.name}"] = Field(field.number, label, kind, default, packed)
    return found


def test_fields_are_those_of_the_table() -> None:
    expected = dict(OURS)
    for row in rows("caffe-proto.tsv"):
        expected[f"{row['message']}.{row['field']}"] = Field(
            int(row["number"]),
            row["label"],
            row["type"],
            default_value(row["type"], row["default"]),
            row["packed"] == "true",
        )
    actual = fields()
    assert sorted(actual) == sorted(expected)
    different = {n: (actual[n], expected[n]) for n in expected if actual[n] != expected[n]}
    assert different == {}, "ours, then the table's"


def test_messages_are_those_of_the_table() -> None:
    named = {row["message"] for row in rows("caffe-proto.tsv")}
    assert {name for name, _ in messages()} == named | {"JavaDataParameter"}


def test_enums_are_those_of_the_table() -> None:
    def values(name: str, enum: EnumDescriptorProto) -> Iterator[tuple[str, str, int]]:
        for value in enum.value:
            yield name, value.name, value.number

    actual = {v for enum in file_descriptor().enum_type for v in values(enum.name, enum)}
    for name, message in messages():
        for enum in message.enum_type:
            actual.update(values(f"{name}.{enum.name}", enum))
    table = rows("caffe-proto-enums.tsv")
    assert actual == {(row["enum"], row["value"], int(row["number"])) for row in table}


def test_java_data_has_the_number_of_the_original() -> None:
    """Holds without the tables: nets written by SparkNet carry field 149."""
    actual = fields()
    assert {name: actual[name] for name in OURS} == OURS


def test_file_options_give_the_historical_names() -> None:
    """package caffe and no Java option at all: the outer class must be caffe.Caffe."""
    file = file_descriptor()
    assert (file.name, file.package, file.syntax) == ("caffe.proto", "caffe", "")
    assert not file.HasField("options")
    assert [f"{m.name}.extension" for m in file.message_type if m.extension] == []


def test_tables_are_where_this_test_looks() -> None:
    """A machine with ../shared has the tables too, so a moved table cannot turn into a skip."""
    spec = Path(SHARED, "spec")
    if not spec.exists():
        pytest.skip("shared/spec is not on this machine")
    assert len(rows("caffe-proto.tsv")) == 423
    assert len(rows("caffe-proto-enums.tsv")) == 111
