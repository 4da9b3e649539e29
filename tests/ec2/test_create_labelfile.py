"""Label files for a folder of images."""

from __future__ import annotations

from pathlib import Path

import pytest
import scripts

pytestmark = pytest.mark.boundary


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Three images, two of them in a folder of their own."""
    folder = tmp_path / "images"
    for name in ("000-010/n01_2.JPEG", "000-010/n01_10.jpeg", "n02_1.JPEG", ".000-010/list.txt"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (folder / ".DS_Store").touch()
    return folder


def listed(folder: Path, text: str) -> Path:
    path = folder / "train.txt"
    path.write_text(text)
    return path


def test_labels_whatever_the_case_and_the_folders(images: Path, tmp_path: Path) -> None:
    known = listed(tmp_path, "n01/N01_2.jpeg 7\nn01_10.JPEG 12\nn02_1.JPEG 0\nmore.JPEG 5\n")
    out = tmp_path / "labels.txt"
    for _ in range(2):
        ended = scripts.run("create_labelfile", images, known, out)
        assert (ended.status, ended.err) == (0, "")
        assert ended.out == f"{out}: 3 labels, from {known}\n"
        # As a file is called, one space, the label; in the order of paths.
        assert out.read_text() == "n02_1.JPEG 0\nn01_10.jpeg 12\nn01_2.JPEG 7\n"


def test_the_two_files_may_lie_in_the_folder(images: Path) -> None:
    known = listed(images, "n01_2.JPEG 7\nn01_10.JPEG 12\nn02_1.JPEG 0\n")
    (images / "000-010" / "labels.txt").write_text("before")
    ended = scripts.run("create_labelfile", images, known, images / "000-010" / "labels.txt")
    assert ended.status == 0
    assert len((images / "000-010" / "labels.txt").read_text().splitlines()) == 3


def test_names_that_are_missing_are_named_and_nothing_is_written(
    images: Path, tmp_path: Path
) -> None:
    out = tmp_path / "labels.txt"
    out.write_text("before")
    known = listed(tmp_path, "n02_1.JPEG 0\n")
    ended = scripts.run("create_labelfile", images, known, out)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == (
        f"error: 2 of 3 images have no label in {known}: n01_10.jpeg, n01_2.JPEG\n"
    )
    assert out.read_text() == "before"
    for number in range(20):
        (images / f"x{number:02d}.png").touch()
    said = scripts.run("create_labelfile", images, known, out).err
    assert "22 of 23 images" in said
    assert said.endswith("x08.png, x09.png and 12 more\n")


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ("n01_2.JPEG seven\n", "train.txt: line 1: 'n01_2.JPEG seven' is not a name and a class"),
        ("n01_2.JPEG 7\nN01_2.jpeg 8\n", "train.txt: line 2: n01_2.jpeg had class 7 before"),
        ("n03_1.JPEG 7\n", "no image has a label: the first one is n02_1.JPEG, "),
    ],
)
def test_a_list_that_is_none(images: Path, tmp_path: Path, known: str, said: str) -> None:
    ended = scripts.run("create_labelfile", images, listed(tmp_path, known), tmp_path / "out.txt")
    assert ended.status == 1
    assert said in ended.err
    assert ended.err.count("\n") == 1
    assert not (tmp_path / "out.txt").exists()


def test_places_that_are_not_there(images: Path, tmp_path: Path) -> None:
    known = listed(tmp_path, "n01_2.JPEG 7\nn01_10.JPEG 12\nn02_1.JPEG 0\n")
    out = tmp_path / "out.txt"
    (tmp_path / "empty").mkdir()
    for arguments, said in [
        ((tmp_path / "none", known, out), f"{tmp_path / 'none'}: No such file or directory"),
        ((tmp_path / "empty", known, out), f"{tmp_path / 'empty'}: no file in it"),
        ((images, tmp_path / "none.txt", out), "none.txt: No such file or directory"),
        ((images, known, tmp_path / "none" / "out.txt"), "none/out.txt: No such file or directory"),
    ]:
        ended = scripts.run("create_labelfile", *arguments)
        assert (ended.status, ended.out) == (1, "")
        assert ended.err.endswith(f"{said}\n")
        assert ended.err.count("\n") == 1
    assert scripts.run("create_labelfile", images).status == 2
