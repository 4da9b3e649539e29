"""What the engine says of nets, in a JVM of this process or in that of a Spark session."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from sparknet import Net, engine, spec
from sparknet.errors import ParseError, ShapeError
from sparknet.proto import caffe_pb2

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OLD = """
name: "old" input: "x" input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4
layers { name: "ip" type: INNER_PRODUCT bottom: "x" top: "y" blobs_lr: 1 blobs_lr: 0
         inner_product_param { num_output: 5 } }
"""


def check_shapes() -> None:
    net = Net("n", inputs={"x": (4, 1, 8, 8), "label": (4,)})
    x, label = net.inputs
    x.InnerProduct("ip", num_output=10).SoftmaxWithLoss("loss", label, include="TRAIN")
    for phase, layers in ((0, ["x", "label", "ip", "loss"]), (1, ["x", "label", "ip"])):
        built = engine.built(net.to_proto(), phase)
        assert [layer.name for layer in built.net.layer] == layers
        assert [list(blob.shape.dim) for blob in built.net.layer[2].blobs] == [[10, 64], [10]]
        shapes = {"x": (4, 1, 8, 8), "label": (4,), "ip": (4, 10)}
        assert built.shapes == (shapes if phase else {**shapes, "loss": ()})
    wrong = Net("wrong", inputs={"x": [2, 3], "y": [2, 4]})
    wrong.Eltwise("sum", ["x", "y"])
    with pytest.raises(ShapeError, match="'sum'"):
        engine.built(wrong.to_proto(), -1)


def check_old_forms() -> None:
    new = engine.upgraded(spec.net(OLD))
    assert [layer.type for layer in new.layer] == ["Input", "InnerProduct"]
    assert [param.lr_mult for param in new.layer[1].param] == [1, 0]
    net = Net.load(OLD)
    assert net.inputs == ["x"]
    net["y"].ReLU(in_place=True)
    assert net.summary().rows[-1].shapes == ((1, 5),)


# A layer of Caffe's first form, with a field that its type does not have.
FIRST = b"""
layers { layer { name: "r" type: "relu" num_output: 3 } bottom: "x" top: "x" }
"""


def check_reading(caplog: pytest.LogCaptureFixture) -> None:
    """Errors and warnings are the engine's, and name the text as they are told to."""
    caplog.clear()
    with caplog.at_level(logging.WARNING, "sparknet"):
        read = caffe_pb2.NetParameter.FromString(engine.read(FIRST, False, "ü.prototxt"))
    assert [layer.type for layer in read.layer] == ["ReLU"]
    told = "ü.prototxt: field num_output of layer 'r' (relu) has no meaning there and is dropped"
    assert caplog.record_tuples == [("sparknet", logging.WARNING, told)]
    solver = engine.read(b"# \xe9\nbase_lr: 0.5 solver_type: ADAM", True, "s")  # Latin-1
    assert caffe_pb2.SolverParameter.FromString(solver).type == "Adam"
    with pytest.raises(ParseError, match=r'^ü:2:10: .* "momentun"; did you mean momentum'):
        engine.read(b"base_lr: 1\n momentun: 0.9", True, "ü")


@pytest.mark.spark
def test_prototxts_are_read_in_the_jvm_of_a_session(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("sparknet._jvm.pyjnius.classes", None)  # No second JVM.
    check_reading(caplog)


@pytest.mark.boundary
def test_prototxts_are_read_in_a_jvm_of_this_process(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine, "_session", lambda: None)
    check_reading(caplog)


@pytest.mark.spark
@pytest.mark.parametrize("check", [check_shapes, check_old_forms])
def test_in_the_jvm_of_a_session(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, check: Callable[[], None]
) -> None:
    monkeypatch.setattr("sparknet._jvm.pyjnius.classes", None)  # No second JVM.
    check()


@pytest.mark.boundary
@pytest.mark.parametrize("check", [check_shapes, check_old_forms])
def test_in_a_jvm_of_this_process(
    monkeypatch: pytest.MonkeyPatch, check: Callable[[], None]
) -> None:
    monkeypatch.setattr(engine, "_session", lambda: None)
    check()
