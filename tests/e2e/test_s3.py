"""Image tars on S3: a server on loopback, two executor JVMs, the jar and S3A's."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import Program, python, running, submit
from s3_server import S3Server, s3_server

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.xdist_group("s3")]

TARS = 7
IMAGES = 6

# A job per line of standard input's place, the arguments: [bucket, data, labels, parts].
READ = """
import json, sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
jvm, sc = spark._jvm, spark.sparkContext._jsc.sc()
for text in sys.argv[1:]:
    bucket, data, labels, parts = json.loads(text)
    try:
        loader = jvm.loaders.ImageNetLoader(bucket)
        rdd = loader.apply(sc, data, labels, jvm.scala.Option.apply(parts))
        images = [(bytes(pair._1()).decode(), pair._2()) for pair in rdd.collect()]
        result = {"partitions": rdd.getNumPartitions(), "images": images}
    except Exception as error:
        cause = getattr(error, "java_exception", None)
        result = {"error": cause.toString() if cause is not None else repr(error)}
    print("RESULT " + json.dumps(result), flush=True)
"""


def name(tar: int, image: int) -> str:
    return f"n{tar:08d}_{image}.JPEG"


def content(tar: int, image: int) -> bytes:
    return f"image {image} of tar {tar}".encode()


def make_tar(tar: int) -> bytes:
    """Images below a folder, one without a label, one of no bytes."""
    stream = io.BytesIO()
    files = [(name(tar, i), content(tar, i)) for i in range(IMAGES)]
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for entry, data in [*files, ("stray.JPEG", b"x"), (name(tar, 99), b"")]:
            info = tarfile.TarInfo(f"train/{entry}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as running_server:
        client = running_server.client()
        client.create_bucket(Bucket="images")
        for tar in range(TARS):
            key = f"set/train.{tar:03d}.tar"
            client.put_object(Bucket="images", Key=key, Body=make_tar(tar))
        client.put_object(Bucket="images", Key="set/_SUCCESS", Body=b"")
        known = [(t, i) for t in range(TARS) for i in [*range(IMAGES), 99]]
        lines = [f"train/{name(t, i)} {t}\n" for t, i in known]
        client.put_object(Bucket="images", Key="train.txt", Body="".join(lines).encode())
        yield running_server


def script(folder: Path) -> Path:
    path = folder / "read.py"
    path.write_text(READ)
    return path


def results(program: Program) -> list[dict[str, Any]]:
    assert program.wait() == 0
    lines = [line for line in program.out.splitlines() if line.startswith("RESULT ")]
    return [json.loads(line[len("RESULT ") :]) for line in lines]


def test_tars_are_listed_in_pages_and_read_on_executors(
    jar: Path, server: S3Server, tmp_path: Path
) -> None:
    conf = ["--conf=spark.hadoop.fs.s3a.paging.maximum=3", "--conf=spark.sparknet.maxBadShare=0.5"]
    jobs = [
        ["images", "set/", "train.txt", None],
        ["s3a://images/set", "train.00", "s3a://images/train.txt", 2],
        ["images", "nothing/", "train.txt", None],
        ["images", "set/", "none.txt", None],
        ["no-such-bucket", "set/", "train.txt", None],
    ]
    command = submit(jar, *server.options, *conf, script(tmp_path), *map(json.dumps, jobs), s3=True)
    with running(command, tmp_path, **server.credentials) as program:
        whole, dealt, no_data, no_labels, no_bucket = results(program)
        err = program.err
    expected = [[content(t, i).decode(), t] for t in range(TARS) for i in range(IMAGES)]
    assert whole == {"partitions": TARS, "images": expected}
    assert dealt == {"partitions": 2, "images": expected}
    pages = [r for r in server.requests if "list-type=2" in r and "continuation-token" in r]
    assert len(pages) >= 2
    report = f"ImageNetLoader: 14 of {TARS * (IMAGES + 2)} records left out: 7 empty file ("
    assert report in err
    assert "7 no label (stray.JPEG" in err
    # One Spark line for a user's mistake, with the URI and the reason.
    for failed, uri, why in [
        (no_data, "s3a://images/nothing/", "there is no such file or folder"),
        (no_labels, "s3a://images/none.txt", "there is no such file or folder"),
        (no_bucket, "s3a://no-such-bucket/set/", "there is no such bucket"),
    ]:
        assert failed["error"].startswith(f"sparknet.jna.CaffeException (IO): {uri}: {why}")


def test_without_credentials(jar: Path, server: S3Server, tmp_path: Path) -> None:
    job = json.dumps(["images", "set/", "train.txt", None])
    command = submit(jar, *server.options, script(tmp_path), job, workers=1, s3=True)
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(tmp_path)}
    with running(command, tmp_path, **nowhere) as program:
        (failed,) = results(program)
    assert "s3a://images/set/: no credentials for S3" in failed["error"]


def test_with_wrong_credentials(jar: Path, tmp_path: Path) -> None:
    # moto checks who asks once so many requests have been answered.
    with s3_server(tmp_path, INITIAL_NO_AUTH_ACTION_COUNT="1") as strict:
        strict.client().create_bucket(Bucket="images")
        job = json.dumps(["images", "set/", "train.txt", None])
        command = submit(jar, *strict.options, script(tmp_path), job, workers=1, s3=True)
        with running(command, tmp_path, **strict.credentials) as program:
            (failed,) = results(program)
    assert "(IO): s3a://images/set/: access denied" in failed["error"]


# A reader of SparkNet's, a snapshot, a checkpoint, and what Spark reads: each tells what to do.
LACKING = """
import sparknet
from sparknet import data, errors
from sparknet._jvm.calls import translated

spark = sparknet.session(1)
solver = "examples/cifar10/cifar10_quick_solver.prototxt"


def train(place):
    import numpy as np

    train = data.from_numpy(np.zeros((200, 3, 32, 32), np.float32), np.zeros(200), 1)
    with sparknet.Trainer(solver, train, batch_size=10, workers=1) as trainer:
        trainer.fit(1, tau=1, progress=False, **place)


for attempt in (
    lambda: data.images("s3a://images/set/", "s3a://images/train.txt", height=8, width=8),
    lambda: train({"snapshot_prefix": "s3a://images/net"}),
    lambda: train({"checkpoint": "s3a://images/run"}),
    lambda: data.cifar("s3a://images/cifar").count(),
):
    try:
        attempt()
        print("DONE", flush=True)
    except errors.SparkNetError as error:
        print("SAID", error, flush=True)
spark.stop()
"""


def test_without_s3a_it_is_a_line_that_says_what_to_do(jar: Path, tmp_path: Path) -> None:
    with python(jar, tmp_path, LACKING) as program:
        assert program.wait() == 0
        said = [line for line in program.out.splitlines() if line.startswith(("SAID", "DONE"))]
    assert len(said) == 4
    for line in said:
        assert "this Spark has no client for S3: add it by sparknet.session(s3=True)" in line
