"""Estimators and models of a program that has no driver: Spark Connect's server runs them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pyspark
import pytest
from processes import python

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.xdist_group("connect"),  # Servers listen at one port.
    pytest.mark.skipif(
        int(pyspark.__version__.split(".")[0]) < 4, reason="servers run operators since Spark 4"
    ),
    pytest.mark.skipif(
        importlib.util.find_spec("grpc_status") is None,
        reason="what Spark Connect needs is not here: pip install 'pyspark[connect]'",
    ),
]

# The server has two executors; this program sees none of its JVMs.
PROGRAM = """
import sys
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.evaluation import MulticlassClassificationEvaluator
from pyspark.sql import SparkSession
from sklearn.datasets import load_digits
from sparknet.ml import CaffeClassificationModel, CaffeClassifier, CaffeFeaturizer

builder = SparkSession.builder.remote("local-cluster[2,1,1024]")
spark = builder.config("spark.jars", sys.argv[1]).getOrCreate()
assert type(spark).__module__ == "pyspark.sql.connect.session"
digits = zip(*load_digits(return_X_y=True))
rows = [(image.tolist(), float(label)) for image, label in digits]
frame = spark.createDataFrame(rows, "features array<double>, label double")
net = '''
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
'''
judge = MulticlassClassificationEvaluator(metricName="accuracy")

def right(model):
    return judge.evaluate(model.transform(frame))

classifier = CaffeClassifier(net, epochs=10, learning_rate=0.01, scale=1 / 16, seed=1)
model = classifier.fit(frame)
print("fitted", right(model))
model.save("model")
print("loaded", right(CaffeClassificationModel.load("model")))
classifier.save("estimator")
print("estimator", CaffeClassifier.load("estimator").getEpochs())
Pipeline(stages=[classifier]).fit(frame).save("pipeline")
print("pipeline", right(PipelineModel.load("pipeline")))
files = ("model/net/deploy.prototxt", "model/net/weights.caffemodel")
features = CaffeFeaturizer(*files, ["ip"], scale=1 / 16).transform(frame).select("ip").first()
print("features", len(features["ip"]))

for name, mistake in {
    "bad net": lambda: CaffeClassifier(net.replace("InnerProduct", "None")).fit(frame),
    "no column": lambda: CaffeClassifier(net, features_col="pixels").fit(frame),
    "classic": lambda: model.evaluate(frame),
}.items():
    try:
        mistake()
    except Exception as error:
        print(f"{name}: {type(error).__name__}: {error}")
"""


def test_a_program_of_spark_connect(jar: Path, tmp_path: Path) -> None:
    with python(jar, tmp_path, PROGRAM, jar) as program:
        assert program.wait() == 0
        out = program.out
    told = dict(line.split(" ", 1) for line in out.splitlines() if line.count(" ") == 1)
    accuracy = float(told["fitted"])
    assert accuracy > 0.8
    # The same weights, wherever they have been.
    assert float(told["loaded"]) == accuracy
    assert float(told["pipeline"]) > 0.8
    assert told["estimator"] == "10.0"
    assert told["features"] == "10"
    assert "bad net: SparkNetError: layer 'ip': unknown layer type 'None' (known types: " in out
    assert "no column: SparkNetError: there is no column 'pixels'; there are features, label" in out
    assert "classic: SetupError: evaluate needs a session in the driver, of " in out


def test_a_server_without_sparknet(jar: Path, tmp_path: Path) -> None:
    source = PROGRAM[: PROGRAM.index("print(")].replace('"spark.jars", sys.argv[1]', '"a.b", "c"')
    with python(jar, tmp_path, source) as program:
        assert program.wait() != 0
        last = program.err.rstrip().splitlines()[-1]
    assert last.startswith(
        "sparknet.errors.SetupError: the server of this Spark Connect session has no SparkNet"
    )
