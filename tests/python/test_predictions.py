"""What a trainer's net says of frames and arrays, on Spark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from digits_data import SOLVER, digits

from sparknet import data, errors
from sparknet.trainer import Trainer

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.spark

# Digits in a frame of 10 x 10, of which the net sees the middle.
MEAN, SCALE = 0.3, 2.0


def framed(images: np.ndarray) -> np.ndarray:
    return np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=0.5)


@pytest.fixture(scope="module")
def trainer(spark: SparkSession) -> Iterator[Trainer]:
    images, labels = digits()
    train = data.from_numpy(framed(images[360:]), labels[360:], 2, spark)
    test = data.from_numpy(framed(images[:360]), labels[:360], 2, spark)
    made = Trainer(
        SOLVER, train, test, workers=2, seed=4, crop=8, mean=np.array([MEAN]), scale=SCALE
    )
    with made:
        made.fit(6, tau=20, progress=False)
        yield made


@pytest.fixture(scope="module")
def said(trainer: Trainer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """What the same net says in this process, of the first 101 digits."""
    folder = tmp_path_factory.mktemp("net")
    model = trainer.model()
    local = model.to_local(folder)
    images = (digits()[0][:101] - MEAN) * SCALE
    local.blobs["data"].reshape(*images.shape)
    local.reshape()
    local.forward(data=images.astype(np.float32))
    return {name: np.array(local.blobs[name].data) for name in ("ip1", "probability_of_item")}


def test_arrays_give_arrays(trainer: Trainer, said: dict[str, np.ndarray]) -> None:
    images = framed(digits()[0][:101])
    likely = trainer.predict(images, "probability")
    assert likely.dtype == np.float32
    np.testing.assert_allclose(likely, said["probability_of_item"], atol=1e-5)
    classes = trainer.predict(images)
    assert classes.dtype == np.int64
    np.testing.assert_array_equal(classes, said["probability_of_item"].argmax(axis=1))
    np.testing.assert_allclose(trainer.predict(images, "ip1"), said["ip1"], atol=1e-4)
    one = trainer.predict(images[:1], "probability")
    np.testing.assert_allclose(one, said["probability_of_item"][:1], atol=1e-5)


def test_frames_give_frames(
    spark: SparkSession, trainer: Trainer, said: dict[str, np.ndarray]
) -> None:
    rows = [(i, image.ravel().tolist()) for i, image in enumerate(framed(digits()[0][:101]))]
    frame: DataFrame = spark.createDataFrame(rows, ["id", "pixels"])
    scored = trainer.predict(frame, features_col="pixels")
    assert scored.columns == ["id", "pixels", "rawPrediction", "probability", "prediction"]
    found = scored.orderBy("id").collect()
    likely = np.stack([row["probability"].toArray() for row in found])
    np.testing.assert_allclose(likely, said["probability_of_item"], atol=1e-5)


def test_later_weights_are_used_later(trainer: Trainer) -> None:
    images = framed(digits()[0][:20])
    before = trainer.weights
    model = trainer.model()
    first = trainer.predict(images, "probability")
    trainer.set_weights({name: [0 * blob for blob in blobs] for name, blobs in before.items()})
    np.testing.assert_allclose(trainer.predict(images, "probability"), 0.1, atol=1e-6)
    trainer.set_weights(before)
    np.testing.assert_array_equal(trainer.predict(images, "probability"), first)
    assert model.num_classes == 10


def test_frames_and_arrays_are_evaluated(spark: SparkSession, trainer: Trainer) -> None:
    images, labels = digits()
    own = trainer.test()
    given = trainer.evaluate(framed(images[:360]), labels[:360])
    assert given == pytest.approx(own, rel=1e-5)
    rows = [
        (image.ravel().tolist(), int(label))
        for image, label in zip(framed(images[:360]), labels[:360])
    ]
    frame = spark.createDataFrame(rows, ["features", "digit"])
    assert trainer.evaluate(frame, label="digit") == pytest.approx(own, rel=1e-5)
    right = trainer.predict(framed(images[:360])) == labels[:360]
    assert own["accuracy"] == pytest.approx(right.mean(), abs=1e-6)
    assert trainer.test() == pytest.approx(own)


def test_what_cannot_be_asked(trainer: Trainer, spark: SparkSession) -> None:
    images = framed(digits()[0][:4])
    with pytest.raises(errors.ArgumentError, match="no blob 'probabilty'"):
        trainer.predict(images, "probabilty")
    with pytest.raises(errors.ShapeError, match=r"\(1, 8, 8\).* have \(1, 10, 10\)"):
        trainer.predict(images[:, :, 1:-1, 1:-1])
    with pytest.raises(errors.ArgumentError, match="a Spark DataFrame or an array"):
        trainer.predict([1, 2])
    with pytest.raises(errors.ArgumentError, match="gets all columns"):
        trainer.predict(spark.range(2), "probability")
    with pytest.raises(errors.ArgumentError, match="label="):
        trainer.evaluate(spark.range(2), np.zeros(2))
    spoilt = images.copy()
    spoilt[2, 0, 0, 0] = np.nan
    with pytest.raises(errors.ArgumentError, match="column 'features' has a NaN at value 0"):
        trainer.predict(spoilt)


def test_a_net_for_numbers_says_numbers(spark: SparkSession) -> None:
    x = np.random.default_rng(2).uniform(-1, 1, (200, 2)).astype(np.float32)
    y = x @ np.array([2.0, -1.0], dtype=np.float32)
    net = """
      layer { name: "d" type: "Input" top: "data" top: "label"
        input_param { shape { dim: 20 dim: 2 } shape { dim: 20 dim: 1 } } }
      layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param { num_output: 1 } }
      layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "label" top: "loss" }"""
    train = data.from_numpy(x, y, 2, spark)
    with Trainer(net=net, train=train, workers=2, seed=1, learning_rate=0.3) as made:
        made.fit(epochs=20, progress=False)
        said = made.predict(x)
    assert said.shape == (200,)
    assert said.dtype == np.float32
    np.testing.assert_allclose(said, y, atol=0.02)
