"""Where members lie, against tarfile, and what damaged tars say."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import ilsvrc
import pytest

from sparknet.errors import FileError, ParseError
from sparknet.imagenet import tars

pytestmark = pytest.mark.unit

LONG = "a_folder/" * 20 + "x" * 150 + ".JPEG"
FILES = {"a.JPEG": b"a" * 700, "empty.JPEG": b"", "grün.JPEG": b"g" * 512, LONG: b"long", "z": b"z"}


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_offsets_are_those_of_tarfile(tmp_path: Path, form: int) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(ilsvrc.tar_bytes(FILES, form))
    with tarfile.open(path) as tar:
        expected = [(m.name, m.offset_data, m.size) for m in tar]
    assert [tuple(member) for member in tars.members(path)] == expected
    assert [name for name, _, _ in expected] == list(FILES)


def test_folders_and_links_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(b"12345")
    (tmp_path / "d" / "l").symlink_to("f")
    with tarfile.open(tmp_path / "x.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        tar.add(tmp_path / "d", "d")
    assert [(m.path, m.size) for m in tars.members(tmp_path / "x.tar")] == [("d/f", 5)]


def test_a_tar_inside_a_file(tmp_path: Path) -> None:
    inner = ilsvrc.tar_bytes({"a": b"1", "b": b"22"})
    path = tmp_path / "x.bin"
    path.write_bytes(b"x" * 100 + inner + b"y" * 100)
    found = list(tars.members(path, 100, len(inner)))
    content = path.read_bytes()
    assert [content[m.offset : m.offset + m.size] for m in found] == [b"1", b"22"]


def test_every_cut_is_found(tmp_path: Path) -> None:
    whole = ilsvrc.tar_bytes({"a": b"1" * 600, "b": b"2"})
    path = tmp_path / "x.tar"
    for length in (1, 511, 512, 600, 1535, 1536, 2048, 2049, 2560):
        path.write_bytes(whole[:length])
        with pytest.raises(FileError, match=rf"^{path}: cut short"):
            list(tars.members(path))
    path.write_bytes(whole[:3072])  # With the end mark's first block.
    assert len(list(tars.members(path))) == 2


def test_damage_is_not_taken_for_the_end(tmp_path: Path) -> None:
    broken = bytearray(ilsvrc.tar_bytes({"a": b"1", "b": b"2", "c": b"3"}))
    broken[1024] ^= 0x55
    path = tmp_path / "x.tar"
    path.write_bytes(broken)
    with pytest.raises(ParseError, match=r"damaged at byte 1,024, after 1 files"):
        list(tars.members(path))


def test_what_is_no_tar(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    with pytest.raises(FileError, match="No such file"):
        list(tars.members(path))
    path.write_bytes(ilsvrc.jpeg(1) * 3)
    with pytest.raises(ParseError, match="not a tar"):
        list(tars.members(path))
    path.write_bytes(gzip.compress(bytes(range(256)) * 99, mtime=0) + b"\0" * 600)
    with pytest.raises(ParseError, match="compressed with gzip"):
        list(tars.members(path))
