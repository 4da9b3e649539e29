"""Snapshots on S3: a server on loopback, two executor JVMs, and a driver that goes on from them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import ROOT, running
from s3_server import S3Server, s3_server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SCRIPT = """
import sys
import numpy as np
import sparknet
from sparknet import data, errors
from sklearn.datasets import load_digits

images, labels = load_digits(return_X_y=True)
images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
settings = dict(option.split("=", 1) for option in sys.argv[1:])
spark = sparknet.session(2, s3=True, config=settings)
train = data.from_numpy(images, labels, 2)
solver = "examples/digits/digits_lenet_solver.prototxt"

def trainer():
    return sparknet.Trainer(solver, train, workers=2, seed=1)

with trainer() as first, trainer() as second:
    try:
        first.fit(1, snapshot_prefix="s3a://no-such-bucket/net", progress=False)
    except errors.FileError as error:
        print("REFUSED", first.iteration, error, flush=True)
    first.fit(2, tau=3, snapshot_every=1, snapshot_prefix="s3a://kept/run/net", progress=False)
    print("KEPT", *first.snapshots, flush=True)
    second.restore(first.snapshots[1])
    ours, theirs = first.weights, second.weights
    same = all(np.array_equal(a, b) for name in ours for a, b in zip(ours[name], theirs[name]))
    print("SAME", same, second.iteration, flush=True)
    second.restore("s3a://kept/run/net_iter_3.caffemodel")
    other = second.weights
    print("OTHER", any(not np.array_equal(a, other[n][0]) for n, (a, *_) in ours.items()))
    try:
        second.restore("s3a://kept/run/net_iter_9.solverstate")
    except errors.FileError as error:
        print("MISSING", error, flush=True)
spark.stop()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[S3Server]:
    with s3_server(tmp_path) as started:
        started.client().create_bucket(Bucket="kept")
        yield started


def test_snapshots_on_s3(jar: Path, server: S3Server, tmp_path: Path) -> None:
    script = tmp_path / "snapshots.py"
    script.write_text(SCRIPT)
    settings = [option.removeprefix("--conf=") for option in server.options]
    variables = {"SPARKNET_JAR": str(jar), "PYTHONPATH": str(ROOT / "python")}
    command = [sys.executable, script, *settings]
    with running(command, tmp_path, **variables, **server.credentials) as program:
        assert program.wait() == 0
        told = dict(line.split(" ", 1) for line in program.out.splitlines())
    place = "s3a://kept/run/net_iter_"
    where = "snapshots cannot be written to 's3a://no-such-bucket/net': there is no such bucket"
    assert told["REFUSED"].startswith(f"0 {where}")
    assert told["KEPT"] == f"{place}6.caffemodel {place}6.solverstate"
    assert told["SAME"] == "True 6"
    assert told["OTHER"] == "True"
    assert told["MISSING"].startswith(f"{place}9.solverstate: there is no such file or folder")
    listed = server.client().list_objects_v2(Bucket="kept")["Contents"]
    pairs = [f"run/net_iter_{n}.{kind}" for n in (3, 6) for kind in ("caffemodel", "solverstate")]
    assert [entry["Key"] for entry in listed if not entry["Key"].endswith("/")] == pairs
