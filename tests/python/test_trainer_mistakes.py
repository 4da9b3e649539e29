"""What is wrong with nets, data and calls of the trainer on Spark: errors that say so."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from digits_data import SOLVER, digits
from PIL import Image

from sparknet import data, errors, spec
from sparknet.data import Dataset
from sparknet.proto import caffe_pb2
from sparknet.trainer import Trainer

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def train(spark: SparkSession) -> Dataset:
    images, labels = digits(360)
    return data.from_numpy(images, labels, 2, spark)


def make(train: Dataset, **options: Any) -> Trainer:
    return Trainer(options.pop("solver", SOLVER), train, workers=2, seed=4, **options)


def changed(**layers: dict[str, Any]) -> caffe_pb2.SolverParameter:
    """The digits' solver, with fields of some layers of its net replaced."""
    solver = spec.solver(SOLVER)
    for layer in solver.net_param.layer:
        for field, value in layers.get(layer.name, {}).items():
            layer.ClearField(field)
            layer.MergeFrom(caffe_pb2.LayerParameter(**{field: value}))
    return solver


@pytest.mark.parametrize(
    ("solver", "kind", "reason"),
    [
        ("base_lr: 0.1\nnet_param {\n  lair { }\n}\n", errors.ParseError, "3:8.*lair"),
        (changed(conv1={"type": "Convolutoin"}), errors.NetError, "(?s)Convolutoin.*Convolution"),
        (changed(conv1={"bottom": ["nowhere"]}), errors.NetError, "nowhere"),
        (
            changed(label={"java_data_param": {"shape": {"dim": [7, 1]}}}),
            errors.ShapeError,
            "loss|label",
        ),
    ],
    ids=["syntax", "unknown type", "missing bottom", "mismatched shapes"],
)
def test_wrong_nets(train: Dataset, solver: Any, kind: type, reason: str) -> None:
    with pytest.raises(kind, match=reason):
        make(train, solver=solver)


@pytest.mark.parametrize("size", [0, -5])
def test_wrong_batch_size(train: Dataset, size: int) -> None:
    with pytest.raises(errors.SparkNetError) as caught:
        make(train, batch_size=size)
    assert type(caught.value) in (errors.ArgumentError, errors.NetError, errors.ShapeError)


def test_items_that_do_not_fit_the_net(spark: SparkSession) -> None:
    wide = data.from_numpy(np.zeros((40, 3, 8, 8), np.uint8), np.zeros(40), 2, spark)
    with pytest.raises(errors.ShapeError):
        make(wide)


def test_label_out_of_range(spark: SparkSession) -> None:
    images, labels = digits(100)
    labels[50] = 10
    with pytest.raises(errors.NumericError, match="label 10"):
        make(data.from_numpy(images, labels, 2, spark))


def test_nan_loss_keeps_the_weights(train: Dataset) -> None:
    with make(train, solver=spec.solver(SOLVER, base_lr=1e30)) as trainer:
        before = trainer.weights
        with pytest.raises(errors.NumericError, match=r"(?i)nan|inf"):
            trainer.fit(3, progress=False)
        for layer, blobs in trainer.weights.items():
            for index, blob in enumerate(blobs):
                np.testing.assert_array_equal(blob, before[layer][index])


def test_throwing_preprocessing(spark: SparkSession) -> None:
    def broken(item: tuple[np.ndarray, int]) -> tuple[np.ndarray, int]:
        if item[1] == 9:
            raise ArithmeticError("nines are not to my liking")
        return item

    images, labels = digits(100)
    items = spark.sparkContext.parallelize(list(zip(images, labels.tolist())), 2)
    with pytest.raises(errors.CallbackError, match="ArithmeticError: nines are not to my liking"):
        make(data.from_rdd(items.map(broken)))


def test_a_tar_that_is_gone_or_cut_in_the_middle(spark: SparkSession, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    labels = tmp_path / "labels.txt"
    names = [f"{number}.png" for number in range(40)]
    labels.write_text("".join(f"{name} {index % 10}\n" for index, name in enumerate(names)))
    for part in range(2):
        with tarfile.open(tmp_path / f"train-{part}.tar", "w") as tar:
            for name in names[20 * part :][:20]:
                out = io.BytesIO()
                pixels = random.integers(0, 256, (8, 8, 3)).astype(np.uint8)
                Image.fromarray(pixels).save(out, "PNG")
                entry = tarfile.TarInfo(name)
                entry.size = len(out.getvalue())
                tar.addfile(entry, io.BytesIO(out.getvalue()))
    images = data.images(f"{tmp_path}/train-", labels, height=8, width=8, storage="NONE")
    solver = changed(data={"java_data_param": {"shape": {"dim": [20, 3, 8, 8]}}})
    tar = tmp_path / "train-1.tar"

    def train() -> int:
        # A trainer of its own reads the tars again.
        with make(images, solver=solver, batch_size=20, scale=1 / 256) as trainer:
            trainer.fit(1, tau=2, progress=False)
            return trainer.iteration

    assert train() == 2
    whole = tar.read_bytes()
    tar.write_bytes(whole[: len(whole) // 2 + 300])
    was = rf"file://{tar}: was read to its end when the data were counted, now it is cut off"
    with pytest.raises(errors.FileError, match=was):
        train()
    tar.unlink()
    gone = rf"file://{tar}: was there when the data were counted, now it is gone"
    with pytest.raises(errors.FileError, match=gone):
        train()
    tar.write_bytes(whole)
    assert train() == 2


def test_unknown_option(train: Dataset) -> None:
    with pytest.raises(errors.ArgumentError, match=r"'momentun'.*seed"):
        make(train, momentun=0.9)


def test_use_after_close(train: Dataset) -> None:
    trainer = make(train)
    trainer.close()
    with pytest.raises((errors.StateError, errors.ClosedError)):
        trainer.train(1)
