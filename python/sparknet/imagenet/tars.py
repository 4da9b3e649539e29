"""Where the members of a tar lie: one pass over its headers, no data read."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sparknet.errors import FileError, ParseError

__all__ = ["BLOCK", "Member", "members"]

BLOCK = 512
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_LONGEST_EXTENSION = 1 << 20
_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZ": "bzip2", b"\xfd7": "xz", b"\x28\xb5": "zstd"}


class Member(NamedTuple):
    """A regular file in a tar: its path there, and where its bytes lie in the tar's file."""

    path: str
    offset: int
    size: int


def members(path: Path, start: int = 0, size: int | None = None) -> Iterator[Member]:
    """The regular files of a tar, in its order; ustar, GNU and pax headers.

    start, size: of a tar inside the file. FileError if the tar ends too early or cannot be
    read, ParseError for what is no tar; tarfile takes a damaged header for the end instead.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
    try:
        end = start + size if size is not None else os.fstat(descriptor).st_size
        yield from _walk(path, descriptor, start, end)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
    finally:
        os.close(descriptor)


def _walk(path: Path, descriptor: int, start: int, end: int) -> Iterator[Member]:
    position, found = start, 0
    extension: dict[str, str] = {}
    while True:
        header = os.pread(descriptor, max(0, min(BLOCK, end - position)), position)
        if len(header) < BLOCK:
            raise FileError(f"{path}: cut short at byte {position:,}, after {found:,} files")
        if not any(header):
            return
        info = _parsed(path, header, position, found)
        data = position + BLOCK
        length = int(extension.get("size", info.size)) if info.type in _FILES else info.size
        position = data + -(-length // BLOCK) * BLOCK
        if data + length > end:
            raise FileError(f"{path}: cut short inside {info.name}, after {found:,} files")
        if info.type in (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE):
            if length > _LONGEST_EXTENSION:
                raise ParseError(f"{path}: a header of {length:,} bytes at byte {data:,}")
            extension.update(_extension(info.type, os.pread(descriptor, length, data)))
            continue
        if info.type in (tarfile.GNUTYPE_LONGLINK, tarfile.XGLTYPE):
            continue
        if info.type in _FILES:
            found += 1
            yield Member(extension.get("path", info.name), data, length)
        extension = {}


def _parsed(path: Path, header: bytes, position: int, found: int) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        pass
    for magic, kind in _COMPRESSED.items():
        if position == 0 and header.startswith(magic):
            raise ParseError(f"{path}: compressed with {kind}; unpack it to a plain tar first")
    if found == 0:
        raise ParseError(f"{path}: not a tar")
    raise ParseError(f"{path}: damaged at byte {position:,}, after {found:,} files")


def _extension(kind: bytes, data: bytes) -> dict[str, str]:
    """What a header says about the next one: GNU's long name, or pax's `length key=value`."""
    if kind == tarfile.GNUTYPE_LONGNAME:
        return {"path": data.rstrip(b"\0").decode("utf-8", "surrogateescape")}
    values = {}
    while data:
        digits, _, _ = data.partition(b" ")
        if not digits.isdigit() or int(digits) == 0:
            break
        record, data = data[: int(digits)], data[int(digits) :]
        key, _, value = record[len(digits) + 1 :].rstrip(b"\n").partition(b"=")
        if key in (b"path", b"size"):
            values[key.decode()] = value.decode("utf-8", "surrogateescape")
    return values
