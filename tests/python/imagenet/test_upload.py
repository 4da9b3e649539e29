"""What is uploaded, in which order, and through a real session to a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sparknet.errors import ArgumentError, FileError, SparkNetError, StateError
from sparknet.imagenet import upload

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class FakeUpload:
    """Takes three looks to be done."""

    def __init__(self, files: Sequence[str], fails: SparkNetError | None) -> None:
        self.files, self.looks, self.closed, self.fails = files, 0, False, fails

    def wait(self, seconds: float) -> bool:
        self.looks += 1
        if self.fails is not None:
            raise self.fails
        return self.looks == 3

    def done_bytes(self) -> int:
        return self.looks

    def copied_files(self) -> int:
        return len(self.files) - 1 if self.files[0].endswith(".tar") else len(self.files)

    def close(self) -> None:
        self.closed = True


class FakeJvm:
    def __init__(self, fails: SparkNetError | None = None) -> None:
        self.started: list[tuple[list[str], bool, FakeUpload]] = []
        self.fails = fails

    def upload(
        self,
        files: Sequence[str],
        target: str,
        threads: int,
        settings: Mapping[str, str],
        overwrite: bool,
    ) -> FakeUpload:
        made = FakeUpload(files, self.fails)
        self.started.append(([Path(file).name for file in files], overwrite, made))
        return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "prepared"
    made.mkdir()
    for name in ("train-00001.tar", "train-00000.tar", "train.txt", "classes.txt"):
        (made / name).write_bytes(name.encode() * 1000)
    for name in ("train.plan.json", "train.rejected.tsv"):
        (made / name).touch()
    return made


def send(jvm: Any, folder: Path, target: str = "s3a://x/y", **options: Any) -> tuple[int, int]:
    return upload.upload(jvm, folder, target, 2, {}, **options)


@pytest.mark.unit
def test_tars_first_then_always_the_label_files(folder: Path) -> None:
    jvm = FakeJvm()
    assert send(jvm, folder) == (3, 1)
    assert [(names, overwrite) for names, overwrite, _ in jvm.started] == [
        (["train-00000.tar", "train-00001.tar"], False),
        (["classes.txt", "train.txt"], True),
    ]
    assert all(made.closed for _, _, made in jvm.started)


@pytest.mark.unit
def test_what_stops_it_is_raised_after_closing(folder: Path) -> None:
    jvm = FakeJvm(FileError("x.tar could not be copied"))
    with pytest.raises(FileError, match="could not be copied"):
        send(jvm, folder)
    assert len(jvm.started) == 1
    assert jvm.started[0][2].closed


@pytest.mark.unit
def test_a_folder_that_is_not_ready(folder: Path, tmp_path: Path) -> None:
    (folder / "train.txt").unlink()
    with pytest.raises(StateError, match="train tars are not complete"):
        send(FakeJvm(), folder)
    with pytest.raises(FileError, match="no such folder"):
        send(FakeJvm(), tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ArgumentError, match="no tars in it"):
        send(FakeJvm(), tmp_path / "empty")


@pytest.mark.spark
def test_to_a_folder_through_hadoop(spark: SparkSession, folder: Path, tmp_path: Path) -> None:
    from sparknet._jvm.py4j import Py4JJvm

    jvm = Py4JJvm(spark)
    target = tmp_path / "there" / "train"
    assert send(jvm, folder, target.as_uri()) == (4, 0)
    expected = {path.name: path.read_bytes() for path in folder.glob("*.t[ax][rt]")}
    assert len(expected) == 4
    assert {path.name: path.read_bytes() for path in target.iterdir()} == expected
    (target / "train-00001.tar").unlink()
    assert send(jvm, folder, target.as_uri()) == (3, 1)
    assert send(jvm, folder, target.as_uri(), overwrite=True) == (4, 0)
    assert {path.name: path.read_bytes() for path in target.iterdir()} == expected
    with pytest.raises(ArgumentError, match="nosuch"):
        send(jvm, folder, "nosuch://host/path")
    with pytest.raises(FileError, match=r"train\.txt cannot be used: .*not a folder"):
        send(jvm, folder, (target / "train.txt").as_uri())
