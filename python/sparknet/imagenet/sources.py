"""Finds images and where their bytes are: in tars, tars of tars, and folders."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from sparknet.errors import FileError, SparkNetError
from sparknet.imagenet import tars
from sparknet.progress import Progress

__all__ = ["LABELS", "SUFFIXES", "Image", "Source", "read", "scan"]

LABELS = "labels.txt"
SUFFIXES = (".jpeg", ".jpg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp")
_SHOW_SECONDS = 0.1


class Image(NamedTuple):
    """An image: its name, its class's name if a folder or a tar tells, and where it lies."""

    name: str
    group: str | None
    file: str
    offset: int
    size: int


@dataclass
class Source:
    """What was found: images, label files inside by where they are, and how much was neither."""

    images: list[Image] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    others: int = 0


def scan(paths: Sequence[Path]) -> Source:
    """All images of some paths: in their order in a tar, by name in a folder.

    A path is a tar of images, a tar of one tar for each class (as published for training), or
    a folder of images, class folders or class tars. The class is the name of the folder or
    of the inner tar. FileError if a path is missing or holds no image.
    """
    bar = Progress(sum(_bytes(path) for path in paths), "looking for images")
    found = Source()
    done, shown = 0, 0.0
    try:
        for path in paths:
            before = len(found.images)
            start = done

            def show(position: int, start: int = start) -> None:
                nonlocal shown
                if time.monotonic() > shown + _SHOW_SECONDS:  # A terminal is slower than a scan.
                    bar.update(start + position, f"{len(found.images):,} found")
                    shown = time.monotonic()

            if path.is_dir():
                _scan_folder(path, found, show)
            else:
                _scan_tar(path, found, show)
            if len(found.images) == before:
                raise FileError(f"{path}: no image in it")
            done += _bytes(path)
        bar.update(done, f"{len(found.images):,} found")
    except OSError as error:
        raise FileError(f"{error.filename}: {error.strerror}") from None
    finally:
        bar.close()
    return found


def read(image: Image) -> bytes:
    """The bytes of an image as they are in its file."""
    try:
        with open(image.file, "rb") as file:
            file.seek(image.offset)
            data = file.read(image.size)
    except OSError as error:
        raise FileError(f"{image.file}: {error.strerror}") from None
    if len(data) < image.size:
        raise FileError(f"{image.file}: has become shorter; {image.name} is incomplete")
    return data


def _bytes(path: Path) -> int:
    """What progress is measured by: a folder counts little beside a tar."""
    try:
        return 1 << 20 if path.is_dir() else path.stat().st_size
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None


def _scan_tar(
    path: Path, found: Source, show: Callable[[int], None], group: str | None = None
) -> None:
    for member in tars.members(path):
        place = PurePosixPath(member.path)
        if place.suffix == ".tar":
            for inner in _inside(path, member):
                _add(found, PurePosixPath(inner.path), place.stem, path, inner.offset, inner.size)
        elif place.name == LABELS:
            text = read(Image(place.name, None, str(path), member.offset, member.size))
            found.labels[f"{path}:{member.path}"] = text.decode("utf-8", "replace")
        else:
            parent = place.parent.name or group
            _add(found, place, parent, path, member.offset, member.size)
        show(member.offset)


def _inside(path: Path, member: tars.Member) -> list[tars.Member]:
    try:
        return list(tars.members(path, member.offset, member.size))
    except SparkNetError as error:
        reason = str(error).removeprefix(f"{path}: ")
        raise type(error)(f"{path}: {member.path}: {reason}") from None


def _scan_folder(root: Path, found: Source, show: Callable[[int], None]) -> None:
    folders = list(_folders(root))
    for index, (folder, names) in enumerate(folders):
        for name in names:
            path = Path(folder, name)
            if path.suffix == ".tar":
                _scan_tar(path, found, lambda _: None, path.stem)
            elif name == LABELS:
                found.labels[str(path)] = path.read_text("utf-8", "replace")
            else:
                group = None if Path(folder) == root else Path(folder).name
                _add(found, PurePosixPath(name), group, path, 0, path.stat().st_size)
        show((1 << 20) * (index + 1) // len(folders))


def _folders(root: Path) -> list[tuple[str, list[str]]]:
    """Folders with the names of their files, in the order of their paths."""

    def failed(error: OSError) -> None:
        raise FileError(f"{error.filename}: {error.strerror}")

    found = [(folder, sorted(names)) for folder, _, names in os.walk(root, True, failed, True)]
    return sorted(found)


def _add(
    found: Source, place: PurePosixPath, group: str | None, path: Path, offset: int, size: int
) -> None:
    if place.suffix.lower() in SUFFIXES and not place.name.startswith("."):
        found.images.append(Image(place.name, group, str(path), offset, size))
    else:
        found.others += 1
