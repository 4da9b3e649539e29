"""LSTM and RNN: onnxruntime goes through the steps as the engine does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx_nets import data, layer
from onnx_runs import check_export

pytestmark = pytest.mark.boundary

# The second stream starts anew in the middle.
CONT = np.array([[0, 0], [1, 1], [1, 0], [1, 1]], np.float32)
STEPS = data("x", "4 2 3") + data("cont", "4 2")


@pytest.mark.parametrize("kind", ["LSTM", "RNN"])
def test_sequences(kind: str, tmp_path: Path) -> None:
    text = STEPS + layer(kind, "x cont", "recurrent_param { num_output: 5 }")
    check_export(text, tmp_path, {"cont": CONT})


@pytest.mark.parametrize("kind", ["LSTM", "RNN"])
def test_with_a_static_input(kind: str, tmp_path: Path) -> None:
    text = STEPS + data("s", "2 2 2")
    text += layer(kind, "x cont s", "recurrent_param { num_output: 5 }")
    check_export(text, tmp_path, {"cont": CONT})


@pytest.mark.parametrize(("kind", "states"), [("LSTM", "h c"), ("RNN", "h")])
@pytest.mark.parametrize("static", ["", " s"])
def test_states_in_and_out(kind: str, states: str, static: str, tmp_path: Path) -> None:
    text = STEPS + (data("s", "2 2") if static else "")
    text += "".join(data(state, "1 2 5") for state in states.split())
    tops = " ".join(["y", *(f"last_{state}" for state in states.split())])
    fields = "recurrent_param { num_output: 5 expose_hidden: true }"
    text += layer(kind, f"x cont{static} {states}", fields, tops=tops)
    cont = CONT.copy()
    cont[0, 0] = 1  # This stream begins with the states that are given.
    check_export(text, tmp_path, {"cont": cont})


def test_values_of_more_axes(tmp_path: Path) -> None:
    text = data("x", "4 2 3 2") + data("cont", "4 2")
    check_export(
        text + layer("LSTM", "x cont", "recurrent_param { num_output: 5 }"),
        tmp_path,
        {"cont": CONT},
    )


def test_layers_on_top_of_each_other(tmp_path: Path) -> None:
    fields = "recurrent_param { num_output: 5 }"
    text = STEPS + layer("LSTM", "x cont", fields, tops="a", name="first")
    text += layer("RNN", "a cont", fields, tops="b", name="second")
    text += layer("InnerProduct", "b", "inner_product_param { num_output: 2 axis: 2 }")
    model = check_export(text, tmp_path, {"cont": CONT})
    # The first axis is time, which is the net's own.
    assert [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim] == [4, 2, 3]


def test_one_step_of_an_lstm(tmp_path: Path) -> None:
    text = data("c", "1 3 4") + data("gates", "1 3 16") + data("cont", "1 3")
    text += layer("LSTMUnit", "c gates cont", tops="after h")
    check_export(text, tmp_path, {"cont": np.array([[1, 0, 1]], np.float32)})
