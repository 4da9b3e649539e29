"""Convolution, pooling, LRN, SPP: windows at the edges above all."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from onnx_nets import data, layer, on_image
from onnx_runs import check_export, run

from sparknet.errors import UnsupportedError

pytestmark = pytest.mark.boundary

CASES = {
    "Convolution": "convolution_param { num_output: 4 kernel_size: 3 }",
    "Convolution of groups": "convolution_param { num_output: 4 kernel_size: 3 group: 2 pad: 1 }",
    "Convolution, dilated": "convolution_param { num_output: 4 kernel_size: 2 dilation: 2"
    " stride: 2 pad: 1 bias_term: false }",
    "Convolution, not square": "convolution_param { num_output: 4 kernel_h: 3 kernel_w: 2"
    " stride_h: 2 stride_w: 1 pad_h: 0 pad_w: 1 }",
    "Convolution, extents listed": "convolution_param { num_output: 4 kernel_size: 3"
    " kernel_size: 1 stride: 1 stride: 2 pad: 1 pad: 0 }",
    "Deconvolution": "convolution_param { num_output: 4 kernel_size: 4 stride: 2 pad: 1 }",
    "Deconvolution of groups": "convolution_param { num_output: 4 kernel_size: 3 stride: 3"
    " group: 2 dilation: 2 }",
    "Im2col": "convolution_param { kernel_size: 3 stride: 2 pad: 1 }",
    "LRN": "lrn_param { local_size: 3 alpha: 2 beta: 0.6 k: 1.5 }",
    "LRN within a channel": "lrn_param { local_size: 3 alpha: 2 norm_region: WITHIN_CHANNEL }",
    "SPP": "spp_param { pyramid_height: 2 }",
    "SPP of averages": "spp_param { pyramid_height: 2 pool: AVE }",
    "SPP of one level": "spp_param { pyramid_height: 1 }",
    "Pooling of all": "pooling_param { global_pooling: true }",
    "Pooling of all, average": "pooling_param { global_pooling: true pool: AVE }",
}


@pytest.mark.parametrize("case", CASES)
def test_layer(case: str, tmp_path: Path) -> None:
    check_export(on_image(case.split()[0].rstrip(","), CASES[case]), tmp_path)


def test_one_convolution_of_several_bottoms(tmp_path: Path) -> None:
    text = data("x", "2 6 7 5") + data("z", "2 6 7 5")
    fields = "convolution_param { num_output: 4 kernel_size: 3 }"
    check_export(text + layer("Convolution", "x z", fields, tops="a b"), tmp_path)


def test_convolution_of_one_and_three_axes(tmp_path: Path) -> None:
    fields = "convolution_param { num_output: 4 kernel_size: 3 pad: 1 }"
    check_export(data("x", "2 6 7") + layer("Convolution", "x", fields), tmp_path)
    check_export(data("x", "2 6 7 5 4") + layer("Convolution", "x", fields), tmp_path)


@pytest.mark.parametrize("pool", ["MAX", "AVE"])
def test_pooling_of_every_geometry(pool: str, tmp_path: Path) -> None:
    """Side by side in one net: kernels, strides, pads, and both ways to round."""
    text, count = data("x", "2 3 8 7"), 0
    for kernel, stride, pad in itertools.product((1, 2, 3, 5), (1, 2, 3), (0, 1, 2)):
        for rounding in ("CEIL", "FLOOR"):
            if pad >= kernel or stride > kernel:
                continue
            count += 1
            fields = (
                f"pooling_param {{ pool: {pool} kernel_size: {kernel} stride: {stride}"
                f" pad: {pad} round_mode: {rounding} }}"
            )
            text += layer("Pooling", "x", fields, tops=f"y{count}", name=f"pool{count}")
    assert count == 46
    check_export(text, tmp_path)


def test_pooling_of_unlike_extents(tmp_path: Path) -> None:
    for pool in ("MAX", "AVE"):
        fields = (
            f"pooling_param {{ pool: {pool} kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 2"
            " pad_h: 1 pad_w: 0 }"
        )
        check_export(data("x", "2 3 8 7") + layer("Pooling", "x", fields), tmp_path)


def test_average_pooling_by_hand(tmp_path: Path) -> None:
    """Caffe divides by the window's part in the padded image: here 4 and 2 of 9."""
    text = data("x", "1 1 4 4") + layer(
        "Pooling", "x", "pooling_param { pool: AVE kernel_size: 3 stride: 3 }"
    )
    check_export(text, tmp_path)
    ones = np.ones((1, 1, 4, 4), np.float32)
    np.testing.assert_allclose(run(tmp_path / "net.onnx", {"x": ones})["y"], np.ones((1, 1, 2, 2)))


def test_places_of_maxima_count_within_a_plane(tmp_path: Path) -> None:
    fields = "pooling_param { kernel_size: 2 stride: 2 }"
    check_export(on_image("Pooling", fields, tops="y mask"), tmp_path)


def test_windows_outside_of_the_image_are_refused(tmp_path: Path) -> None:
    text = data("x", "1 1 5 5") + layer(
        "Pooling", "x", "pooling_param { kernel_size: 1 stride: 3 }"
    )
    with pytest.raises(UnsupportedError, match=r"'it' \(Pooling\): a window lies outside"):
        check_export(text, tmp_path)


def test_channels_elsewhere_are_refused(tmp_path: Path) -> None:
    fields = "convolution_param { num_output: 4 kernel_size: 3 axis: 2 }"
    text = data("x", "2 3 6 7 5") + layer("Convolution", "x", fields)
    with pytest.raises(UnsupportedError, match=r"'it' \(Convolution\): in ONNX, axis 1 has"):
        check_export(text, tmp_path)
