"""A storage that stops answering while executors read from it: an S3 server behind a relay."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import re
import signal
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from crews import PRELUDE, go, reach, rounds
from PIL import Image
from processes import ROOT, Program, running
from relay import Relay, relay
from s3_server import S3Server, s3_server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

TARS, IMAGES, SIDE, BATCH = 8, 50, 64, 10
SOON = 300  # Seconds: half of what a request that is not answered waits for.

# Each worker reads four tars in a pass, one at a time: more do not fit its window.
JOB = (
    PRELUDE
    + f"""
settings = dict(option.split("=", 1) for option in sys.argv[3:])
spark = sparknet.session(2, s3=True, config=settings)
NET = '''
  layer {{ name: "data" type: "JavaData" top: "data"
    java_data_param {{ shape {{ dim: {BATCH} dim: 3 dim: {SIDE} dim: {SIDE} }} }} }}
  layer {{ name: "label" type: "JavaData" top: "label"
    java_data_param {{ shape {{ dim: {BATCH} dim: 1 }} }} }}
  layer {{ name: "scores" type: "InnerProduct" bottom: "data" top: "scores"
    inner_product_param {{ num_output: 10 weight_filler {{ type: "xavier" }} }} }}
  layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "scores" bottom: "label" top: "loss" }}
'''
SOLVER = "base_lr: 0.001 lr_policy: 'fixed' net_param {{" + NET + "}}"


def tars(bucket):
    where = f"s3a://{{bucket}}/"
    return data.images(
        where + "set/", where + "labels.txt", height={SIDE}, width={SIDE}, storage="NONE"
    )


def trainer(train, **options):
    return sparknet.Trainer(
        SOLVER, train, workers=2, seed=1, scale=1 / 256, window_mb=1, **options
    )
"""
)

FAILS = (
    JOB
    + """
await_go(0)
train = tars("images")
say("count", train.count())
with trainer(train) as first:
    for number in range(1, 3):
        trained(first, 40)
        first.average()
        await_go(number)
    for number in range(2):
        trained(first, 40)
        first.average()
    say("iteration", first.iteration)
    await_go(3)
    try:
        first.fit(100, tau=40, progress=False)
    except sparknet.errors.FileError as error:
        say("failed", error)
spark.stop()
"""
)

NEVER = (
    JOB
    + """
import threading

train = tars("slow")
train.count()
for number in range(2):
    with trainer(train) as each:
        trained(each, 40)
        each.average()
        await_go(number)
        if number == 0:
            try:
                each.fit(100, tau=40, progress=False)
            except KeyboardInterrupt:
                say("interrupted")
        else:
            loop = lambda: each.fit(100, tau=40, progress=False)
            threading.Thread(target=loop).start()
            await_go(2)
    say("closed", number)
spark.stop()
"""
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[S3Server]:
    with s3_server(tmp_path) as started:
        client = started.client()
        for bucket in ("images", "slow"):
            client.create_bucket(Bucket=bucket)
            labels = ""
            for tar in range(TARS):
                names = [f"{tar}-{image}.png" for image in range(IMAGES)]
                body = make_tar(tar, names)
                client.put_object(Bucket=bucket, Key=f"set/{tar}.tar", Body=body)
                labels += "".join(f"{name} {i % 10}\n" for i, name in enumerate(names))
            client.put_object(Bucket=bucket, Key="labels.txt", Body=labels.encode())
        yield started


def make_tar(seed: int, names: list[str]) -> bytes:
    """Images of noise, about 12 kB each."""
    random = np.random.default_rng(seed)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name in names:
            out = io.BytesIO()
            pixels = random.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(out, "PNG", compress_level=1)
            entry = tarfile.TarInfo(name)
            entry.size = len(out.getvalue())
            archive.addfile(entry, io.BytesIO(out.getvalue()))
    return stream.getvalue()


@pytest.fixture
def line(server: S3Server) -> Iterator[Relay]:
    with relay(int(server.endpoint.rsplit(":", 1)[1])) as running_relay:
        yield running_relay


def job(
    jar: Path, folder: Path, server: S3Server, line: Relay, source: str
) -> contextlib.AbstractContextManager[Program]:
    """A program that asks the server through the relay, and gives up after two seconds; for
    the bucket "slow" after ten minutes."""
    script = folder / "program.py"
    script.write_text(source)
    behind = dataclasses.replace(server, endpoint=f"http://127.0.0.1:{line.port}")
    settings = [option.removeprefix("--conf=") for option in behind.options]
    settings += [
        "spark.hadoop.fs.s3a.retry.interval=100ms",
        "spark.hadoop.fs.s3a.retry.limit=1",
        "spark.hadoop.fs.s3a.attempts.maximum=1",
        "spark.hadoop.fs.s3a.connection.timeout=2000",
        "spark.hadoop.fs.s3a.bucket.slow.connection.timeout=600000",
    ]
    variables = {"SPARKNET_JAR": str(jar), "PYTHONPATH": str(ROOT / "python")}
    command = [sys.executable, script, folder, "0", *settings]
    return running(command, folder, **variables, **server.credentials)


def fails(program: Program, line: Relay, times: int) -> None:
    program.until(lambda: line.failed >= times, f"{times} answers that fail")


def test_a_storage_that_fails_in_the_middle(
    jar: Path, server: S3Server, line: Relay, tmp_path: Path
) -> None:
    with job(jar, tmp_path, server, line, FAILS) as program:
        reach(program, 0)
        # Connections end in the middle of tars while they are counted, so often that tasks fail.
        line.cut(300_000, times=6)
        go(tmp_path, 0)
        reach(program, 1)
        assert line.failed == 6
        go(tmp_path, 1)
        reach(program, 2)
        # No answers in the middle of a round, and then again.
        line.hold(100_000)
        go(tmp_path, 2)
        fails(program, line, 6)
        line.release()
        reach(program, 3)
        # In the middle again, and then none any more.
        line.hold(100_000)
        go(tmp_path, 3)
        fails(program, line, 2)
        line.hold(0)
        assert program.wait() == 0
        done = rounds(program)
        lines, err = program.out.splitlines(), program.err
    assert f"count {TARS * IMAGES}" in lines
    assert "left out" not in err
    assert [r.iteration for r in done] == [40, 80, 120, 160]
    assert all(r.images == (2 - len(r.lost)) * 40 * BATCH for r in done)
    assert "iteration 160" in lines
    (failed,) = [line for line in lines if line.startswith("failed ")]
    assert re.search(r"s3a://images/set/\d\.tar", failed)


def test_a_storage_that_never_answers_again(
    jar: Path, server: S3Server, line: Relay, tmp_path: Path
) -> None:
    with job(jar, tmp_path, server, line, NEVER) as program:
        reach(program, 0)
        line.hold(100_000)
        go(tmp_path, 0)
        fails(program, line, 2)
        os.kill(program.process.pid, signal.SIGINT)
        program.until(lambda: "closed 0" in program.out, "the end of a trainer", SOON)
        line.release()
        reach(program, 1)
        line.hold(100_000)
        go(tmp_path, 1)
        fails(program, line, 2)
        go(tmp_path, 2)
        assert program.wait(SOON) == 0
        assert program.leftovers() == []
        lines = program.out.splitlines()
    assert "interrupted" in lines
    assert "closed 1" in lines
