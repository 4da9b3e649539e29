"""Class indices from a development kit as SciPy writes it."""

from __future__ import annotations

import builtins
import tarfile
from pathlib import Path
from typing import Any

import ilsvrc
import pytest

from sparknet.errors import FileError, ParseError, SetupError
from sparknet.imagenet import devkit

pytestmark = pytest.mark.unit


def test_numbers_become_positions_among_the_sorted_ids(tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="SciPy, which writes meta.mat, is not installed")
    path = ilsvrc.devkit(tmp_path, [1, 2, 3, 3])
    kit = devkit.read(path)
    assert kit.classes == ["n01000001", "n02000003", "n03000002"]
    assert kit.truth == [1, 0, 2, 2]
    assert kit.train_images == ilsvrc.CLASSES
    with tarfile.open(path) as tar:
        tar.extractall(tmp_path, filter="data")
    assert devkit.read(tmp_path / "ILSVRC2012_devkit_t12") == kit


def test_a_class_that_does_not_exist(tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="SciPy, which writes meta.mat, is not installed")
    with pytest.raises(ParseError, match=r"line 2: '4' is no class"):
        devkit.read(ilsvrc.devkit(tmp_path, [1, 4]))  # 4 is an inner node.


def test_without_scipy_the_message_names_two_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kit"
    folder.mkdir()
    (folder / "meta.mat").touch()
    (folder / "ILSVRC2012_validation_ground_truth.txt").write_text("1\n")
    real = builtins.__import__

    def without_scipy(name: str, *args: Any) -> Any:
        if name.startswith("scipy"):
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", without_scipy)
    with pytest.raises(SetupError, match=r"pip install scipy.*--labels val\.txt"):
        devkit.read(folder)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        devkit.read(tmp_path / "gone.tar.gz")
    path = tmp_path / "x.tar"
    path.write_bytes(ilsvrc.tar_bytes({"a": b"1"}))
    with pytest.raises(FileError, match=r"no meta\.mat in it"):
        devkit.read(path)
    path.write_bytes(b"nothing")
    with pytest.raises(ParseError, match=rf"^{path}: "):
        devkit.read(path)
    (tmp_path / "meta.mat").write_bytes(b"damaged" * 99)
    (tmp_path / "ILSVRC2012_validation_ground_truth.txt").write_text("1\n")
    pytest.importorskip("scipy", reason="SciPy, which reads meta.mat, is not installed")
    with pytest.raises(ParseError, match=r"meta\.mat cannot be read"):
        devkit.read(tmp_path)
