"""A job on Spark's own master and worker processes, as clusters without YARN have them."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pyspark
import pytest
from processes import EXECUTOR, ROOT, Program, python, python_path, running

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SPARK_CLASS = Path(pyspark.__path__[0]) / "bin/spark-class"
DEPLOY = "org.apache.spark.deploy"


# Spark, and so SparkNet, takes them for two machines: weights travel over the network.
MACHINES = ("127.0.0.1", "127.0.0.2")


@contextlib.contextmanager
def cluster(folder: Path, *machines: str, **variables: str) -> Iterator[tuple[str, list[Program]]]:
    """The URL of a master, and its workers of one core, one at each address. variables: of the
    environment of them all."""
    work = str(folder / "work")
    local = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_WORKER_DIR": work, **variables}
    command = [SPARK_CLASS, f"{DEPLOY}.master.Master", "--host", "127.0.0.1", "--port", "0"]
    with contextlib.ExitStack() as stack:
        master = stack.enter_context(running([*command, "--webui-port", "0"], folder, **local))
        started = re.compile(r"Starting Spark master at (spark://\S+)")
        master.until(lambda: started.search(master.text) is not None, "master")
        match = started.search(master.text)
        assert match is not None
        options = ["--cores", "1", "--memory", "1g", "--webui-port", "0", match[1]]
        command = [SPARK_CLASS, f"{DEPLOY}.worker.Worker", *options]
        programs = []
        for machine in machines:
            program = running([*command, "--host", machine], folder, **local)
            programs.append(stack.enter_context(program))
        for program in programs:
            program.until(lambda program=program: "registered with" in program.text, "worker")
        yield match[1], programs


# Executors are asked for by nobody: they are all that the master gives.
JOB = """
import sys
import numpy as np
import sparknet
from sparknet import data
from sklearn.datasets import load_digits

images, labels = load_digits(return_X_y=True)
images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
spark = sparknet.session(2, master=sys.argv[1])
train = data.from_numpy(images[300:], labels[300:], int(sys.argv[2]))
test = data.from_numpy(images[:300], labels[:300], 2)
solver = "examples/digits/digits_lenet_solver.prototxt"
with sparknet.Trainer(solver, train, test, workers=2, seed=1) as trainer:
    for number in range(int(sys.argv[3])):
        trainer.broadcast()
        done = trainer.train(20)
        trainer.average()
        print("round", number, done.workers, done.images, flush=True)
    print("accuracy", trainer.test()["accuracy"], flush=True)
spark.stop()
"""


def images(program: Program) -> list[int]:
    """Of each round."""
    return [int(count) for count in re.findall(r"^round \d+ \d+ (\d+)$", program.out, re.MULTILINE)]


def test_a_job_and_an_executor_that_dies(jar: Path, tmp_path: Path) -> None:
    with (
        cluster(tmp_path, *MACHINES) as (url, workers),
        python(jar, tmp_path, JOB, url, "5", "60") as program,
    ):
        program.until(lambda: len(images(program)) >= 3, "rounds")

        def executors() -> list[int]:
            return [pid for worker in workers for pid in worker.descendants(EXECUTOR)]

        program.until(lambda: len(executors()) == 2, "two executors")
        os.kill(executors()[0], signal.SIGKILL)
        assert program.wait() == 0
        done = images(program)
        accuracy = float(program.out.split("accuracy")[1])
    assert len(done) == 60
    # What the lost one did in its last round is missing, and nothing else.
    assert sorted(set(done)) in ([1280], [640, 1280])
    assert done.count(640) <= 1
    assert accuracy > 0.9


# Enough weights to go in pieces, each computed by one host and fetched by the other.
WEIGHTS = (
    """
import hashlib
import sys
import numpy as np
import sparknet
from sparknet import data

random = np.random.default_rng(1)
items = random.random((64, 64), np.float32)
spark = sparknet.session(2, master=sys.argv[1])
train = data.from_numpy(items, random.integers(0, 10, 64), 2)
layers = """
    + repr(
        """
    layer { name: "data" type: "JavaData" top: "data"
            java_data_param { shape { dim: 8 dim: 64 } } }
    layer { name: "label" type: "JavaData" top: "label"
            java_data_param { shape { dim: 8 dim: 1 } } }
    layer { name: "a" type: "InnerProduct" bottom: "data" top: "a"
            inner_product_param { num_output: 6000 weight_filler { type: "xavier" } } }
    layer { name: "b" type: "InnerProduct" bottom: "a" top: "b"
            inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "b" bottom: "label" top: "loss" }
    """
    )
    + """
