"""A job on Spark's own master and worker processes, as clusters without YARN have them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pyspark
import pytest
from processes import EXECUTOR, Program, python, running

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SPARK_CLASS = Path(pyspark.__path__[0]) / "bin/spark-class"
DEPLOY = "org.apache.spark.deploy"


@contextlib.contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[Program]]]:
    """The URL of a master, and its workers of one core."""
    local = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_WORKER_DIR": str(folder / "work")}
    command = [SPARK_CLASS, f"{DEPLOY}.master.Master", "--host", "127.0.0.1", "--port", "0"]
    with contextlib.ExitStack() as stack:
        master = stack.enter_context(running([*command, "--webui-port", "0"], folder, **local))
        started = re.compile(r"Starting Spark master at (spark://\S+)")
        master.until(lambda: started.search(master.text) is not None, "master")
        match = started.search(master.text)
        assert match is not None
        options = ["--cores", "1", "--memory", "1g", "--webui-port", "0", match[1]]
        command = [SPARK_CLASS, f"{DEPLOY}.worker.Worker", *options]
        programs = [stack.enter_context(running(command, folder, **local)) for _ in range(workers)]
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
        cluster(tmp_path, 2) as (url, workers),
        python(jar, tmp_path, JOB, url, "5", "60") as program,
    ):
        program.until(lambda: len(images(program)) >= 3, "rounds")
        executors = [pid for worker in workers for pid in worker.descendants(EXECUTOR)]
        assert len(executors) == 2
        os.kill(executors[0], signal.SIGKILL)
        assert program.wait() == 0
        done = images(program)
        accuracy = float(program.out.split("accuracy")[1])
    assert len(done) == 60
    # What the lost one did in its last round is missing, and nothing else.
    assert sorted(set(done)) in ([1280], [640, 1280])
    assert done.count(640) <= 1
    assert accuracy > 0.9
