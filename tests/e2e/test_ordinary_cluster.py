"""A whole job as guarded clusters run it: Kryo as the serialiser of data, authentication, and
encryption of what goes over the network and to local disks."""

from __future__ import annotations

from pathlib import Path

import pytest
from crews import large
from processes import python

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# Everything that travels: data dealt out over a shuffle and kept serialised, weights, results,
# momentum, and encoded images that become bytes on the worker.
JOB = """
import io, sys, tarfile
from pathlib import Path
import numpy as np
import sparknet
from sparknet import data, spec
from PIL import Image
from sklearn.datasets import load_digits

folder = Path(sys.argv[1])
images, labels = load_digits(return_X_y=True)
images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
config = {
    "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
    "spark.authenticate": "true",
    "spark.authenticate.secret": "of this test",
    "spark.network.crypto.enabled": "true",
    "spark.io.encryption.enabled": "true",
}
spark = sparknet.session(2, config=config)
assert set(config.items()) <= set(spark.sparkContext.getConf().getAll())
train = data.from_numpy(images[300:], labels[300:], 5).persist("MEMORY_AND_DISK_SER")
test = data.from_numpy((images[:300] * 16).astype(np.uint8), labels[:300], 3)
test = test.persist("DISK_ONLY")
solver = "examples/digits/digits_lenet_solver.prototxt"
with sparknet.Trainer(solver, train, workers=2, seed=1) as trainer:
    trainer.fit(8, tau=20, progress=False)
    _, state = trainer.snapshot(folder / "digits")
with sparknet.Trainer(solver, train, test, scale=1, workers=2, seed=1) as trainer:
    trainer.restore(state)
    trainer.fit(2, tau=20, progress=False)
    assert trainer.iteration == 200
with sparknet.Trainer(solver, test, test, scale=1 / 16, workers=2) as trainer:
    trainer.restore(folder / "digits_iter_160.caffemodel")
    print("accuracy", trainer.test()["accuracy"], flush=True)

lines = []
with tarfile.open(folder / "images.tar", "w") as tar:
    for number in range(40):
        content = io.BytesIO()
        shade = np.full((8, 8, 3), 250 if number % 2 else 5, np.uint8)
        Image.fromarray(shade).save(content, "JPEG")
        entry = tarfile.TarInfo(f"{number}.jpg")
        entry.size = len(content.getvalue())
        tar.addfile(entry, io.BytesIO(content.getvalue()))
        lines.append(f"{number}.jpg {number % 2}")
(folder / "labels.txt").write_text("\\n".join(lines))
packed = data.images(str(folder / "images.tar"), str(folder / "labels.txt"), height=8, width=8)
packed = packed.persist("MEMORY_AND_DISK_SER")
net = '''
  layer { name: "data" type: "JavaData" top: "data"
    java_data_param { shape { dim: 4 dim: 3 dim: 8 dim: 8 } } }
  layer { name: "label" type: "JavaData" top: "label" java_data_param { shape { dim: 4 dim: 1 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
    inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
'''
small = "base_lr: 0.1 lr_policy: 'fixed' net_param {" + net + "}"
with sparknet.Trainer(small, packed, workers=2, scale=1 / 256, seed=1) as trainer:
    losses = trainer.fit(11, tau=5, progress=False).rounds.loss
    first, last = losses.iloc[0], losses.iloc[-1]
    print("losses", first, last, flush=True)
spark.stop()
"""


def test_training_from_python(jar: Path, tmp_path: Path) -> None:
    with python(jar, tmp_path, JOB, tmp_path) as program:
        assert program.wait() == 0
        told = dict(line.split(" ", 1) for line in program.out.splitlines())
    assert float(told["accuracy"]) > 0.9
    first, last = map(float, told["losses"].split())
    assert last < first / 2


# Vectors of 3 MB, of which storage memory has room for less than one.
ON_DISK = (
    large(600)
    + """
import sys
from pathlib import Path

found = []
guarded = {
    "spark.authenticate": "true",
    "spark.authenticate.secret": "of this test",
    "spark.network.crypto.enabled": "true",
    "spark.io.encryption.enabled": "true",
    "spark.memory.fraction": "0.003",
}
for config in (guarded, {}):
    spark = sparknet.session(2, config=config)
    images = np.random.default_rng(1).random((12, 600), np.float32)
    train = data.from_numpy(images, np.arange(12), 3)
    with sparknet.Trainer(solver, train, workers=3, seed=1) as trainer:
        trainer.fit(3, tau=2, progress=False)
        _, state = trainer.snapshot(Path(sys.argv[1]) / f"large{len(found)}")
        trainer.restore(state)
        trainer.fit(1, tau=2, progress=False)
        found.append(trainer.weights)
    spark.stop()
same = [np.array_equal(*both) for name in "ab" for both in zip(found[0][name], found[1][name])]
print("same", same, np.abs(found[0]["b"][1]).max() > 0, flush=True)
"""
)


def test_weights_on_encrypted_disks(jar: Path, tmp_path: Path) -> None:
    with python(jar, tmp_path, ON_DISK, tmp_path) as program:
        assert program.wait() == 0
        assert program.out == f"same {[True] * 4} True\n"


# One worker in an executor of two cores, of which Spark counts one for its task.
ALONE = """
import numpy as np
import sparknet
from sparknet import data

spark = sparknet.session(1, master="local-cluster[1,2,1024]")
train = data.from_numpy(np.zeros((64, 1, 8, 8), np.float32), np.zeros(64), 1)
solver = "examples/digits/digits_lenet_solver.prototxt"
with sparknet.Trainer(solver, train, workers=1) as trainer:
    trainer.fit(3, tau=1, progress=False)
with sparknet.Trainer(solver, train, workers=1, threads=1) as trainer:
    trainer.fit(1, tau=1, progress=False)
spark.stop()
"""


def test_a_worker_uses_the_cores_of_its_executor(jar: Path, tmp_path: Path) -> None:
    with python(jar, tmp_path, ALONE) as program:
        assert program.wait() == 0
        told = [line for line in program.err.splitlines() if "threads of each net" in line]
    assert told == [
        f"SparkNet: workers: 1, executors that train: 1, threads of each net: {threads}"
        for threads in (2, 1)
    ]
