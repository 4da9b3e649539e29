"""Stages as a program of Spark Connect sees them, which has no JVM to ask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import text_format

from sparknet import errors
from sparknet.proto import caffe_pb2

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytest.importorskip("pyspark")
from pyspark.ml import util

from sparknet.ml import (
    CaffeClassificationModel,
    CaffeClassifier,
    CaffeFeaturizer,
    CaffeRegressionModel,
    CaffeRegressor,
    remote,
    stages,
)

NET = 'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" }'
STAGES = [
    CaffeClassificationModel,
    CaffeClassifier,
    CaffeFeaturizer,
    CaffeRegressionModel,
    CaffeRegressor,
]


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A program of Spark Connect on a Spark whose servers run operators."""
    monkeypatch.setenv("SPARK_CONNECT_MODE_ENABLED", "1")
    monkeypatch.setattr(util, "try_remote_fit", None, raising=False)
    return


@pytest.mark.spark
@pytest.mark.parametrize("kind", STAGES, ids=lambda kind: kind.__name__)
def test_the_params_are_those_of_the_java_stages(spark: SparkSession, kind: Any) -> None:
    java = stages.java_class(kind.__name__)
    made = java("uid", None) if kind.__name__.endswith("Model") else java("uid")
    converters = {
        str(param.name()): stages._CONVERTERS[str(param.getClass().getSimpleName())]
        for param in made.params()
    }
    assert remote.params(kind._arguments) == converters


@pytest.mark.unit
def test_values_that_are_sent(connected: None, tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text(NET)
    made = CaffeClassifier(
        tmp_path / "net.prototxt",
        {"base_lr": 0.5},
        features_col=["a", "b"],
        crop=4,
        mean=7,
        epochs=2,
        weights="w.caffemodel",
        checkpoint="s3a://bucket/c",
    )
    sent = {param.name: value for param, value in made.extractParamMap().items()}
    assert text_format.Parse(sent.pop("net"), caffe_pb2.NetParameter()).layer[0].name == "ip"
    solver = text_format.Parse(sent.pop("solver"), caffe_pb2.SolverParameter())
    assert (solver.base_lr, solver.lr_policy) == (0.5, "fixed")
    assert sent == {
        "featuresCols": ["a", "b"],
        "crop": [4, 4],
        "mean": [7.0],
        "epochs": 2.0,
        "weights": os.path.abspath("w.caffemodel"),
        "checkpoint": "s3a://bucket/c",
    }
    assert made._java_obj == "sparknet.ml.CaffeClassifier"
    assert made.setTau(3).getTau() == 3


@pytest.mark.unit
def test_arguments_that_are_wrong(connected: None) -> None:
    with pytest.raises(errors.ArgumentError, match="no parameter 'learning'"):
        CaffeClassifier(NET, learning=1)  # type: ignore[call-arg]
    with pytest.raises(errors.ArgumentError, match=r"learning_rate: .*float"):
        CaffeClassifier(NET, learning_rate="fast")  # type: ignore[arg-type]
    with pytest.raises(errors.ArgumentError, match=r"^net: <text>:1:1 : .*named .layered"):
        CaffeClassifier("layered { }")


@pytest.mark.unit
def test_what_a_server_has_loaded(connected: None) -> None:
    model = CaffeClassificationModel("id of the server's")
    model._set(labels=["cat", "dog"], loss="SoftmaxWithLoss", predictionCol="said")
    assert model.labels == ["cat", "dog"]
    assert model.getLoss() == "SoftmaxWithLoss"
    assert {param.name for param in model.extractParamMap()} == {"loss", "predictionCol"}


@pytest.mark.unit
def test_what_needs_a_classic_session(connected: None) -> None:
    model = CaffeClassificationModel("id of the server's")
    told = (
        " needs a session in the driver, of sparknet.session(), pyspark or spark-submit: this one"
        " is Spark Connect's, which fits, transforms, saves and loads"
    )
    uses = {
        "evaluate": lambda: model.evaluate(None),  # type: ignore[arg-type]
        "summary": lambda: model.summary,
        "has_summary": lambda: model.has_summary,
        "weights_report": lambda: model.weights_report,
        "num_classes": lambda: model.num_classes,
        "labels of a model that was not loaded": lambda: model.labels,
        "num_outputs": lambda: CaffeRegressionModel("id").num_outputs,
        "featurizer": lambda: model.featurizer(["ip"]),
        "save_caffe": lambda: model.save_caffe("folder"),
        "load_caffe": lambda: CaffeClassificationModel.load_caffe(NET, "w.caffemodel"),
    }
    for what, use in uses.items():
        with pytest.raises(errors.SetupError) as raised:
            use()
        assert str(raised.value) == what + told


@pytest.mark.unit
def test_spark_whose_servers_run_no_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_CONNECT_MODE_ENABLED", "1")
    monkeypatch.delattr(util, "try_remote_fit", raising=False)
    for use in (lambda: CaffeClassifier(NET), lambda: CaffeClassificationModel.load("folder")):
        with pytest.raises(errors.SetupError, match=r"^this session is Spark Connect's, whose dri"):
            use()
