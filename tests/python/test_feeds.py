"""Nets get layers that Spark feeds, in the sizes asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fakes import FakeJvm

from sparknet import Net, feeds, spec
from sparknet.errors import NetError
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


def fed(net: spec.NetSource, shape: tuple[int, ...], *sizes: int | None) -> list[tuple[Any, ...]]:
    """Phases, name, top and shape of each layer that Spark feeds."""
    solver = feeds.fed(spec.solver(None, net, learning_rate=1), shape, *(sizes or (None, None)))
    return [
        (
            "".join(
                name[:2] for name, phase in caffe_pb2.Phase.items() if spec.runs_in(layer, phase)
            ),
            layer.name,
            *layer.top,
            list(layer.java_data_param.shape.dim),
        )
        for layer in solver.net_param.layer
        if layer.type == "JavaData"
    ]


def test_layers_that_read_files_are_replaced_wherever_they_are() -> None:
    net = """
    layer { name: "w" type: "Parameter" top: "w" }
    layer { name: "d" type: "Data" top: "pixels" top: "class" include { phase: TEST }
            data_param { batch_size: 5 } }
    layer { name: "r" type: "ReLU" bottom: "pixels" top: "r" }
    layer { name: "i" type: "ImageData" top: "pixels" include { phase: TRAIN }
            image_data_param { batch_size: 6 } }
    layer { name: "h" type: "HDF5Data" top: "class" exclude { phase: TEST }
            hdf5_data_param { batch_size: 6 } }
    """
    assert fed(net, (3, 8, 7)) == [
        ("TE", "pixels", "pixels", [5, 3, 8, 7]),
        ("TE", "class", "class", [5, 1]),
        ("TR", "pixels", "pixels", [6, 3, 8, 7]),
        ("TR", "class", "class", [6, 1]),
    ]
    assert fed(net, (12,), 20, 50) == [
        ("TE", "pixels", "pixels", [50, 12]),
        ("TE", "class", "class", [50, 1]),
        ("TR", "pixels", "pixels", [20, 12]),
        ("TR", "class", "class", [20, 1]),
    ]
    solver = feeds.fed(spec.solver(None, net, learning_rate=1), (12,), None, None)
    kept = [layer.name for layer in solver.net_param.layer if layer.type != "JavaData"]
    assert kept == ["w", "r"]


@pytest.mark.parametrize("kind", ["Data", "HDF5Data", "ImageData", "MemoryData", "WindowData"])
def test_every_type_that_reads_is_replaced(kind: str) -> None:
    own = {"HDF5Data": "hdf5_data", "ImageData": "image_data", "MemoryData": "memory_data"}
    param = own.get(kind, "window_data" if kind == "WindowData" else "data")
    layer = f'layer {{ type: "{kind}" top: "x" top: "y" {param}_param {{ batch_size: 9 }} }}'
    assert fed(layer, (2,)) == [("TRTE", "x", "x", [9, 2]), ("TRTE", "y", "y", [9, 1])]


def test_the_networks_of_the_repository_are_fed() -> None:
    assert fed(spec.solver(QUICK).net_param, (3, 32, 32)) == [
        ("TR", "data", "data", [100, 3, 32, 32]),
        ("TR", "label", "label", [100, 1]),
        ("TE", "data", "data", [100, 3, 32, 32]),
        ("TE", "label", "label", [100, 1]),
    ]


def test_more_than_items_and_labels_cannot_be_read() -> None:
    net = 'name: "n" layer { name: "h" type: "HDF5Data" top: "x" top: "y" top: "z" }'
    with pytest.raises(NetError, match="net 'n': layer 'h' reads blob 'z', beside items and"):
        fed(net, (2,))


def test_nets_are_read_by_the_engine() -> None:
    jvm = FakeJvm()
    solver = caffe_pb2.SolverParameter(
        train_net_param=spec.net('name: "a"'), test_net_param=[spec.net('name: "b"')]
    )
    assert feeds.read(solver, jvm) is solver
    assert jvm.texts == ['name: "a"\n', 'name: "b"\n']
    assert not solver.HasField("net_param")


def test_each_phase_of_java_data_gets_its_size() -> None:
    before = dims(spec.solver(DIGITS))
    assert before == [[32, 1, 8, 8], [32, 1], [20, 1, 8, 8], [20, 1]]
    solver = feeds.fed(spec.solver(DIGITS), (1, 8, 8), 7, None)
    assert dims(solver) == [[7, 1, 8, 8], [7, 1], [20, 1, 8, 8], [20, 1]]
    solver = feeds.fed(spec.solver(DIGITS), (1, 8, 8), None, 5)
    assert dims(solver) == [[32, 1, 8, 8], [32, 1], [5, 1, 8, 8], [5, 1]]


def test_input_layers_are_fed_by_spark() -> None:
    net = Net("n", inputs={"data": (64, 1, 8, 8)})
    net.Input("more", top=["label", "weight"], shape=[{"dim": [64]}, {"dim": [64, 2]}])
    net.Input("both", top=["a", "b"], shape={"dim": [64, 3]}, include="TEST")
    net.ReLU("relu", "data")
    solver = feeds.fed(spec.solver(None, net, learning_rate=1), (1, 8, 8), 7, 9)
    layers = [layer for layer in solver.net_param.layer if layer.type == "JavaData"]
    assert [(layer.name, *layer.top) for layer in layers] == [
        (name, name) for name in ("data", "label", "weight", "a", "b")
    ]
    assert dims(solver) == [[7, 1, 8, 8], [7], [7, 2], [9, 3], [9, 3]]
    assert [len(layer.include) for layer in layers] == [0, 0, 0, 1, 1]
    assert [layer.name for layer in solver.net_param.layer][-1] == "relu"


def test_nothing_asked_nothing_changed() -> None:
    solver = spec.solver(DIGITS)
    assert feeds.fed(spec.solver(DIGITS), (1, 8, 8), None, None) == solver


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
