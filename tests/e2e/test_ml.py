"""Stages of Spark ML on two executors: trained, searched, saved, and loaded by another program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from processes import running, submit

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

COMMON = """
import json, sys
import numpy as np
import sparknet
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.evaluation import MulticlassClassificationEvaluator
from pyspark.ml.feature import IndexToString, StringIndexer
from pyspark.ml.linalg import Vectors
from pyspark.ml.tuning import CrossValidator, ParamGridBuilder
from pyspark.sql import functions as F
from sklearn.datasets import load_digits
from sparknet import data
from sparknet.ml import CaffeClassifier, CaffeClassificationModel

folder = sys.argv[1]
spark = sparknet.session()
images, labels = load_digits(return_X_y=True)
rows = [
    (i, Vectors.dense(image / 16), f"digit {label}", int(label))
    for i, (image, label) in enumerate(zip(images, labels))
]
frame = spark.createDataFrame(rows, ["id", "features", "name", "label"]).repartition(7).cache()
held = np.arange(len(images)) % 5 == 0
train, test = frame.where("id % 5 != 0"), frame.where("id % 5 = 0")


def predictions(scored):
    return {row["id"]: row["prediction"] for row in scored.select("id", "prediction").collect()}
"""

TRAIN = (
    COMMON
    + '''
from sklearn.neural_network import MLPClassifier

net = """
layer { name: "ip1" type: "InnerProduct" bottom: "data" top: "ip1"
  inner_product_param { num_output: 64 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }"""
said = {}
mlp = CaffeClassifier(net, epochs=40, learning_rate=0.1, seed=1, tau=5)
model = mlp.fit(train)
said["accuracy"] = model.evaluate(test)["accuracy"]
peer = MLPClassifier((64,), max_iter=300, random_state=0).fit(images[~held] / 16, labels[~held])
said["peer"] = peer.score(images[held] / 16, labels[held])
said["workers"] = model.summary.agg(F.max("workers")).first()[0]

third = F.when(F.col("id") == 1, None).otherwise(F.col("id") % 3 == 0)
skipping = mlp.copy().setEpochs(2).setValidationIndicatorCol("third").setHandleInvalid("skip")
watched = skipping.fit(train.withColumn("third", third))
said["watched"] = watched.summary.where("validationLoss is not null").count()

inputs = """
layer { name: "items" type: "Input" top: "data" top: "label" input_param {
  shape { dim: 32 dim: 64 } shape { dim: 32 dim: 1 } } }"""
loss = """
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }"""
items = data.from_numpy(images[~held] / 16, labels[~held])
with sparknet.Trainer(net=inputs + net + loss, train=items, learning_rate=0.1, seed=1) as trainer:
    trainer.fit(epochs=10, tau=5, progress=False)
    asked = trainer.predict(images[held] / 16)
    rows = predictions(trainer.predict(test))
said["asked"] = float((asked == labels[held]).mean())
said["asked twice"] = [rows[5 * i] == one for i, one in enumerate(asked.tolist())]

number = StringIndexer(inputCol="name", outputCol="as_number")
named = CaffeClassifier(net, label_col="as_number", epochs=8, seed=1, tau=5)
back = IndexToString(inputCol="prediction", outputCol="said")
search = CrossValidator(
    estimator=Pipeline(stages=[number, named, back]),
    estimatorParamMaps=ParamGridBuilder().addGrid(named.learningRate, [1e-6, 0.1]).build(),
    evaluator=MulticlassClassificationEvaluator(labelCol="as_number", metricName="accuracy"),
    numFolds=2,
    parallelism=2,
)
found = search.fit(train)
said["grid"] = found.avgMetrics
found.bestModel.save(f"{folder}/pipeline")
scored = found.bestModel.transform(test)
said["right"] = scored.where("name = said").count() / test.count()
said["predictions"] = predictions(scored)

files = spark.read.format("binaryFile").load(f"{folder}/photos/*/*.jpg")
photos = files.withColumn("kind", F.element_at(F.split("path", "/"), -2))
pixels = """
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param {
  num_output: 2 } }"""
looks = CaffeClassifier(
    pixels, features_col="content", label_col="kind", image_size=8, scale=1 / 256, epochs=20, seed=1
)
seen = looks.fit(photos)
probable = seen.transform(photos).select("kind", "prediction", "probability").collect()
said["photos"] = [
    (row["kind"], seen.labels[int(row["prediction"])], max(row["probability"])) for row in probable
]
paths = seen.copy().setFeaturesCol("path")
said["by path"] = paths.transform(photos.select("path", "kind")).where("prediction >= 0").count()
print("said " + json.dumps(said), flush=True)
spark.stop()
'''
)

LOAD = (
    COMMON
    + """
loaded = PipelineModel.load(f"{folder}/pipeline")
local = loaded.stages[1].to_local(f"{folder}/local")
first = test.orderBy("id").first()
blobs = local.forward(data=first["features"].toArray().astype(np.float32).reshape(1, 64))
said = {
    "predictions": predictions(loaded.transform(test)),
    "first": int(first["id"]),
    "local": int(np.argmax(blobs["probability_of_item"])),
}
print("said " + json.dumps(said), flush=True)
spark.stop()
"""
)


def said(jar: Path, folder: Path, name: str, program: str) -> dict[str, Any]:
    script = folder / f"{name}.py"
    script.write_text(program)
    kryo = ["--conf", "spark.serializer=org.apache.spark.serializer.KryoSerializer"]
    command = submit(jar, *kryo, script, folder)
    with running(command, folder, SPARKNET_JAR=str(jar)) as started:
        assert started.wait() == 0
        (line,) = (line for line in started.out.splitlines() if line.startswith("said "))
    found: dict[str, Any] = json.loads(line.removeprefix("said "))
    return found


def test_stages_on_two_executors(jar: Path, tmp_path: Path) -> None:
    for number in range(40):
        kind = ("red", "blue")[number % 2]
        folder = tmp_path / "photos" / kind
        folder.mkdir(parents=True, exist_ok=True)
        colour = (200 + number, 20, 30) if kind == "red" else (20, 30, 200 + number)
        Image.new("RGB", (20 + number, 30), colour).save(folder / f"{number}.jpg")
    trained = said(jar, tmp_path, "train", TRAIN)
    # As good as scikit-learn's with the same layers; 360 rows tell one per cent apart, and no less.
    assert trained["accuracy"] > trained["peer"] - 0.01
    assert trained["peer"] > 0.95
    assert trained["workers"] == 2
    assert trained["watched"] > 0
    assert trained["asked"] > 0.9
    assert len(trained["asked twice"]) == 360
    assert all(trained["asked twice"])
    assert trained["grid"][0] < 0.5 < trained["grid"][1]
    assert trained["right"] > 0.85
    assert len(trained["photos"]) == 40
    assert all(kind == found and likely > 0.8 for kind, found, likely in trained["photos"])
    assert trained["by path"] == 40
    again = said(jar, tmp_path, "load", LOAD)
    assert again["predictions"] == trained["predictions"]
    assert again["local"] == again["predictions"][str(again["first"])]
