"""Whether the archives of ILSVRC2012 are complete: structure, counts, sizes, MD5 sums."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sparknet.errors import FileError, SparkNetError
from sparknet.imagenet import devkit, sources
from sparknet.imagenet.devkit import Devkit
from sparknet.imagenet.sources import Source
from sparknet.progress import Progress

__all__ = ["PUBLISHED", "Published", "Report", "check"]

_CHUNK = 1 << 22
_CLASSES = 1000
_SHOWN = 5


@dataclass(frozen=True)
class Published:
    """What is known of an archive. size: bytes, 0 where it is not; images: in all."""

    title: str
    size: int
    md5: str
    images: int


# Counts from the challenge's own readme, sums as image-net.org publishes them.
PUBLISHED = {
    "train": Published(
        "ILSVRC2012_img_train.tar", 147_897_477_120, "1d675b47d978889d74fa0da5fadfb00e", 1_281_167
    ),
    "val": Published(
        "ILSVRC2012_img_val.tar", 6_744_924_160, "29b22e2961454d5413ddabcf34fc5622", 50_000
    ),
    "devkit": Published(
        "ILSVRC2012_devkit_t12.tar.gz", 0, "fa75699e90414af021442c21a62c3abf", 50_000
    ),
}


@dataclass
class Report:
    """What an archive was taken for and holds, and what is wrong with it."""

    path: Path
    kind: str
    holds: str = ""
    problems: list[str] = field(default_factory=list)


def check(paths: Sequence[Path], md5: bool) -> list[Report]:
    """Checks archives, each known by its content. md5: compares the published sums, too; reads
    all of the file. If the development kit is among them, each class's images are counted."""
    for path in paths:
        if not path.is_file():
            raise FileError(f"{path}: no such file")
    # The development kit first: the others are compared with it.
    ordered = sorted(paths, key=lambda path: not _compressed(path))
    kit: Devkit | None = None
    reports = {}
    for path in ordered:
        report = Report(path, "devkit" if _compressed(path) else "")
        try:
            if report.kind == "devkit":
                kit = _check_devkit(report)
            else:
                _check_images(report, kit)
            published = PUBLISHED[report.kind]
            size = path.stat().st_size
            if published.size and size != published.size:
                report.problems.append(f"{size:,} bytes, not {published.size:,} as published")
            if md5 and _md5(path) != published.md5:
                report.problems.append(f"its MD5 sum is not {published.md5} as published")
        except SparkNetError as error:
            report.problems.append(str(error).removeprefix(f"{path}: "))
        reports[path] = report
    return [reports[path] for path in paths]


def _compressed(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _check_devkit(report: Report) -> Devkit:
    kit = devkit.read(report.path)
    report.holds = f"{len(kit.classes):,} classes, labels of {len(kit.truth):,} validation images"
    _compare(report, "classes", len(kit.classes), _CLASSES)
    _compare(report, "labels", len(kit.truth), PUBLISHED["devkit"].images)
    return kit


def _check_images(report: Report, kit: Devkit | None) -> None:
    found = sources.scan([report.path])
    # The training archive is a tar of tars, the other one holds images only.
    report.kind = "train" if any(image.group for image in found.images) else "val"
    if report.kind == "train":
        _check_train(report, found, kit)
    else:
        _check_val(report, found)
    if found.others:
        report.problems.append(f"{found.others:,} files that are no images")
    _list(report, "empty images", [image.name for image in found.images if image.size == 0])
    names = Counter(image.name for image in found.images)
    _list(report, "images twice", [name for name, count in names.items() if count > 1])


def _check_train(report: Report, found: Source, kit: Devkit | None) -> None:
    counts = Counter(str(image.group) for image in found.images)
    report.holds = f"training images: {len(found.images):,} in {len(counts):,} classes"
    _compare(report, "classes", len(counts), _CLASSES)
    _compare(report, "images", len(found.images), PUBLISHED["train"].images)
    _list(report, "classes with odd names", [g for g in counts if not re.fullmatch(r"n\d{8}", g)])
    strays = [i.name for i in found.images if not i.name.startswith(f"{i.group}_")]
    _list(report, "images whose names do not begin with their class", strays)
    if kit is not None:
        _list(report, "classes of other sizes than in the development kit", _odd(counts, kit))


def _odd(counts: Mapping[str, int], kit: Devkit) -> list[str]:
    wanted = kit.train_images
    return [
        f"{name} ({counts.get(name, 0):,} images, not {wanted.get(name, 0):,})"
        for name in sorted({*counts, *wanted})
        if counts.get(name, 0) != wanted.get(name, 0)
    ]


def _check_val(report: Report, found: Source) -> None:
    report.holds = f"validation images: {len(found.images):,}"
    images = PUBLISHED["val"].images
    _compare(report, "images", len(found.images), images)
    wanted = {devkit.validation_name(number) for number in range(1, images + 1)}
    have = {image.name for image in found.images}
    _list(report, "images missing", sorted(wanted - have))
    _list(report, "images of other names", sorted(have - wanted))


def _compare(report: Report, what: str, found: int, wanted: int) -> None:
    if found != wanted:
        report.problems.append(f"{found:,} {what}, not {wanted:,}")


def _list(report: Report, what: str, names: Sequence[str]) -> None:
    if names:
        more = ", ..." if len(names) > _SHOWN else ""
        report.problems.append(f"{len(names):,} {what}: {', '.join(names[:_SHOWN])}{more}")


def _md5(path: Path) -> str:
    bar = Progress(path.stat().st_size, f"MD5 of {path.name}")
    digest = hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            bar.update(file.tell())
    bar.close()
    return digest.hexdigest()
