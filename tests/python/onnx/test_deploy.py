"""Data layers become inputs, of shapes that they tell or that are given."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx_nets import data, layer

from sparknet import spec
from sparknet.errors import ArgumentError
from sparknet.onnx import deploy

pytestmark = pytest.mark.boundary

IP = layer("InnerProduct", "data", "inner_product_param { num_output: 3 }", "ip", "ip")
DATABASE = """
layer { name: "train" type: "Data" top: "data" top: "label" include { phase: TRAIN }
        data_param { source: "nowhere" batch_size: 64 backend: LMDB } }
layer { name: "test" type: "Data" top: "data" top: "label" include { phase: TEST }
        data_param { source: "nowhere" batch_size: 64 backend: LMDB } }
"""


def shapes(text: str, batch: int | None = None, **given: tuple[int, ...]) -> dict[str, object]:
    net = deploy.net(spec.net(text), given, batch)
    return {name: net.blobs[name].shape for name in net.inputs}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ('"Input" top: "data" input_param { shape { dim: 2 dim: 4 } }', {"data": (2, 4)}),
        (
            '"Input" top: "data" top: "b" input_param { shape { dim: 2 dim: 4 } }',
            {"data": (2, 4), "b": (2, 4)},
        ),
        ('"JavaData" top: "data" java_data_param { shape { dim: 2 dim: 4 } }', {"data": (2, 4)}),
        (
            '"MemoryData" top: "data" top: "label"'
            " memory_data_param { batch_size: 2 channels: 3 height: 4 width: 5 }",
            {"data": (2, 3, 4, 5), "label": (2, 1, 1, 1)},
        ),
        (
            '"DummyData" top: "data" top: "label"'
            " dummy_data_param { shape { dim: 2 dim: 4 } shape { dim: 2 } }",
            {"data": (2, 4), "label": (2,)},
        ),
        (
            '"DummyData" top: "data" dummy_data_param { num: 2 channels: 3 height: 4 width: 5 }',
            {"data": (2, 3, 4, 5)},
        ),
    ],
)
def test_layers_that_tell_their_shapes(fields: str, expected: dict[str, object]) -> None:
    assert shapes(f'layer {{ name: "d" type: {fields} }}\n{IP}') == expected


def test_old_forms() -> None:
    text = 'input: "data"\ninput_dim: 2\ninput_dim: 3\ninput_dim: 4\ninput_dim: 5\n'
    old = 'layers { name: "ip" type: INNER_PRODUCT bottom: "data" top: "ip"'
    old += " inner_product_param { num_output: 3 } }"
    assert shapes(text + old) == {"data": (2, 3, 4, 5)}


def test_a_batch_for_all() -> None:
    text = data("data", "2 4") + data("label", "2")
    assert shapes(text + IP, batch=5) == {"data": (5, 4), "label": (5,)}


def test_databases_are_not_opened() -> None:
    assert shapes(DATABASE + IP, data=(2, 3, 4, 4)) == {"data": (2, 3, 4, 4), "label": (2,)}
    given = shapes(DATABASE + IP, data=(2, 3, 4, 4), label=(2, 1, 1, 1))
    assert given == {"data": (2, 3, 4, 4), "label": (2, 1, 1, 1)}


def test_a_database_whose_shape_is_not_given() -> None:
    with pytest.raises(ArgumentError, match=r"layer 'test' \(Data\) does not say what shapes"):
        shapes(DATABASE + IP)


def test_shapes_of_nothing() -> None:
    with pytest.raises(ArgumentError, match=r"no data 'dat'; did you mean data\?"):
        shapes(data("data", "2 4") + IP, dat=(2, 4))


def test_files_of_layers_that_write_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "kept.h5").write_text("kept")
    writer = layer(
        "HDF5Output", "ip data", f'hdf5_output_param {{ file_name: "{tmp_path}/kept.h5" }}'
    )
    assert shapes(data("data", "2 4") + IP + writer.replace(' top: "y"', "")) == {"data": (2, 4)}
    assert (tmp_path / "kept.h5").read_text() == "kept"
