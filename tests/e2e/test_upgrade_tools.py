"""The tools that bring old nets and solvers to today's form, against what Caffe makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from tools import done, net_from_binary, net_from_text, refused, solver_from_text

pytestmark = pytest.mark.e2e

NETS = ["v0", "v1", "old_input_and_batchnorm"]
SOLVERS = ["SGD", "NESTEROV", "ADAGRAD", "RMSPROP", "ADADELTA", "ADAM"]
TYPES = ["SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"]


@pytest.fixture(params=NETS)
def golden(request: pytest.FixtureRequest, shared: Path) -> Path:
    """An old prototxt."""
    path = shared / "golden/legacy" / f"{request.param}.prototxt"
    if not path.is_file():
        pytest.skip(f"no old net: {path} is absent")
    return path


def layers(net: Any) -> list[str]:
    """Without what only a net that has run knows."""
    assert not net.layers
    assert not net.input
    for layer in net.layer:
        layer.ClearField("blobs")
        layer.ClearField("phase")
    return [text_format.MessageToString(layer) for layer in net.layer]


def caffes(golden: Path) -> list[str]:
    return layers(net_from_binary(golden.with_name(f"{golden.stem}_upgraded.caffemodel")))


def test_text_nets_become_what_caffe_makes_of_them(golden: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.prototxt"
    _, log = done("upgrade_net_proto_text", golden, new)
    assert layers(net_from_text(new)) == caffes(golden)
    assert f"Wrote {new}" in log
    assert "already" not in log
    # Once more, in place: nothing is left to do.
    text = new.read_text()
    _, log = done("upgrade_net_proto_text", new, new)
    assert f"{new} has today's form already" in log
    assert new.read_text() == text


def test_binary_nets_too(golden: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old.caffemodel", tmp_path / "new.caffemodel"
    net = net_from_text(golden)
    last = net.layers[-1] if net.layers else net.layer[-1]
    values = last.layer if golden.stem == "v0" else last
    values.blobs.add(data=[1, 2, 3]).shape.dim.append(3)
    old.write_bytes(net.SerializeToString())
    done("upgrade_net_proto_binary", old, new)
    upgraded = net_from_binary(new)
    blobs = [list(blob.data) for layer in upgraded.layer for blob in layer.blobs]
    assert blobs == [[1, 2, 3]]
    assert layers(upgraded) == caffes(golden)


@pytest.mark.parametrize(("old", "new"), list(zip(SOLVERS, TYPES)))
def test_solver_types_have_names(old: str, new: str, tmp_path: Path) -> None:
    solver, target = tmp_path / "solver.prototxt", tmp_path / "new.prototxt"
    solver.write_text(f'net: "x" base_lr: 0.1 solver_type: {old}')
    done("upgrade_solver_proto_text", solver, target)
    upgraded = solver_from_text(target)
    assert upgraded.type == new
    assert not upgraded.HasField("solver_type")
    assert (upgraded.net, upgraded.base_lr) == ("x", pytest.approx(0.1))


def test_a_field_that_has_no_place_is_told(tmp_path: Path) -> None:
    old = tmp_path / "old.prototxt"
    old.write_text("layers { layer { name: 'r' type: 'relu' num_output: 3 } }")
    _, log = done("upgrade_net_proto_text", old, tmp_path / "new.prototxt")
    assert "field num_output of layer 'r'" in log
    assert [layer.type for layer in net_from_text(tmp_path / "new.prototxt").layer] == ["ReLU"]


@pytest.mark.parametrize(
    "name", ["upgrade_net_proto_text", "upgrade_net_proto_binary", "upgrade_solver_proto_text"]
)
def test_mistakes_are_told_in_a_line(name: str, tmp_path: Path) -> None:
    assert f"usage: {name} OLD_FILE NEW_FILE" in refused(name)
    assert f"usage: {name} OLD_FILE NEW_FILE" in refused(name, "one", "two", "three")
    assert "'none' cannot be opened: No such file" in refused(name, "none", "new", folder=tmp_path)
    bad, new = tmp_path / "bad", tmp_path / "new"
    bad.write_bytes(b"\xff\xff no message")
    assert str(bad) in refused(name, bad, new)
    bad.write_bytes(b"\x0a\x01n" if "binary" in name else b"")  # name: "n"
    assert "cannot be written: No such file" in refused(name, bad, tmp_path / "no" / "new")
    assert "cannot be written: Is a directory" in refused(name, bad, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["bad"]


def test_an_old_net_that_makes_no_sense_is_not_written(tmp_path: Path) -> None:
    old, new = tmp_path / "old.prototxt", tmp_path / "new.prototxt"
    old.write_text("layers { layer { name: 'c' type: 'convolve' } }")
    assert "unknown old layer type 'convolve'" in refused("upgrade_net_proto_text", old, new)
    old.write_text("type: 'Adam' solver_type: SGD")
    assert "exclude each other" in refused("upgrade_solver_proto_text", old, new)
    assert not new.exists()
