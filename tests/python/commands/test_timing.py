"""``sparknet time``: whose times are printed; how long they are is nobody's business."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run

from sparknet import spec
from sparknet.commands.timing import _given, _mean, _row, _Times

NET = """
name: "timed"
layer { name: "data" type: "JavaData" top: "data"
        java_data_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
        inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss"
        include { phase: TRAIN } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" include { phase: TEST } }
"""


@pytest.mark.unit
def test_means_and_speeds() -> None:
    mean = _mean([_Times([1.0, 2.0], 3.5), _Times([3.0, 2.0], 4.5)])
    assert mean == _Times([2.0, 2.0], 4.0)
    assert _row("ip", "InnerProduct", 0.002, 5_000_000, 0.0045) == (
        *("ip", "InnerProduct", "2.000", "2.5", "4.500"),
    )
    assert _row("relu", "ReLU", 0.0000014, None, None) == ("relu", "ReLU", "0.001", "", "")


@pytest.mark.unit
def test_what_spark_would_feed_is_given() -> None:
    data, label = list(_given(spec.net(NET), 7).layer)[:2]
    assert (data.type, list(data.input_param.shape[0].dim)) == ("Input", [7, 3, 8, 8])
    assert (label.type, list(label.input_param.shape[0].dim)) == ("Input", [7])
    assert not data.HasField("java_data_param")
    same = _given(spec.net(NET), None).layer[0]
    assert list(same.input_param.shape[0].dim) == [2, 3, 8, 8]


@pytest.mark.boundary
def test_a_line_for_each_step(tmp_path: Path) -> None:
    file = tmp_path / "net.prototxt"
    file.write_text(NET)
    ended = run("time", file, "--iterations", "2", "--threads", "1")
    assert (ended.status, ended.err) == (0, "")
    rows = [line.split() for line in ended.out.splitlines()]
    assert rows[0] == ["layer", "type", "forward", "ms", "GFLOP/s", "backward", "ms"]
    assert [row[:2] for row in rows[1:]] == [
        ["data", "Input"],
        ["label", "Input"],
        ["conv+relu", "Convolution"],
        ["ip", "InnerProduct"],
        ["loss", "SoftmaxWithLoss"],
        ["whole", "pass"],
    ]
    for row in rows[1:]:
        assert all(float(value) >= 0 for value in row[2:])
        # Speeds are those of what is counted.
        assert len(row) == (5 if row[0] in ("conv+relu", "ip", "whole") else 4)
    only = run("time", file, "--iterations", "1", "--forward-only", "--phase", "TEST")
    rows = [line.split() for line in only.out.splitlines()]
    assert rows[5][:2] == ["prob", "Softmax"]
    assert len(rows[5]) == 3
