"""Prepared tars on their way to S3: a server on loopback, and the command as users give it."""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from processes import ROOT, running
from s3_server import S3Server, s3_server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

COMMAND = [sys.executable, "-m", "sparknet.imagenet"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[S3Server]:
    with s3_server(tmp_path) as started:
        started.client().create_bucket(Bucket="images")
        yield started


@pytest.fixture
def prepared(jar: Path, tmp_path: Path) -> Path:
    """Forty images in four tars, and their label file."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (9, 99, 199)).save(out, "JPEG")
    source = tmp_path / "source.tar"
    with tarfile.open(source, "w") as tar:
        for index in range(40):
            entry = tarfile.TarInfo(f"n0{index % 4}/n0{index % 4}_{index}.JPEG")
            entry.size = len(out.getvalue())
            tar.addfile(entry, io.BytesIO(out.getvalue()))
    folder = tmp_path / "prepared"
    options = ["--from", source, "--out", folder, "--size", "32", "--images-per-tar", "10"]
    with running([*COMMAND, "train", *options], tmp_path, PYTHONPATH=str(jar)) as program:
        assert program.wait() == 0
    return folder


def upload(server: S3Server, jar: Path, folder: Path, uri: str) -> tuple[int, str]:
    """Exit status and what was printed. The package is the jar's copy."""
    conf = {
        "endpoint": server.endpoint,
        "path.style.access": "true",
        "attempts.maximum": "2",
        "retry.limit": "2",
    }
    options = ["--s3", *(f"--conf=fs.s3a.{key}={value}" for key, value in conf.items())]
    # Of a checkout only S3A's jar is taken.
    variables = {**server.credentials, "PYTHONPATH": str(jar), "SPARKNET_HOME": str(ROOT)}
    with running([*COMMAND, "upload", folder, uri, *options], folder, **variables) as program:
        return program.wait(), program.text


def objects(server: S3Server) -> dict[str, bytes]:
    client: Any = server.client()
    found = client.list_objects_v2(Bucket="images").get("Contents", [])
    return {
        entry["Key"]: client.get_object(Bucket="images", Key=entry["Key"])["Body"].read()
        for entry in found
    }


def test_to_s3_and_again(server: S3Server, jar: Path, prepared: Path) -> None:
    uri = "s3a://images/ilsvrc/train"
    status, said = upload(server, jar, prepared, uri)
    assert status == 0
    assert f"{uri}: 6 files copied" in said
    files = [*prepared.glob("*.tar"), *prepared.glob("*.txt")]
    expected = {f"ilsvrc/train/{path.name}": path.read_bytes() for path in files}
    assert len(expected) == 6
    assert objects(server) == expected
    # Whole objects are put under their own names: a rename would copy them.
    assert not [request for request in server.requests if ".part" in request]

    server.client().delete_object(Bucket="images", Key="ilsvrc/train/train-00002.tar")
    status, said = upload(server, jar, prepared, uri)
    assert status == 0
    assert "3 files copied, 3 were there already" in said
    assert objects(server) == expected


def test_what_is_wrong_is_a_line(server: S3Server, jar: Path, prepared: Path) -> None:
    status, said = upload(server, jar, prepared, "s3a://nosuch/x")
    assert status == 1
    assert "there is no such bucket" in said
    assert "Traceback" not in said
    assert "\tat " not in said
