"""Images in tars, tars of tars and folders: names, classes and the right bytes."""

from __future__ import annotations

import tarfile
from pathlib import Path

import ilsvrc
import pytest

from sparknet.errors import FileError
from sparknet.imagenet import sources
from sparknet.imagenet.sources import Source

pytestmark = pytest.mark.unit


def flat(classes: dict[str, dict[str, bytes]]) -> dict[str, tuple[str, bytes]]:
    return {n: (wnid, data) for wnid, files in classes.items() for n, data in files.items()}


def found(source: Source) -> dict[str, tuple[str | None, bytes]]:
    return {image.name: (image.group, sources.read(image)) for image in source.images}


def test_class_tars_in_a_tar_and_in_a_folder(tmp_path: Path) -> None:
    archive = ilsvrc.train(tmp_path)
    expected = flat(ilsvrc.train_files())
    assert found(sources.scan([archive])) == expected
    unpacked = tmp_path / "unpacked"
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    assert found(sources.scan([unpacked])) == expected


def test_class_folders_on_disk_and_in_a_tar(tmp_path: Path) -> None:
    top = tmp_path / "top"
    for wnid, files in ilsvrc.train_files().items():
        (top / wnid).mkdir(parents=True)
        for name, data in files.items():
            (top / wnid / name).write_bytes(data)
    (top / "readme.txt").write_text("no image")
    expected = flat(ilsvrc.train_files())
    by_name = sources.scan([top])
    assert found(by_name) == expected
    assert [i.name for i in by_name.images] == sorted(expected)
    assert by_name.others == 1
    with tarfile.open(tmp_path / "all.tar", "w") as tar:
        tar.add(top, ".")
    assert found(sources.scan([tmp_path / "all.tar"])) == expected


def test_labels_and_hidden_files_beside_images(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    files = {"a.jpg": ilsvrc.jpeg(1), "._a.jpg": b"resource fork", "labels.txt": b"a.jpg 3\n"}
    path.write_bytes(ilsvrc.tar_bytes(files))
    source = sources.scan([path])
    assert found(source) == {"a.jpg": (None, files["a.jpg"])}
    assert (source.labels, source.others) == ({f"{path}:labels.txt": "a.jpg 3\n"}, 1)


def test_several_sources_follow_each_other(tmp_path: Path) -> None:
    for name in "ba":
        (tmp_path / f"{name}.tar").write_bytes(ilsvrc.tar_bytes({f"{name}.png": b"1"}))
    source = sources.scan([tmp_path / "b.tar", tmp_path / "a.tar"])
    assert [image.name for image in source.images] == ["b.png", "a.png"]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gone: No such file"):
        sources.scan([tmp_path / "gone"])
    with pytest.raises(FileError, match="no image in it"):
        sources.scan([tmp_path])
    inner = ilsvrc.tar_bytes({"a.JPEG": b"1" * 5000})[:2000]
    path = tmp_path / "train.tar"
    path.write_bytes(ilsvrc.tar_bytes({"n01.tar": inner}))
    with pytest.raises(FileError, match=rf"^{path}: n01.tar: cut short inside a.JPEG"):
        sources.scan([path])


def test_a_file_that_became_shorter(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(b"12345")
    (image,) = sources.scan([tmp_path]).images
    path.write_bytes(b"123")
    with pytest.raises(FileError, match="has become shorter"):
        sources.read(image)
