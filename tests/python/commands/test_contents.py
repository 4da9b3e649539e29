"""What is told of files that Caffe wrote, or that were made here as Caffe writes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import TRAINED, run

from sparknet.commands.contents import lines
from sparknet.errors import ArgumentError, FileError, ParseError
from sparknet.proto import caffe_pb2


@pytest.mark.unit
def test_weights(tmp_path: Path) -> None:
    net = caffe_pb2.NetParameter(name="n")
    net.layer.add(name="relu", type="ReLU")
    layer = net.layer.add(name="ip", type="InnerProduct")
    layer.blobs.add(shape={"dim": [2, 3]}, data=[0] * 6)
    layer.blobs.add(num=1, channels=1, height=1, width=2, data=[0] * 2)
    old = net.layers.add(name="c", type=caffe_pb2.V1LayerParameter.CONVOLUTION)
    old.blobs.add(num=4, channels=3, height=5, width=5, data=[0] * 300)
    oldest = net.layers.add()
    oldest.layer.name, oldest.layer.type = "c0", "conv"
    oldest.layer.blobs.add(num=1, channels=1, height=1, width=4, data=[0] * 4)
    file = tmp_path / "n.caffemodel"
    file.write_bytes(net.SerializeToString())
    assert list(lines(str(file))) == [
        "weights of net 'n': 3 layers, 312 values",
        "layer  type          shapes                values",
        "ip     InnerProduct  (2, 3), (1, 1, 1, 2)       8",
        "c      CONVOLUTION   (4, 3, 5, 5)             300",
        "c0     conv          (1, 1, 1, 4)               4",
    ]


@pytest.mark.unit
def test_a_state(tmp_path: Path) -> None:
    state = caffe_pb2.SolverState(iter=12345, current_step=2, learned_net="n.caffemodel")
    state.history.add(data=[1, 2, 3])
    state.history.add(double_data=[1])
    file = tmp_path / "n.solverstate"
    file.write_bytes(state.SerializeToString())
    assert list(lines(str(file))) == [
        "iteration  12,345",
        "step       2 of the learning rate",
        "weights    n.caffemodel",
        "history    2 blobs, 4 values",
    ]


@pytest.mark.boundary
def test_nets_and_solvers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.prototxt").write_text(TRAINED)
    Path("solver.prototxt").write_text('net: "net.prototxt" base_lr: 0.25 max_iter: 7\n')
    table = list(lines("net.prototxt"))
    assert table[0].split() == [
        "layer",
        "type",
        "output",
        "shape",
        "parameters",
        "MFLOPs",
        "memory",
    ]
    assert "15 parameters (60 B)" in table
    assert any(line.startswith("accuracy") for line in table)
    told = list(lines("solver.prototxt"))
    assert "base_lr: 0.25" in told
    assert "max_iter: 7" in told
    # The net that it trains.
    assert "15 parameters (60 B)" in told
    assert not any(line.startswith("accuracy") for line in told)
    assert run("info", "solver.prototxt").out.splitlines() == told


@pytest.mark.boundary
def test_a_saved_model(tmp_path: Path) -> None:
    metadata = tmp_path / "model" / "metadata"
    metadata.mkdir(parents=True)
    stage = {
        "class": "sparknet.ml.CaffeClassificationModel",
        "sparkVersion": "3.5.9",
        "paramMap": {"mean": [0.5], "labels": ["x" * 100]},
        "defaultParamMap": {"scale": 1.0, "mean": [0]},
    }
    (metadata / "part-00000").write_text(json.dumps(stage))
    told = list(lines(str(tmp_path / "model")))
    assert told[0] == "sparknet.ml.CaffeClassificationModel, saved by Spark 3.5.9"
    assert told[2:] == ["  mean: [0.5]", "  scale: 1.0"]
    assert told[1].startswith('  labels: ["xxx')
    assert told[1].endswith("...")
    (tmp_path / "model" / "net").mkdir()
    (tmp_path / "model" / "net" / "deploy.prototxt").write_text(TRAINED)
    assert "15 parameters (60 B)" in list(lines(str(tmp_path / "model")))


@pytest.mark.unit
def test_errors(tmp_path: Path) -> None:
    for name in ("x.caffemodel", "x.solverstate"):
        with pytest.raises(FileError, match=f"{name}: No such file"):
            list(lines(str(tmp_path / name)))
        (tmp_path / name).write_bytes(b"\xff\xff\xff")
        with pytest.raises(ParseError, match=f"{name}: not a (NetParameter|SolverState) of Caffe"):
            list(lines(str(tmp_path / name)))
    with pytest.raises(ArgumentError, match="HDF5 has tools of its own"):
        list(lines("x.caffemodel.h5"))
    with pytest.raises(FileError, match="no folder that a model was saved to"):
        list(lines(str(tmp_path)))
    for name, said in (("my_solver.prototxt", "base_l"), ("net.prototxt", "leyer")):
        (tmp_path / name).write_text(f"{said}: 1")
        with pytest.raises(ParseError, match=f"{name}:1:{len(said) + 1}: .*{said}"):
            list(lines(str(tmp_path / name)))
