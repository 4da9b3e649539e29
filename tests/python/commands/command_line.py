"""What tests of the commands share: running one here, and a net whose weights are known."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from typer.testing import CliRunner

from sparknet.commands import cluster
from sparknet.commands.program import app
from sparknet.proto import caffe_pb2

CLASSES = 3
TRAINED = """
name: "known"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 8 dim: 4 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 8 dim: 1 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
        include { phase: TEST } }
"""
DEPLOYED = """
name: "known"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param { num_output: 3 } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
"""


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


def run(*arguments: str | Path) -> Ended:
    """Runs a command; an exception that it let through fails the test."""
    result = CliRunner().invoke(app, [str(part) for part in arguments], prog_name="sparknet")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)


def in_session(monkeypatch: Any, spark: Any) -> list[Any]:
    """Has commands take a session that is there, and leave it; where they would have run."""
    asked: list[Any] = []

    @contextlib.contextmanager
    def running(where: Any, name: str, ui: bool = False) -> Iterator[Any]:
        asked.append(where)
        with cluster.told_in_a_line():
            yield spark

    monkeypatch.setattr(cluster, "running", running)
    return asked


class Known(NamedTuple):
    """A net with its weights, and rows with labels of which it gets some right."""

    weights: NDArray[np.float32]
    biases: NDArray[np.float32]
    rows: NDArray[np.float32]
    labels: NDArray[np.int64]

    def write(self, folder: Path) -> None:
        """trained.prototxt, deployed.prototxt, known.caffemodel and rows.csv."""
        (folder / "trained.prototxt").write_text(TRAINED)
        (folder / "deployed.prototxt").write_text(DEPLOYED)
        net = caffe_pb2.NetParameter(name="known")
        layer = net.layer.add(name="ip", type="InnerProduct")
        for values in (self.weights, self.biases):
            layer.blobs.add(shape={"dim": values.shape}, data=values.ravel().tolist())
        (folder / "known.caffemodel").write_bytes(net.SerializeToString())
        lines = ["id,a,b,c,d,label"]
        for number, (row, label) in enumerate(zip(self.rows, self.labels)):
            lines.append(",".join(map(str, [number, *row.tolist(), label])))
        (folder / "rows.csv").write_text("\n".join(lines) + "\n")

    @property
    def scores(self) -> NDArray[np.float64]:
        """What the last layer gives, in double precision."""
        products: NDArray[np.float64] = self.rows.astype(np.float64) @ self.weights.T + self.biases
        return products

    @property
    def likely(self) -> NDArray[np.float64]:
        """The softmax of the scores."""
        powers = np.exp(self.scores)
        shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
        return shares

    @property
    def accuracy(self) -> float:
        """The share of the rows whose label has the highest score."""
        return float((self.scores.argmax(axis=1) == self.labels).mean())

    @property
    def loss(self) -> float:
        """The mean of the cross entropy."""
        return float(-np.log(self.likely[np.arange(len(self.labels)), self.labels]).mean())


def known() -> Known:
    """The same each time. Values have few digits, so that a CSV file has all of them."""
    random = np.random.default_rng(3)
    weights = random.normal(size=(CLASSES, 4)).astype(np.float32)
    biases = random.normal(size=CLASSES).astype(np.float32)
    rows = random.integers(-8, 8, size=(24, 4)).astype(np.float32) / 4
    labels = random.integers(0, CLASSES, size=24)
    return Known(weights, biases, rows, labels)
