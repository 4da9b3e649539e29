"""Operations of layers, against counts worked out by hand."""

from __future__ import annotations

import pytest

from sparknet import flops, spec
from sparknet.proto import caffe_pb2

pytestmark = pytest.mark.unit


def layer(text: str, *parameters: tuple[int, ...]) -> caffe_pb2.LayerParameter:
    (found,) = spec.net(f"layer {{ {text} }}").layer
    for shape in parameters:
        found.blobs.add().shape.dim.extend(shape)
    return found


def test_convolution() -> None:
    """Each of 2 * 6 * 5 * 4 outputs sums 8 / 2 channels of 3 x 3 values."""
    conv = layer(
        'type: "Convolution" bottom: "x" top: "y" convolution_param { group: 2 }',
        (6, 4, 3, 3),
        (6,),
    )
    assert flops.forward(conv, {"x": (2, 8, 7, 6), "y": (2, 6, 5, 4)}) == 2 * 240 * 36


def test_convolution_of_several_blobs() -> None:
    conv = layer('type: "Convolution" bottom: "a" bottom: "b" top: "c" top: "d"', (2, 3, 1, 1))
    shapes = {"a": (1, 3, 2, 2), "b": (1, 3, 2, 2), "c": (1, 2, 2, 2), "d": (1, 2, 2, 2)}
    assert flops.forward(conv, shapes) == 2 * (8 * 3 + 8 * 3)


def test_deconvolution() -> None:
    """Each of 2 * 4 * 3 * 3 inputs is spread over 5 channels of 2 x 2 values."""
    up = layer('type: "Deconvolution" bottom: "x" top: "y"', (4, 5, 2, 2), (5,))
    assert flops.forward(up, {"x": (2, 4, 3, 3), "y": (2, 5, 6, 6)}) == 2 * 72 * 20


@pytest.mark.parametrize("weights", [(5, 12), (12, 5)])
def test_inner_product(weights: tuple[int, ...]) -> None:
    """Transposed or not, a matrix of 12 x 5 for each of 4 rows."""
    product = layer(
        'type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 5 }',
        weights,
        (5,),
    )
    assert flops.forward(product, {"x": (4, 3, 2, 2), "y": (4, 5)}) == 2 * 4 * 60


def test_lstm() -> None:
    """7 steps of 3 streams; four gates of 5 units read 6 values and 5 of the state."""
    lstm = layer('type: "LSTM" bottom: "x" bottom: "c" top: "y"', (20, 6), (20,), (20, 5))
    shapes = {"x": (7, 3, 6), "c": (7, 3), "y": (7, 3, 5)}
    assert flops.forward(lstm, shapes) == 2 * 7 * 3 * 20 * 11


def test_lstm_with_a_static_input_which_is_multiplied_once() -> None:
    text = 'type: "LSTM" bottom: "x" bottom: "c" bottom: "s" top: "y"'
    lstm = layer(text, (20, 6), (20,), (20, 4), (20, 5))
    shapes = {"x": (7, 3, 6), "c": (7, 3), "s": (3, 4), "y": (7, 3, 5)}
    assert flops.forward(lstm, shapes) == 2 * (7 * 3 * 20 * 11 + 3 * 20 * 4)


@pytest.mark.parametrize("static", [False, True])
def test_rnn(static: bool) -> None:
    """A state of 5 units from 6 values and itself, and an output of 5 from the state."""
    parameters = [(5, 6), (5,), *([(5, 4)] if static else []), (5, 5), (5, 5), (5,)]
    rnn = layer('type: "RNN" bottom: "x" bottom: "c" top: "y"', *parameters)
    shapes = {"x": (7, 3, 6), "c": (7, 3), "y": (7, 3, 5)}
    expected = 7 * 3 * (5 * 6 + 5 * 5 + 5 * 5) + (3 * 5 * 4 if static else 0)
    assert flops.forward(rnn, shapes) == 2 * expected


def test_other_types_are_not_counted() -> None:
    relu = layer('type: "ReLU" bottom: "x" top: "y"')
    assert flops.forward(relu, {"x": (2,), "y": (2,)}) is None
