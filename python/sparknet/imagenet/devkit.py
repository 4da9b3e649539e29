"""The development kit of ILSVRC2012: its classes, and those of the validation images.

Its own numbers for classes (``ILSVRC2012_ID``, 1 to 1000) are not those that Caffe and most
others train with: these count the sorted WordNet ids (``n01440764``, ...) from 0.
"""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sparknet.errors import FileError, ParseError, SetupError

__all__ = ["Devkit", "read", "validation_name"]

_META = "meta.mat"
_TRUTH = "ILSVRC2012_validation_ground_truth.txt"


@dataclass(frozen=True)
class Devkit:
    """classes: WordNet ids in the order of their indices; truth: class index of each
    validation image; train_images: how many training images a class has."""

    classes: list[str]
    truth: list[int]
    train_images: dict[str, int]


def validation_name(number: int) -> str:
    """The name of a validation image; numbers start at 1."""
    return f"ILSVRC2012_val_{number:08d}.JPEG"


def read(path: Path) -> Devkit:
    """Reads ILSVRC2012_devkit_t12.tar.gz, or the folder that it unpacks to.

    SetupError without SciPy, which reads the list of classes (``meta.mat``).
    """
    files = _files(path)
    for name in (_META, _TRUTH):
        if name not in files:
            raise FileError(f"{path}: no {name} in it: not the development kit of tasks 1 and 2")
    by_number, train_images = _classes(path, files[_META])
    classes = sorted(by_number.values())
    index = {wnid: position for position, wnid in enumerate(classes)}
    truth = []
    for line, text in enumerate(files[_TRUTH].decode("ascii", "replace").split(), 1):
        if not text.isdigit() or int(text) not in by_number:
            raise ParseError(f"{path}: {_TRUTH}: line {line}: {text!r} is no class of {_META}")
        truth.append(index[by_number[int(text)]])
    return Devkit(classes, truth, train_images)


def _files(path: Path) -> dict[str, bytes]:
    """The two files by name."""
    try:
        if path.is_dir():
            places = [found for name in (_META, _TRUTH) for found in path.rglob(name)]
            return {place.name: place.read_bytes() for place in places}
        found = {}
        with tarfile.open(path, "r:*") as archive:
            for member in archive:
                name = PurePosixPath(member.name).name
                content = archive.extractfile(member) if name in (_META, _TRUTH) else None
                if content is not None:
                    found[name] = content.read()
        return found
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from None
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise ParseError(f"{path}: {error}") from None


def _classes(path: Path, meta: bytes) -> tuple[dict[int, str], dict[str, int]]:
    """WordNet ids by number, and numbers of training images. Inner nodes of WordNet's tree
    have children; they are in the list too, but no image belongs to them."""
    try:
        from scipy.io import loadmat
    except ImportError:
        raise SetupError(
            f"reading {_META} of {path} needs SciPy: pip install scipy; without it, give the"
            " labels of the validation images as a file: --labels val.txt"
        ) from None
    try:
        synsets: Any = loadmat(io.BytesIO(meta), squeeze_me=True)["synsets"]
        leaves = [synset for synset in synsets if int(synset["num_children"]) == 0]
        by_number = {int(leaf["ILSVRC2012_ID"]): str(leaf["WNID"]) for leaf in leaves}
        train = {str(leaf["WNID"]): int(leaf["num_train_images"]) for leaf in leaves}
    except Exception as error:  # loadmat raises whatever damaged bytes lead it to.
        raise ParseError(f"{path}: {_META} cannot be read: {error}") from None
    return by_number, train
