"""Every type and every field, by the cases that Scala runs too and by the descriptor."""

from __future__ import annotations

import inspect
import json
import re
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from sparknet.errors import ArgumentError
from sparknet.layer_types import batch_size
from sparknet.layers import Include, Layers, NetParam, Pooling
from sparknet.proto import caffe_pb2

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
CASES = json.loads((ROOT / "tests/resources/cases/layers/cases.json").read_text())
LAYER: Descriptor = caffe_pb2.LayerParameter.DESCRIPTOR


def called(case: dict[str, Any]) -> caffe_pb2.LayerParameter:
    return Layers[case["type"]](case["name"], case["bottom"], **case["fields"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['type']}-{case['name']}")
def test_shared_case(case: dict[str, Any]) -> None:
    if "error" in case:
        with pytest.raises(ArgumentError) as failure:
            called(case)
        assert str(failure.value) == case["error"]
    else:
        expected = caffe_pb2.LayerParameter(name=case["name"], type=case["type"])
        text_format.Merge(case["prototxt"], expected)
        assert called(case) == expected


def sample(field: FieldDescriptor, depth: int = 0) -> Any:
    """A value for a field, with all of its own fields if it is a message."""
    if field.message_type is not None:
        value: Any = {part.name: sample(part, depth + 1) for part in field.message_type.fields}
    elif field.enum_type is not None:
        value = field.enum_type.values[-1].name
    elif field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        value = True
    elif field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        value = "text"
    else:
        value = 3
    return [value, value] if field.is_repeated else value


def written(name: str, value: Any) -> str:
    """The prototxt of a value of `sample`, by rules of its own."""
    if isinstance(value, list):
        return " ".join(written(name, element) for element in value)
    if isinstance(value, dict):
        return f"{name} {{ {' '.join(written(key, part) for key, part in value.items())} }}"
    if isinstance(value, bool):
        return f"{name}: {str(value).lower()}"
    return f"{name}: {value}" if isinstance(value, int) or value.isupper() else f'{name}: "{value}"'


@pytest.mark.parametrize("kind", list(Layers))
def test_every_field_of_a_type_can_be_set(kind: str) -> None:
    own = set(inspect.signature(Layers[kind]).parameters) - set(LAYER.fields_by_name)
    holders = [
        field
        for field in LAYER.fields
        if field.message_type is not None
        and own & set(field.message_type.fields_by_name)
        and field.name in inspect.signature(Layers[kind]).parameters
    ]
    seen = set()
    for holder in holders:
        for field in holder.message_type.fields:
            if field.name not in own:
                continue
            layer = Layers[kind]("l", **{field.name: sample(field)})
            expected = caffe_pb2.LayerParameter()
            inner = written(field.name, sample(field))
            text_format.Merge(f"{holder.name} {{ {inner} }}", expected)
            if getattr(layer, holder.name) == getattr(expected, holder.name):
                seen.add(field.name)
    assert seen == own


@pytest.mark.parametrize("name", [field.name for field in LAYER.fields if field.name != "type"])
def test_every_field_of_a_layer_can_be_set(name: str) -> None:
    value = sample(LAYER.fields_by_name[name])
    arguments = {"name": "l", "top": [], name: value}
    expected = caffe_pb2.LayerParameter(type="Silence")
    text_format.Merge(written(name, value), expected)
    if name != "name":
        expected.name = "l"
    assert Layers.Silence(**arguments) == expected


def test_the_types_are_those_of_the_catalogue() -> None:
    catalogue = ROOT.parent / "shared" / "spec" / "layers.md"
    if not catalogue.is_file():
        pytest.skip(f"{catalogue} is not here")
    section = catalogue.read_text().split("## 1.")[1].split("\n\n")[1]
    assert set(Layers) == {*re.findall(r"\w+", section), "JavaData"}


def test_enums_of_python_and_numbers_of_numpy() -> None:
    layer = Layers.Pooling("p", "x", pool=Pooling.Ave, stride=np.int64(2), include=Include.Test)
    expected = Layers.Pooling("p", ["x"], pool="AVE", stride=2, include={"phase": "TEST"})
    assert layer == expected
    assert Layers.ReLU("r", negative_slope=np.float32(0.5)).relu_param.negative_slope == 0.5
    with pytest.raises(ArgumentError, match="pool"):
        Layers.Pooling("p", "x", pool=Enum("Other", {"VALUE": 99}).VALUE)


def test_a_message_that_is_made_already() -> None:
    filler = caffe_pb2.FillerParameter(type="msra")
    layer = Layers.InnerProduct("ip", ["x"], num_output=2, weight_filler=filler)
    assert layer.inner_product_param.weight_filler == filler
    with pytest.raises(ArgumentError, match="weight_filler: a value of type BlobShape is not a"):
        Layers.InnerProduct("ip", ["x"], weight_filler=caffe_pb2.BlobShape())


def test_numbers_that_no_float_holds_are_refused() -> None:
    assert Layers.Power("p", shift=float("-inf")).power_param.shift == float("-inf")
    with pytest.raises(ArgumentError, match="shift: 1e\\+39 is not a number"):
        Layers.Power("p", shift=1e39)


def test_editors_and_help_see_types_and_fields() -> None:
    assert dir(Layers) == sorted(Layers)
    assert len(Layers) == len(set(Layers))
    assert "Pooling" in Layers
    assert not hasattr(Layers, "Poolin")
    assert not hasattr(Layers, "_ipython_display_")
    signature = inspect.signature(Layers.Pooling)
    assert list(signature.parameters)[:5] == ["name", "bottom", "top", "pool", "kernel_size"]
    assert {"param", "include", "pooling_param", "transform_param"} <= set(signature.parameters)
    assert "convolution_param" not in signature.parameters
    text = inspect.getdoc(Layers.Convolution) or ""
    assert "    bias_term: bool = True\n" in text
    assert "    weight_filler: FillerParameter\n" in text
    assert "    variance_norm: FAN_IN | FAN_OUT | AVERAGE = FAN_IN\n" in text
    assert "    kernel_size: list of int\n" in text
    assert Layers.Convolution.__name__ == "Convolution"


def test_fields_of_the_net() -> None:
    net = NetParam("n", Layers.Silence("s"), force_backward=True, state={"phase": "TEST"})
    expected = caffe_pb2.NetParameter()
    text_format.Merge(
        'name: "n" force_backward: true state { phase: TEST } layer { name: "s" type: "Silence" }',
        expected,
    )
    assert net == expected
    with pytest.raises(ArgumentError, match=r"net 'n': field force_backwards: .* force_backward"):
        NetParam("n", force_backwards=True)


def test_layers_that_read_say_their_batches() -> None:
    sized = {
        "Data": "data_param",
        "HDF5Data": "hdf5_data_param",
        "ImageData": "image_data_param",
        "MemoryData": "memory_data_param",
        "WindowData": "window_data_param",
    }
    for kind in Layers:
        layer = caffe_pb2.LayerParameter(type=kind)
        # That of another type says nothing.
        for own in sized.values():
            getattr(layer, own).batch_size = 3 if own == sized.get(kind) else 4
        assert batch_size(layer) == (3 if kind in sized else None), kind
