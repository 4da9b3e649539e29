"""Nets get layers that Spark feeds, in the sizes asked for."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import FakeJvm

from sparknet import Net, feeds, spec
from sparknet.errors import NetError, ShapeError
from sparknet.proto import caffe_pb2

pytestmark = pytest.mark.unit

QUICK = "examples/cifar10/cifar10_quick_solver.prototxt"
DIGITS = "examples/digits/digits_lenet_solver.prototxt"


def dims(solver: caffe_pb2.SolverParameter) -> list[list[int]]:
    return [
        list(layer.java_data_param.shape.dim)
        for layer in solver.net_param.layer
        if layer.type == "JavaData"
    ]


def test_databases_are_replaced_with_the_sizes_of_the_prototxt() -> None:
    jvm = FakeJvm()
    feeds.fed(spec.solver(QUICK), jvm, (3, 32, 32), None, None)
    assert jvm.replaced == [(100, 100, (3, 32, 32))]


def test_databases_are_replaced_with_the_sizes_asked_for() -> None:
    jvm = FakeJvm()
    feeds.fed(spec.solver(QUICK), jvm, (3, 32, 32), 20, 50)
    assert jvm.replaced == [(20, 50, (3, 32, 32))]


def test_each_phase_of_java_data_gets_its_size() -> None:
    before = dims(spec.solver(DIGITS))
    assert before == [[32, 1, 8, 8], [32, 1], [20, 1, 8, 8], [20, 1]]
    solver = feeds.fed(spec.solver(DIGITS), FakeJvm(), (1, 8, 8), 7, None)
    assert dims(solver) == [[7, 1, 8, 8], [7, 1], [20, 1, 8, 8], [20, 1]]
    solver = feeds.fed(spec.solver(DIGITS), FakeJvm(), (1, 8, 8), None, 5)
    assert dims(solver) == [[32, 1, 8, 8], [32, 1], [5, 1, 8, 8], [5, 1]]


def test_input_layers_are_fed_by_spark() -> None:
    net = Net("n", inputs={"data": (64, 1, 8, 8)})
    net.Input("more", top=["label", "weight"], shape=[{"dim": [64]}, {"dim": [64, 2]}])
    net.Input("both", top=["a", "b"], shape={"dim": [64, 3]}, include="TEST")
    net.ReLU("relu", "data")
    solver = feeds.fed(spec.solver(None, net, learning_rate=1), FakeJvm(), (1, 8, 8), 7, 9)
    layers = [layer for layer in solver.net_param.layer if layer.type == "JavaData"]
    assert [(layer.name, *layer.top) for layer in layers] == [
        (name, name) for name in ("data", "label", "weight", "a", "b")
    ]
    assert dims(solver) == [[7, 1, 8, 8], [7], [7, 2], [9, 3], [9, 3]]
    assert [len(layer.include) for layer in layers] == [0, 0, 0, 1, 1]
    assert [layer.name for layer in solver.net_param.layer][-1] == "relu"


def test_nothing_asked_nothing_changed() -> None:
    solver = spec.solver(DIGITS)
    assert feeds.fed(spec.solver(DIGITS), FakeJvm(), (1, 8, 8), None, None) == solver


def test_flat_items_do_not_fit_data_layers() -> None:
    with pytest.raises(ShapeError, match="channels, height, width"):
        feeds.fed(spec.solver(QUICK), FakeJvm(), (3072,), None, None)


def test_data_layers_must_come_first() -> None:
    net = 'name: "n" layer { name: "a" type: "Input" } layer { name: "b" type: "Data" }\n'
    with pytest.raises(NetError, match="'n': the first two"):
        feeds.fed(spec.solver("base_lr: 1\n", net), FakeJvm(), (3, 2, 2), None, None)


CAFFENET = "models/bvlc_reference_caffenet/solver.prototxt"


def test_view_is_that_of_the_nets_data_layer() -> None:
    view = feeds.view(spec.solver(CAFFENET), (3, 256, 256), None, None, None, None)
    assert (view.mean, view.scale, view.crop, view.mirror) == (None, None, (227, 227), True)
    assert feeds.seen((3, 256, 256), view) == (3, 227, 227)
    view = feeds.view(spec.solver(DIGITS), (1, 8, 8), None, None, None, None)
    assert (view.mean, view.scale, view.crop, view.mirror) == (None, None, None, False)
    assert feeds.seen((1, 8, 8), view) == (1, 8, 8)


def test_view_is_what_was_asked_for() -> None:
    mean = np.arange(3)
    view = feeds.view(spec.solver(CAFFENET), (3, 4, 5), mean, 0.5, (2, 3), False)
    assert (view.scale, view.crop, view.mirror) == (0.5, (2, 3), False)
    np.testing.assert_array_equal(view.mean, np.repeat([0, 1, 2], 20))
    assert feeds.seen((3, 4, 5), view) == (3, 2, 3)


def test_mean_values_and_scale_of_a_net_in_the_order_of_its_channels() -> None:
    solver = spec.solver(QUICK)
    for layer in solver.net_param.layer[:2]:
        layer.transform_param.Clear()
        layer.transform_param.mean_value.extend([1, 2, 3])
        layer.transform_param.scale = 0.25
    view = feeds.view(solver, (3, 1, 2), None, None, None, None)
    np.testing.assert_array_equal(view.mean, [3, 3, 2, 2, 1, 1])
    assert view.scale == 0.25
    del solver.net_param.layer[0].transform_param.mean_value[1:]
    view = feeds.view(solver, (3, 1, 2), None, None, None, None)
    np.testing.assert_array_equal(view.mean, [1] * 6)
