"""Which class an image belongs to, and label files: lines ``name index`` with one space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sparknet.errors import ArgumentError, FileError, ParseError
from sparknet.imagenet import devkit
from sparknet.imagenet.sources import Image, Source

__all__ = ["Labelling", "assign", "lines", "parse", "read_classes"]

_NAMED = 10


@dataclass(frozen=True)
class Labelling:
    """labels: the class index of each image, None where there is none; classes: names in the
    order of their indices, if they are known; origin: where the labels come from."""

    labels: list[int | None]
    classes: list[str] | None
    origin: str


def assign(
    source: Source,
    labels: Path | None = None,
    kit: Path | None = None,
    classes: Path | None = None,
) -> Labelling:
    """Finds the classes of the images; the first of these that there is:

    labels, a label file; kit, the development kit, for validation images and the numbering of
    classes; a label file inside the source; the folders or inner tars that the images are in,
    numbered in the sorted order of their names, or by ``classes``, a file of names.
    ArgumentError if none of the images gets a label.
    """
    names: list[str] | None = None
    if classes is not None:
        names = read_classes(classes)
    listed: dict[str, int] | None = None
    origin = ""
    if labels is not None:
        listed, origin = parse(_text(labels), str(labels)), str(labels)
    elif kit is not None:
        read = devkit.read(kit)
        names, origin = names or read.classes, str(kit)
        if all(image.name.startswith("ILSVRC2012_val_") for image in source.images):
            listed = {
                devkit.validation_name(number).lower(): label
                for number, label in enumerate(read.truth, 1)
            }
    elif source.labels:
        listed = {}
        for place, text in source.labels.items():
            listed.update(parse(text, place))
        origin = ", ".join(source.labels)
    if listed is not None:
        found = [listed.get(image.name.lower()) for image in source.images]
    else:
        names = names or sorted({image.group for image in source.images if image.group})
        found = _by_group(source.images, names)
        origin = origin or str(classes or "the names of the images' folders or class tars")
    _refuse_none(source.images, found, listed, names, origin)
    return Labelling(found, names, origin)


def parse(text: str, where: str) -> dict[str, int]:
    """Class indices by lower-case file name of the lines ``path index`` of a label file.

    As in Caffe's train.txt, folders in front of the file name do not count. ParseError names
    the line that is wrong, or that contradicts an earlier one.
    """
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, _, index = line.strip().rpartition(" ")
        if not name or not index.isdigit():
            raise ParseError(f"{where}: line {number}: {line!r} is not a name and a class index")
        key = PurePosixPath(name.strip()).name.lower()
        if found.setdefault(key, int(index)) != int(index):
            raise ParseError(f"{where}: line {number}: {key} had class {found[key]} before")
    return found


def lines(names: Sequence[str], labelling: Labelling) -> list[str]:
    """The lines of a label file for images of these file names, each once, in their order.

    ArgumentError if a name has a space or no label, ParseError if one has two.
    """
    for name in names:
        if " " in name:
            raise ArgumentError(f"{name!r}: a name in a label file has no space; use train or val")
    missing = [name for name, found in zip(names, labelling.labels) if found is None]
    if missing:
        more = f" and {len(missing) - _NAMED:,} more" if len(missing) > _NAMED else ""
        raise ArgumentError(
            f"{len(missing):,} of {len(names):,} images have no label in {labelling.origin}:"
            f" {', '.join(missing[:_NAMED])}{more}"
        )
    found = {f"{name} {label}": None for name, label in zip(names, labelling.labels)}
    # Two images of a name are found out here, as lines that contradict each other.
    parse("\n".join(found), "the images")
    return list(found)


def read_classes(path: Path) -> list[str]:
    """Names of classes in the order of their indices: the first word of each line, as in
    Caffe's synsets.txt and synset_words.txt."""
    names = [line.split()[0] for line in _text(path).splitlines() if line.strip()]
    if not names or len(set(names)) < len(names):
        raise ParseError(f"{path}: {'a class is listed twice' if names else 'no classes in it'}")
    return names


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ParseError(f"{path}: not a text file") from None


def _by_group(images: Sequence[Image], names: Sequence[str]) -> list[int | None]:
    index = {name: position for position, name in enumerate(names)}
    return [None if image.group is None else index.get(image.group) for image in images]


def _refuse_none(
    images: Sequence[Image],
    found: Sequence[int | None],
    listed: Mapping[str, int] | None,
    names: Sequence[str] | None,
    origin: str,
) -> None:
    if any(label is not None for label in found):
        return
    if listed is not None:
        known = f"{origin} lists {next(iter(listed), 'no image')}"
    elif names:
        known = f"the first class is {names[0]}, its folder or tar {images[0].group}"
    else:
        known = "they are not in class folders or class tars: give --labels or --devkit"
    raise ArgumentError(f"no image has a label: the first one is {images[0].name}, {known}")
