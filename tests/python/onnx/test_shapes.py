"""Layers that move values: onnxruntime puts them where the engine does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx_nets import IMAGE, data, layer, on_image
from onnx_runs import check_export

pytestmark = pytest.mark.boundary

PAIR = data("x", IMAGE) + data("z", IMAGE)

CASES = {
    "ArgMax": on_image("ArgMax"),
    "ArgMax of several": on_image("ArgMax", "argmax_param { top_k: 3 }"),
    "ArgMax with values": on_image("ArgMax", "argmax_param { top_k: 3 out_max_val: true }"),
    "ArgMax of an axis": on_image("ArgMax", "argmax_param { axis: 1 top_k: 2 }"),
    "ArgMax, values of an axis": on_image("ArgMax", "argmax_param { axis: -1 out_max_val: true }"),
    "Concat": PAIR + layer("Concat", "x z x"),
    "Concat of items": PAIR + layer("Concat", "x z", "concat_param { axis: 0 }"),
    "Concat, old field": PAIR + layer("Concat", "x z", "concat_param { concat_dim: 2 }"),
    "Concat of one": on_image("Concat"),
    "Crop": data("x", IMAGE)
    + data("z", "1 1 4 3")
    + layer("Crop", "x z", "crop_param { axis: 2 offset: 2 offset: 1 }"),
    "Crop, one offset": data("x", IMAGE)
    + data("z", "2 4 4 3")
    + layer("Crop", "x z", "crop_param { axis: 1 offset: 2 }"),
    "Flatten": on_image("Flatten"),
    "Flatten of an end": on_image("Flatten", "flatten_param { axis: 2 }"),
    "Flatten of a start": on_image("Flatten", "flatten_param { axis: 0 end_axis: 1 }"),
    "Reduction": on_image("Reduction", "reduction_param { axis: 1 coeff: 0.5 }"),
    "Reduction of absolute values": on_image("Reduction", "reduction_param { operation: ASUM }"),
    "Reduction of squares": on_image("Reduction", "reduction_param { operation: SUMSQ axis: -1 }"),
    "Reduction to a mean": on_image("Reduction", "reduction_param { operation: MEAN axis: 2 }"),
    "Reshape": on_image("Reshape", "reshape_param { shape { dim: 0 dim: 3 dim: -1 } }"),
    "Reshape of all": on_image("Reshape", "reshape_param { shape { dim: -1 dim: 10 } }"),
    "Reshape of some axes": on_image(
        "Reshape", "reshape_param { shape { dim: 2 dim: 3 } axis: 1 num_axes: 1 }"
    ),
    "Slice": on_image("Slice", tops="a b c"),
    "Slice at points": on_image(
        "Slice", "slice_param { axis: 2 slice_point: 1 slice_point: 4 }", tops="a b c"
    ),
    "Slice, old field": on_image("Slice", "slice_param { slice_dim: 0 }", tops="a b"),
    "Tile": on_image("Tile", "tile_param { axis: 2 tiles: 3 }"),
}


@pytest.mark.parametrize("case", CASES)
def test_layer(case: str, tmp_path: Path) -> None:
    check_export(CASES[case], tmp_path)


def test_of_equal_values_the_last_is_the_largest(tmp_path: Path) -> None:
    ties = np.array([[3, 1, 3, 2], [0, 5, 5, 5]], np.float32)
    for fields in ("argmax_param { top_k: 2 }", "argmax_param { axis: 1 top_k: 2 }"):
        check_export(data("x", "2 4") + layer("ArgMax", "x", fields), tmp_path, {"x": ties})


def test_items_picked_by_number(tmp_path: Path) -> None:
    text = data("x", "3 4") + data("order", "5") + layer("BatchReindex", "x order")
    check_export(text, tmp_path, {"order": np.array([2, 0, 0, 1, 2], np.float32)})


def test_items_picked_by_a_selector(tmp_path: Path) -> None:
    text = data("x", "4 3") + data("z", "4 2 2") + data("which", "4 1 1 1")
    text += layer("Filter", "x z which", tops="a b")
    which = np.array([1, 0, 0, 1], np.float32).reshape(4, 1, 1, 1)
    check_export(text, tmp_path, {"which": which})


def test_rows_of_an_embedding(tmp_path: Path) -> None:
    for fields in ("", "bias_term: false"):
        text = data("x", "2 3") + layer(
            "Embed", "x", f"embed_param {{ num_output: 4 input_dim: 6 {fields} }}"
        )
        check_export(text, tmp_path, {"x": np.array([[0, 5, 2], [3, 3, 1]], np.float32)})
