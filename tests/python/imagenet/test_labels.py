"""Where classes come from, and in which order of precedence."""

from __future__ import annotations

from pathlib import Path

import ilsvrc
import pytest

from sparknet.errors import ArgumentError, FileError, ParseError
from sparknet.imagenet import labels
from sparknet.imagenet.sources import Image, Source

pytestmark = pytest.mark.unit


def source(*names: str, texts: dict[str, str] | None = None) -> Source:
    """Images named ``group/name`` or ``name``."""
    images = [
        Image(name.split("/")[-1], name.split("/")[0] if "/" in name else None, "x.tar", 0, 1)
        for name in names
    ]
    return Source(images, texts or {})


def written(folder: Path, text: str) -> Path:
    path = folder / "file.txt"
    path.write_text(text)
    return path


def test_sorted_class_names_count_from_0() -> None:
    found = labels.assign(source("n3/a", "n1/b", "n2/c", "n1/d"))
    assert found.labels == [2, 0, 1, 0]
    assert found.classes == ["n1", "n2", "n3"]


def test_a_list_of_classes_numbers_them(tmp_path: Path) -> None:
    classes = written(tmp_path, "n0 first class\nn1 tench, Tinca tinca\n\nn3\n")
    found = labels.assign(source("n3/a", "n1/b", "n2/c"), classes=classes)
    assert found.labels == [2, 1, None]
    assert found.classes == ["n0", "n1", "n3"]
    with pytest.raises(ParseError, match="listed twice"):
        labels.read_classes(written(tmp_path, "n1\nn1\n"))


def test_label_files_by_file_name_whatever_its_case(tmp_path: Path) -> None:
    path = written(tmp_path, "n01440764/a.JPEG 3\nb.jpeg 4\nmore.jpeg 9\n")
    found = labels.assign(source("n9/A.jpeg", "B.JPEG", "c.jpeg"), labels=path)
    assert found.labels == [3, 4, None]
    assert found.classes is None


def test_labels_inside_the_source_count_more_than_folders_and_less_than_a_file(
    tmp_path: Path,
) -> None:
    both = source("n1/a", "n2/b", texts={"x.tar:labels.txt": "a 5\nb 6\n"})
    assert labels.assign(both).labels == [5, 6]
    assert labels.assign(both, labels=written(tmp_path, "a 7\nb 8\n")).labels == [7, 8]


def test_the_devkit_labels_validation_images_and_numbers_classes(tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="SciPy, which writes meta.mat, is not installed")
    kit = ilsvrc.devkit(tmp_path, [1, 2, 3])
    val = source("ILSVRC2012_val_00000003.JPEG", "ILSVRC2012_val_00000001.JPEG")
    assert labels.assign(val, kit=kit).labels == [2, 1]
    # A part of the classes keeps the numbers of the whole.
    part = labels.assign(source("n03000002/a", "n02000003/b"), kit=kit)
    assert part.labels == [2, 1]
    assert part.classes == ["n01000001", "n02000003", "n03000002"]


def test_wrong_lines_are_named() -> None:
    assert labels.parse("a 1\n\nx/a 1\n", "f") == {"a": 1}
    for line in ("a", "a b", "a -1", "a 1.5", "7"):
        with pytest.raises(ParseError, match=r"^f: line 2: "):
            labels.parse(f"b 1\n{line}\n", "f")
    with pytest.raises(ParseError, match="line 2: a had class 1 before"):
        labels.parse("a 1\nx/A 2\n", "f")


def test_no_label_at_all(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"give --labels or --devkit"):
        labels.assign(source("a"))
    with pytest.raises(ArgumentError, match=r"the first one is a, .* lists b"):
        labels.assign(source("a"), labels=written(tmp_path, "b 1\n"))
    with pytest.raises(FileError, match="No such file"):
        labels.assign(source("a"), labels=tmp_path / "gone")
    (tmp_path / "bin").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParseError, match="not a text file"):
        labels.assign(source("a"), labels=tmp_path / "bin")


def test_lines_of_a_label_file(tmp_path: Path) -> None:
    path = written(tmp_path, "a.JPEG 3\nb.JPEG 4\n")
    both = labels.assign(source("A.jpeg", "b.JPEG", "A.jpeg"), labels=path)
    assert labels.lines(["A.jpeg", "b.JPEG", "A.jpeg"], both) == ["A.jpeg 3", "b.JPEG 4"]
    with pytest.raises(ArgumentError, match=r"'b c.JPEG': a name in a label file has no space"):
        labels.lines(["A.jpeg", "b c.JPEG", "A.jpeg"], both)
    with pytest.raises(ParseError, match=r"line 2: a.jpeg had class 3 before"):
        labels.lines(["A.jpeg", "a.JPEG"], both)
    names = ["b.JPEG", *(f"{number:02d}.JPEG" for number in range(12))]
    some = labels.assign(source(*names), labels=path)
    with pytest.raises(ArgumentError) as told:
        labels.lines(names[:3], some)
    assert str(told.value) == f"2 of 3 images have no label in {path}: 00.JPEG, 01.JPEG"
    with pytest.raises(ArgumentError, match=r"12 of 13 images .*, 08.JPEG, 09.JPEG and 2 more$"):
        labels.lines(names, some)
