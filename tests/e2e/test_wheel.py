"""``pip install ./python``: a package with the jar inside, which needs nothing else of ours."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from processes import ROOT, running

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

USE = """
import sys
sys.path.insert(0, sys.argv[1])
from sparknet import jar, models, version
from sparknet.local import Net
print("jar", jar.find())
print("version", version.own())
with open("net.prototxt", "w") as net:
    net.write(models.prototxt("examples/mnist/lenet.prototxt"))
print("outputs", Net("net.prototxt").forward().keys())
"""

# In a session that the program made before it knew of SparkNet, but for one setting.
TRAIN = """
import sys
sys.path.insert(0, sys.argv[1])
from pyspark.sql import SparkSession
from sparknet import jar
from sparknet.ml import CaffeClassifier
from sklearn.datasets import load_digits

builder = SparkSession.builder.master("local-cluster[2,1,1024]")
spark = builder.config("spark.jars", str(jar.find())).getOrCreate()
rows = [(image.tolist(), float(label)) for image, label in zip(*load_digits(return_X_y=True))]
frame = spark.createDataFrame(rows, "features array<double>, label double")
net = '''
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
'''
model = CaffeClassifier(net, epochs=10, learning_rate=0.01, scale=1 / 16, seed=1).fit(frame)
print("accuracy", model.evaluate(frame)["accuracy"])
spark.stop()
"""


def test_the_wheel_is_all_that_a_program_needs(jar: Path, tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT / "python"]
    with running(build, tmp_path) as program:
        assert program.wait() == 0
    (wheel,) = tmp_path.glob("sparknet-*.whl")
    site = tmp_path / "site"
    with running([*pip, "install", "--no-deps", "--target", site, wheel], tmp_path) as program:
        assert program.wait() == 0
    script = tmp_path / "use.py"
    script.write_text(USE)
    with running([sys.executable, "-I", script, site], tmp_path) as program:
        assert program.wait() == 0
        out = program.out
    (found,) = (site / "sparknet" / "jars").glob("*.jar")
    assert f"jar {found}" in out
    assert f"version {found.stem.rsplit('-', 1)[1]}" in out
    assert "outputs dict_keys(['prob'])" in out
    script.write_text(TRAIN)
    python = {"PYSPARK_PYTHON": sys.executable}
    with running([sys.executable, "-I", script, site], tmp_path, **python) as program:
        assert program.wait() == 0
        assert float(program.out.split("accuracy")[1]) > 0.8
    # What editors and type checkers know the package by.
    for typed in ("py.typed", "proto/caffe_pb2.pyi", "proto/layer_calls.pyi"):
        assert (site / "sparknet" / typed).is_file(), typed
