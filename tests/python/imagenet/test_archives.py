"""What check says of small archives, with the published counts made small as well."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import ilsvrc
import pytest

from sparknet.errors import FileError
from sparknet.imagenet import archives

pytestmark = pytest.mark.unit


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Path]:
    """Complete archives, as far as the table of what was published knows."""
    pytest.importorskip("scipy", reason="SciPy, which writes meta.mat, is not installed")
    paths = {
        "train": ilsvrc.train(tmp_path),
        "val": ilsvrc.val(tmp_path, 6),
        "devkit": ilsvrc.devkit(tmp_path, [1, 2, 3, 3, 2, 1]),
    }
    for kind, path in paths.items():
        known = dataclasses.replace(
            archives.PUBLISHED[kind],
            size=path.stat().st_size,
            md5=hashlib.md5(path.read_bytes()).hexdigest(),
            images=12 if kind == "train" else 6,
        )
        monkeypatch.setitem(archives.PUBLISHED, kind, known)
    monkeypatch.setattr(archives, "_CLASSES", 3)
    return paths


def problems(*paths: Path, md5: bool = False) -> list[list[str]]:
    return [report.problems for report in archives.check(paths, md5)]


def test_complete_archives(small: dict[str, Path]) -> None:
    reports = archives.check(list(small.values()), md5=True)
    assert [report.problems for report in reports] == [[], [], []]
    assert [report.kind for report in reports] == ["train", "val", "devkit"]
    assert [report.holds for report in reports] == [
        "training images: 12 in 3 classes",
        "validation images: 6",
        "3 classes, labels of 6 validation images",
    ]


def test_published_counts_are_those_of_the_challenge(tmp_path: Path) -> None:
    """Small archives, measured by the real table."""
    (train,), (val,) = problems(ilsvrc.train(tmp_path))[:1], problems(ilsvrc.val(tmp_path))[:1]
    assert "3 classes, not 1,000" in train
    assert "12 images, not 1,281,167" in train
    assert any("not 147,897,477,120 as published" in problem for problem in train)
    assert "6 images, not 50,000" in val
    assert any(p.startswith("49,994 images missing: ILSVRC2012_val_00000007.JPEG") for p in val)


def test_classes_are_counted_by_the_devkit(small: dict[str, Path], tmp_path: Path) -> None:
    other = {**ilsvrc.CLASSES, "n02000003": 3, "n03000002": 6}
    ilsvrc.train(tmp_path, other)
    (found, _) = problems(small["train"], small["devkit"])
    assert any("n02000003 (3 images, not 4), n03000002 (6 images, not 5)" in p for p in found)
    assert not any("not 12" in problem for problem in found)


def test_a_changed_byte_is_found_by_its_sum_only(small: dict[str, Path]) -> None:
    data = bytearray(small["val"].read_bytes())
    data[900] ^= 1
    small["val"].write_bytes(data)
    assert problems(small["val"]) == [[]]
    (found,) = problems(small["val"], md5=True)
    assert found == [f"its MD5 sum is not {archives.PUBLISHED['val'].md5} as published"]


def test_a_download_that_was_cut_short(small: dict[str, Path]) -> None:
    for kind, reason in (("train", "cut short"), ("val", "cut short"), ("devkit", "")):
        path = small[kind]
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        (found,) = problems(path)
        assert found[0].startswith(reason)


def test_odd_content(tmp_path: Path) -> None:
    path = tmp_path / "train.tar"
    files = {"n01000001_1.JPEG": b"", "n02000002_1.JPEG": b"1", "notes.txt": b"x"}
    path.write_bytes(
        ilsvrc.tar_bytes(
            {"n01000001.tar": ilsvrc.tar_bytes(files), "cats.tar": ilsvrc.tar_bytes(files)}
        )
    )
    (found,) = problems(path)
    text = "\n".join(found)
    assert "1 classes with odd names: cats" in text
    assert "3 images whose names do not begin with their class" in text
    assert "2 files that are no images" in text
    assert "2 empty images" in text
    assert "2 images twice" in text


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such file"):
        archives.check([tmp_path / "gone.tar"], False)
