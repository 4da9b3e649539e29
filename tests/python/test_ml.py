"""Estimators, models and the featurizer in Python, on Spark with the native engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from digits_data import digits

from sparknet import errors
from sparknet.local import Net

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytest.importorskip("pyspark")
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.evaluation import MulticlassClassificationEvaluator
from pyspark.ml.feature import IndexToString
from pyspark.ml.linalg import Vectors
from pyspark.ml.tuning import CrossValidator, ParamGridBuilder

from sparknet.ml import (
    CaffeClassificationModel,
    CaffeClassifier,
    CaffeFeaturizer,
    CaffeModel,
    CaffeRegressor,
)

pytestmark = pytest.mark.spark

NET = """
name: "mlp"
layer { name: "ip1" type: "InnerProduct" bottom: "data" top: "ip1"
  inner_product_param { num_output: 32 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
"""


@pytest.fixture(scope="module")
def frame(spark: SparkSession) -> DataFrame:
    images, labels = digits()
    rows = [
        (i, Vectors.dense(image.ravel().tolist()), int(label), f"digit {int(label)}")
        for i, (image, label) in enumerate(zip(images, labels))
    ]
    made = spark.createDataFrame(rows, ["id", "features", "label", "name"])
    return made.repartition(3).cache()


@pytest.fixture(scope="module")
def train(frame: DataFrame) -> DataFrame:
    return frame.where("id % 5 != 0")


@pytest.fixture(scope="module")
def test(frame: DataFrame) -> DataFrame:
    return frame.where("id % 5 = 0")


def classifier(**arguments: Any) -> CaffeClassifier:
    given = {"epochs": 15, "learning_rate": 0.1, "num_workers": 2, "seed": 1, "tau": 5}
    return CaffeClassifier(NET, **{**given, **arguments})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def model(train: DataFrame) -> CaffeClassificationModel:
    fitted: CaffeClassificationModel = classifier().fit(train)
    return fitted


def predictions(frame: DataFrame) -> dict[int, float]:
    return {row["id"]: row["prediction"] for row in frame.select("id", "prediction").collect()}


def test_learns_and_scores_all_rows_with_their_columns(
    model: CaffeClassificationModel, test: DataFrame
) -> None:
    scored = model.transform(test)
    assert scored.columns == [*test.columns, "rawPrediction", "probability", "prediction"]
    right = scored.where("label = prediction").count()
    assert right / test.count() > 0.93
    assert model.evaluate(test)["accuracy"] == pytest.approx(right / test.count())
    assert model.num_classes == 10
    rounds = model.summary.orderBy("round").collect()
    assert rounds[-1]["loss"] < rounds[0]["loss"] / 3
    assert sum(row["images"] for row in rounds) >= 15 * 1430


def test_says_in_this_process_what_it_says_on_the_executors(
    model: CaffeClassificationModel, test: DataFrame, tmp_path: Path
) -> None:
    rows = model.transform(test).select("features", "probability").limit(40).collect()
    net = model.to_local(tmp_path)
    assert isinstance(net, Net)
    data = np.stack([row["features"].toArray() for row in rows]).astype(np.float32)
    net.blobs["data"].reshape(*data.shape)
    net.reshape()
    said = net.forward(data=data)["probability_of_item"]
    wanted = np.stack([row["probability"].toArray() for row in rows])
    np.testing.assert_allclose(np.asarray(said), wanted, atol=1e-5)


def test_is_loaded_as_it_was_saved(
    model: CaffeClassificationModel, test: DataFrame, tmp_path: Path
) -> None:
    path = str(tmp_path / "model")
    model.write().save(path)
    loaded = CaffeClassificationModel.load(path)
    assert predictions(loaded.transform(test)) == predictions(model.transform(test))
    assert loaded.getFeaturesCol() == "features"
    assert loaded.getBatchSize() if loaded.isSet("batchSize") else True
    assert not loaded.has_summary
    estimator = classifier(freeze=["ip1"])
    estimator.save(str(tmp_path / "estimator"))
    again = CaffeClassifier.load(str(tmp_path / "estimator"))
    assert again.getFreeze() == ["ip1"]
    assert again.getLearningRate() == 0.1
    assert again.getNet() == estimator.getNet()


def test_is_a_stage_of_a_pipeline_with_classes_by_name(
    train: DataFrame, test: DataFrame, tmp_path: Path
) -> None:
    stages = [classifier(label_col="name"), IndexToString(inputCol="prediction", outputCol="said")]
    Pipeline(stages=stages).fit(train).save(str(tmp_path / "pipeline"))
    loaded = PipelineModel.load(str(tmp_path / "pipeline"))
    said = loaded.transform(test)
    assert said.where("name = said").count() / test.count() > 0.93
    stage: Any = loaded.stages[0]
    assert sorted(stage.labels) == [f"digit {i}" for i in range(10)]


def test_a_grid_is_searched_by_several_trainers_at_a_time(train: DataFrame) -> None:
    estimator = classifier(epochs=3)
    grid = ParamGridBuilder().addGrid(estimator.learningRate, [1e-6, 0.1]).build()
    search = CrossValidator(
        estimator=estimator,
        estimatorParamMaps=grid,
        evaluator=MulticlassClassificationEvaluator(metricName="accuracy"),
        numFolds=2,
        parallelism=2,
    ).fit(train)
    assert search.avgMetrics[0] < 0.5 < search.avgMetrics[1]
    assert isinstance(search.bestModel, CaffeClassificationModel)


def test_blobs_are_features_of_other_stages(
    model: CaffeClassificationModel, test: DataFrame, tmp_path: Path
) -> None:
    hidden = model.featurizer(["ip1"], ["hidden"])
    first = hidden.transform(test).orderBy("id").first()
    assert first is not None
    net = model.to_local(tmp_path)
    net.forward(data=first["features"].toArray().astype(np.float32).reshape(1, 64))
    np.testing.assert_allclose(first["hidden"].toArray(), net.blobs["ip1"].data.ravel(), atol=1e-5)
    hidden.save(str(tmp_path / "featurizer"))
    again = CaffeFeaturizer.load(str(tmp_path / "featurizer"))
    assert again.transform(test).orderBy("id").first() == first
    files = (tmp_path / "deploy.prototxt", tmp_path / "weights.caffemodel")
    own = CaffeFeaturizer(*files, ["ip1", "ip2"], output_type="array")
    assert own.transform(test).orderBy("id").first()["ip1"] == pytest.approx(
        list(first["hidden"].toArray())
    )


def test_a_net_of_somebody_else_scores_in_a_line(
    model: CaffeClassificationModel, test: DataFrame, tmp_path: Path
) -> None:
    model.save_caffe(tmp_path)
    names = [f"digit {i}" for i in range(10)]
    files = (tmp_path / "deploy.prototxt", tmp_path / "weights.caffemodel")
    loaded = CaffeModel.load_caffe(*files, labels=names)
    assert predictions(loaded.transform(test)) == predictions(model.transform(test))
    assert loaded.labels == names
    with pytest.raises(errors.ArgumentError, match="3 labels for a net of 10 classes"):
        CaffeModel.load_caffe(*files, labels=names[:3])
    with pytest.raises(errors.FileError, match=r"no\.caffemodel"):
        CaffeModel.load_caffe(files[0], tmp_path / "no.caffemodel")
    other = NET.replace('"ip2"', '"ip3"') + 'input: "data" input_shape { dim: 1 dim: 64 }'
    with pytest.raises(errors.NetError, match="not in the file: ip3"):
        CaffeModel.load_caffe(other, files[1])


def test_regression_finds_the_line(spark: SparkSession) -> None:
    rows = [
        (x / 50, y / 50, 2 * x / 50 - y / 50 + 1) for x in range(-25, 25) for y in range(0, 50, 5)
    ]
    points = spark.createDataFrame(rows, ["x", "y", "z"])
    net = """layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
      inner_product_param { num_output: 1 } }"""
    regressor = CaffeRegressor(
        net,
        features_col=["x", "y"],
        label_col="z",
        learning_rate=0.3,
        epochs=60,
        num_workers=2,
        seed=1,
    )
    fitted = regressor.fit(points)
    assert fitted.evaluate(points)["rmse"] < 0.02
    assert fitted.num_outputs == 1
    row = fitted.transform(points).first()
    assert row is not None
    assert row["prediction"] == pytest.approx(row["z"], abs=0.1)


def test_an_autoencoder_says_its_input_as_the_net_sees_it(spark: SparkSession) -> None:
    points = np.random.default_rng(3).uniform(0, 4, (300, 2))
    rows = [([float(x), float(y), float(x + y)],) for x, y in points]  # Of rank 2.
    frame = spark.createDataFrame(rows, ["features"])
    net = """
      layer { name: "code" type: "InnerProduct" bottom: "data" top: "code"
        inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
      layer { name: "out" type: "InnerProduct" bottom: "code" top: "out"
        inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }"""
    for label in ("", "features"):
        regressor = CaffeRegressor(
            net, label_col=label, scale=0.25, learning_rate=0.1, epochs=60, num_workers=2, seed=1
        )
        found = regressor.fit(frame).transform(frame).select("features", "prediction").collect()
        said = np.array([row["prediction"].toArray() for row in found])
        np.testing.assert_allclose(said, [np.array(row["features"]) / 4 for row in found], atol=0.1)


def test_a_class_of_each_place(spark: SparkSession) -> None:
    images = np.random.default_rng(4).uniform(-1, 1, (200, 6))
    rows = [(image.tolist(), (image > 0).astype(int).tolist()) for image in images]
    frame = spark.createDataFrame(rows, ["features", "label"])
    net = """layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
      convolution_param { num_output: 2 kernel_size: 1 weight_filler { type: "xavier" } } }"""
    model = CaffeClassifier(
        net, input_shape=[1, 2, 3], learning_rate=1, epochs=30, num_workers=2, seed=1
    ).fit(frame)
    row = model.transform(frame).first()
    assert row is not None
    assert row["prediction"] == [float(label) for label in row["label"]]
    assert model.evaluate(frame)["accuracy"] > 0.95
    assert model.num_classes == 2


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: classifier(feature_col="x"), errors.ArgumentError, "no parameter 'feature_col'"),
        (lambda: classifier(tau="many"), errors.ArgumentError, "tau: "),
        (lambda: classifier(tau=0), errors.ArgumentError, "tau"),
        (lambda: classifier(features_col="feature"), errors.ArgumentError, "did you mean features"),
        (lambda: classifier(label_col="lable"), errors.ArgumentError, "did you mean label"),
        (lambda: CaffeClassifier(), errors.ArgumentError, "there is no net"),
        (lambda: CaffeClassifier("no.prototxt"), errors.FileError, "no.prototxt"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    make: Callable[[], CaffeClassifier], error: type[Exception], says: str, train: DataFrame
) -> None:
    with pytest.raises(error, match=says) as raised:
        make().fit(train)
    assert "\n" not in str(raised.value)
