"""Plans of sparknet.local's nets, and values that they leave out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sparknet import errors
from sparknet.local import TEST, Net


def test_plan(tmp_path: Path) -> None:
    text = """
        layer { name: "in" type: "Input" top: "x"
                input_param { shape { dim: 2 dim: 3 dim: 5 dim: 5 } } }
        layer { name: "conv" type: "Convolution" bottom: "x" top: "y"
                convolution_param { num_output: 4 kernel_size: 3 } }
        layer { name: "relu" type: "ReLU" bottom: "y" top: "y" }
        layer { name: "flat" type: "Flatten" bottom: "y" top: "z" }
    """
    path = tmp_path / "net.prototxt"
    path.write_text(text, encoding="utf-8")
    net = Net(path, TEST)
    net.forward()
    plan = net.plan()
    assert [step.layers for step in plan.steps] == [
        {"in": "Input"},
        {"conv": "Convolution", "relu": "ReLU"},
        {"flat": "Flatten"},
    ]
    assert [step.back_end for step in plan.steps] == [None, "onednn", None]
    y, z = plan.steps[1].tops[0], plan.steps[2].tops[0]
    assert (y.blob, y.shape, z.shape) == ("y", (2, 4, 3, 3), (2, 36))
    assert y.memory == z.memory != plan.steps[0].tops[0].memory
    assert plan.fallbacks == 0
    assert plan.bytes >= 4 * (150 + 72)
    assert "conv + relu" in str(plan)
    assert "2x4x3x3" in str(plan)


def test_values_that_are_not_kept() -> None:
    text = """
        layer { name: "in" type: "Input" top: "x"
                input_param { shape { dim: 2 dim: 3 dim: 5 dim: 5 } } }
        layer { name: "a" type: "Convolution" bottom: "x" top: "a"
                convolution_param { num_output: 3 kernel_size: 1
                                    weight_filler { type: "xavier" } } }
        layer { name: "b" type: "Convolution" bottom: "a" top: "b"
                convolution_param { num_output: 3 kernel_size: 1
                                    weight_filler { type: "xavier" } } }
        layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "y" }
        layer { name: "relu" type: "ReLU" bottom: "y" top: "y" }
    """
    whole, part, few = Net(text), Net(text, keep=["b"]), Net(text, keep=[])
    x = np.linspace(-1, 1, 150, dtype=np.float32).reshape(2, 3, 5, 5)
    results = []
    for net in (whole, part, few):
        net.set_weights(whole.weights)
        results.append(net.forward(x=x)["y"].copy())
    a, b = whole.blobs["a"].data, whole.blobs["b"].data
    for result in results:
        np.testing.assert_allclose(result, np.maximum(a + b, 0), atol=1e-6)
    np.testing.assert_allclose(part.blobs["b"].data, b, atol=1e-6)
    for name in "ab":
        with pytest.raises(errors.StateError, match=f"blob '{name}'.*left its values out"):
            few.blobs[name].data  # noqa: B018
    assert {"b": "Convolution", "sum": "Eltwise", "relu": "ReLU"} in [
        step.layers for step in few.plan().steps
    ]
    with pytest.raises(errors.ArgumentError, match="no blob 'c'"):
        Net(text, keep=["c"])
    with pytest.raises(errors.ArgumentError, match="list of names"):
        Net(text, keep="b")
