"""What runs the pages of the documentation: a session on two executors, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / name) for name in ("docs", "python", "e2e")]

from blocks import ROOT, blocks, name, pages  # noqa: E402 - made importable above

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from s3_server import S3Server

BUCKET = "bucket"
# Of the repository, as far as programs of its users read it.
_LAID_OUT = ("caffe/data", "caffe/examples", "caffe/models", "python/apps")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A server for s3a:// with the bucket "bucket"."""
    from s3_server import s3_server

    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        server.client().create_bucket(Bucket=BUCKET)
        yield server


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pages run. The JVM's working directory cannot change, so it is one for all."""
    return tmp_path_factory.mktemp("page")


@pytest.fixture
def spark(folder: Path, store: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[SparkSession]:
    """A session on two executors, the same one for all pages unless a page ends it."""
    import sparknet

    for variable, value in {**store.credentials, "MPLBACKEND": "Agg"}.items():
        monkeypatch.setenv(variable, value)
    _lay_out(folder)
    _empty(store)
    monkeypatch.chdir(folder)
    session = sparknet.session(
        master="local-cluster[2,1,1024]",
        ui=True,
        s3=True,
        config={
            "spark.hadoop.fs.s3a.endpoint": store.endpoint,
            "spark.hadoop.fs.s3a.path.style.access": "true",
            "spark.driver.memory": "1g",
        },
    )
    yield session
    running = type(session).getActiveSession()
    if running is not None:  # What a page has in memory is not for the next one.
        running.catalog.clearCache()
        for kept in running.sparkContext._jsc.getPersistentRDDs().values():
            kept.unpersist()


def _lay_out(folder: Path) -> None:
    """Empties the folder, but for links to what the repository has."""
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    for tree in _LAID_OUT:
        # Folders of its own, so that nothing is written into the repository's.
        shutil.copytree(
            ROOT / tree,
            folder / tree,
            copy_function=os.symlink,
            ignore=shutil.ignore_patterns("*.bin", "batches.meta.txt", "__pycache__"),
        )


def _empty(store: S3Server) -> None:
    client = store.client()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for kept in page.get("Contents", ()):
            client.delete_object(Bucket=BUCKET, Key=kept["Key"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What of the pages is not run, and why."""
    terminalreporter.section("not run in pages")
    for page in pages():
        for block in blocks(page.read_text(encoding="utf-8")):
            if block.not_run is not None:
                terminalreporter.line(f"{name(page)}:{block.line}: {block.not_run}")
