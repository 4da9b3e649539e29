"""ImageNet as users train it: tars are prepared, put on S3, and CaffeNet learns from them.

200 real images, a smaller crop than CaffeNet's own (so that its fully connected layers are
smaller), two executor JVMs.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import ROOT, running, submit
from s3_server import S3Server, s3_server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SHARED = Path(os.environ.get("SPARKNET_SHARED", ROOT.parent / "shared"))
SAMPLE = SHARED / "data/imagenet-sample.tar"
APP = ROOT / "python/apps/imagenet.py"
SIZES = ["--size=112", "--crop=99", "--batch-size=20", "--test-batch-size=50", "--tau=10"]


@pytest.fixture(scope="module")
def prepared(jar: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not SAMPLE.is_file():
        pytest.skip(f"{SAMPLE} is not here")
    folder = tmp_path_factory.mktemp("imagenet") / "tars"
    command = [sys.executable, "-m", "sparknet.imagenet", "train", "--from", SAMPLE]
    options = ["--out", folder, "--size", "128", "--images-per-tar", "50"]
    with running([*command, *options], folder.parent, PYTHONPATH=str(jar)) as program:
        assert program.wait() == 0
    return folder


@pytest.fixture
def server(prepared: Path, tmp_path: Path) -> Iterator[S3Server]:
    with s3_server(tmp_path) as started:
        client = started.client()
        client.create_bucket(Bucket="images")
        for file in [*prepared.glob("*.tar"), prepared / "train.txt"]:
            client.put_object(Bucket="images", Key=f"sample/{file.name}", Body=file.read_bytes())
        yield started


def losses(text: str) -> list[float]:
    """Of the first and of the last round."""
    found = re.search(r"^History: .*; loss (\S+) -> (\S+);", text, re.MULTILINE)
    assert found, text
    return [float(loss) for loss in found.groups()]


def test_caffenet_learns_from_s3_and_goes_on(
    jar: Path, server: S3Server, prepared: Path, tmp_path: Path
) -> None:
    place = "s3a://images/sample"
    data = ["--train", f"{place}/train-", "--labels", f"{place}/train.txt"]
    test = ["--test", f"{place}/train-0000"]
    options = [*SIZES, "--rounds=2", "--seed=3", "--workers=2", "--model=caffenet"]
    command = submit(jar, *server.options, APP, *data, *test, *options, memory_mb=2048, s3=True)
    with running(command, tmp_path, **server.credentials) as program:
        assert program.wait() == 0
        out = program.out
    assert "200 images to train on" in out
    assert "800 images, " in out
    first, last = losses(out)
    assert last < first - 0.5
    assert re.search(r"^accuracy +0\.\d+$", out, re.MULTILINE)
    assert re.search(r"^accuracy_top5 +0\.\d+$", out, re.MULTILINE)

    # On local files, read again each time and kept as JPEG, grey, from the snapshot.
    state = tmp_path / "imagenet_caffenet_iter_20.solverstate"
    local = ["--train", prepared / "train-", "--labels", prepared / "train.txt", "--grey"]
    options = [*SIZES, "--rounds=1", "--storage=NONE", "--encoded", "--resume", state]
    command = submit(jar, APP, *local, *options, memory_mb=2048)
    with running(command, tmp_path) as program:
        assert program.wait() == 0
        out = program.out
    assert "resumed at iteration 20" in out
    assert losses(out)[0] < first
    assert (tmp_path / "imagenet_caffenet_iter_30.caffemodel").is_file()


def test_mistakes_are_a_line(jar: Path, tmp_path: Path) -> None:
    nothing = ["--train", tmp_path / "none-", "--labels", tmp_path / "none.txt"]
    with running(submit(jar, APP, *nothing), tmp_path) as program:
        assert program.wait() == 1
        text = program.text
    assert re.search(r"^error: .*none-.*no such file or folder", text, re.MULTILINE)
    assert "Traceback" not in text