solver = "base_lr: 0.1 lr_policy: 'fixed' momentum: 0.9 net_param {" + layers + "}"
for precision in ("fp32", "bf16"):
    with sparknet.Trainer(solver, train, workers=2, seed=1, wire_precision=precision) as trainer:
        trainer.fit(3, tau=2, progress=False)
        for layer, blobs in sorted(trainer.weights.items()):
            for blob in blobs:
                print(precision, layer, hashlib.sha256(blob.tobytes()).hexdigest(), flush=True)
spark.stop()
"""
)


def test_weights_are_the_same_over_the_network_and_in_memory(jar: Path, tmp_path: Path) -> None:
    def trained(master: str) -> list[str]:
        with python(jar, tmp_path, WEIGHTS, master) as program:
            assert program.wait() == 0
            return program.out.splitlines()

    with cluster(tmp_path, *MACHINES) as (url, _):
        over_the_network = trained(url)
    assert len(over_the_network) == 8  # two layers of two blobs, in both precisions
    assert over_the_network[:4] != over_the_network[4:]
    assert trained("local-cluster[2,1,1024]") == over_the_network


SECRET = "spark.authenticate.secret 0123456789abcdef"


def recipe(folder: Path, *added: str) -> dict[str, str]:
    """The environment of a cluster with the settings of clusters/standalone, and more lines."""
    conf = folder / "conf"
    shutil.copytree(ROOT / "clusters/standalone/conf", conf)
    with open(conf / "spark-defaults.conf", "a") as file:
        file.writelines(f"{line}\n" for line in added)
    return {"SPARK_CONF_DIR": str(conf)}


def test_the_recipe_trains_with_authentication(jar: Path, tmp_path: Path) -> None:
    variables = recipe(tmp_path, SECRET)
    digits = [ROOT / "python/apps/digits.py", "--", "--rounds", "10", "--out", tmp_path / "out"]
    small = ["--workers", "2", "--cores", "1", "--memory", "1g"]
    own = {"SPARKNET_JAR": str(jar), "PYTHONPATH": python_path(ROOT / "python")}
    with cluster(tmp_path, *MACHINES, **variables) as (url, workers):
        command = [ROOT / "clusters/standalone/submit", "--master", url, *small, *digits]
        with running(command, tmp_path, **own, **variables) as program:
            seen: set[int] = set()

            def authenticated() -> bool:
                for pid in (pid for worker in workers for pid in worker.descendants(EXECUTOR)):
                    with contextlib.suppress(OSError):
                        if b"_SPARK_AUTH_SECRET=" in Path(f"/proc/{pid}/environ").read_bytes():
                            seen.add(pid)
                return len(seen) == 2

            program.until(authenticated, "two executors that know a secret")
            assert program.wait() == 0
            accuracy = re.search(r"^test accuracy +([\d.]+)%$", program.out, re.MULTILINE)
    assert accuracy
    assert float(accuracy[1]) > 80  # Of ten digits; 100 steps.


def test_the_recipe_keeps_those_out_who_have_no_secret(tmp_path: Path) -> None:
    for folder in ("with", "without"):
        (tmp_path / folder).mkdir()
    variables = recipe(tmp_path / "with", SECRET)
    with cluster(tmp_path / "with", **variables) as (url, _):
        command = [SPARK_CLASS, f"{DEPLOY}.worker.Worker", "--host", MACHINES[0], url]
        folder = tmp_path / "without"
        local = {"SPARK_LOCAL_IP": MACHINES[0], "SPARK_WORKER_DIR": str(folder / "work")}
        with running([*command, "--webui-port", "0"], folder, **local, **recipe(folder)) as worker:
            worker.until(lambda: "Failed to connect to master" in worker.text, "a refusal", 120)
            assert "spark.authenticate.secret" in worker.text
            assert "registered with" not in worker.text
