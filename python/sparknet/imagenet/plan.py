"""Which image goes into which tar, and whether an earlier run had the same in mind."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from sparknet.errors import ArgumentError, FileError, ParseError
from sparknet.imagenet.images import Conversion
from sparknet.imagenet.sources import Image

__all__ = ["Plan", "Wish", "output_names"]

_JPEG = (".jpg", ".jpeg")


@dataclass(frozen=True)
class Wish:
    """What the user asked for. kind: "train" or "val", with which file names begin; seed: of
    the order, None for the order of the source."""

    kind: str
    how: Conversion
    images_per_tar: int
    seed: int | None


@dataclass(frozen=True)
class Plan:
    """order: positions of the labelled images, tar after tar."""

    wish: Wish
    order: Sequence[int]
    digest: str

    @staticmethod
    def make(
        wish: Wish, images: Sequence[Image], names: Sequence[str], labels: Sequence[int | None]
    ) -> Plan:
        """The same images, labels and wish give the same plan, on any machine."""
        order = [position for position, label in enumerate(labels) if label is not None]
        if wish.seed is not None:
            random.Random(wish.seed).shuffle(order)
        digest = hashlib.sha256()
        for position in order:
            image = images[position]
            line = f"{names[position]}\0{labels[position]}\0{image.offset}\0{image.size}\n"
            digest.update(line.encode("utf-8", "surrogateescape"))
        return Plan(wish, order, digest.hexdigest())

    @property
    def tars(self) -> int:
        """How many there will be."""
        return -(-len(self.order) // self.wish.images_per_tar)

    def tar(self, index: int) -> str:
        """The name of a tar; numbers start at 0."""
        return f"{self.wish.kind}-{index:05d}.tar"

    def positions(self, index: int) -> Sequence[int]:
        """The images of a tar."""
        count = self.wish.images_per_tar
        return self.order[index * count : (index + 1) * count]

    def settle(self, folder: Path) -> None:
        """Writes the plan into the folder, or compares it with the one that is there.

        ArgumentError if a run with other settings or images has begun in this folder.
        """
        path = folder / f"{self.wish.kind}.plan.json"
        mine = self._values()
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            self._refuse_strangers(folder)
            path.write_text(json.dumps(mine, indent=1) + "\n", "utf-8")
            return
        except OSError as error:
            raise FileError(f"{path}: {error.strerror}") from None
        try:
            theirs = dict(json.loads(text))
        except (ValueError, TypeError):
            raise ParseError(f"{path}: not a plan of sparknet.imagenet") from None
        for key, value in mine.items():
            if theirs.get(key) != value:
                what = "other images or labels" if key == "digest" else f"{key} {theirs.get(key)}"
                raise ArgumentError(
                    f"{path}: a run with {what} has begun here"
                    + ("" if key == "digest" else f", this one has {value}")
                    + ": use its settings, or another folder"
                )

    def _values(self) -> dict[str, object]:
        wish = asdict(self.wish)
        how = wish.pop("how")
        return {**wish, **how, "images": len(self.order), "digest": self.digest}

    def _refuse_strangers(self, folder: Path) -> None:
        for found in (*folder.glob(f"{self.wish.kind}-*.tar"), folder / f"{self.wish.kind}.txt"):
            if found.exists():
                raise ArgumentError(f"{found} is there already, from something else: not touched")


def output_names(images: Sequence[Image], resized: bool) -> list[str]:
    """File names in the tars. They are unique, because labels are found by them, and without
    spaces, because label files have one in front of the class.

    A name that occurs twice puts the class's name in front of all of them; resized images end
    in JPEG whatever they were. ArgumentError if that is not enough.
    """
    names = [_plain(image.name, resized) for image in images]
    if _repeated(names) is not None:
        names = [f"{_plain(image.group or '', False)}_{name}" for image, name in zip(images, names)]
        twice = _repeated(names)
        if twice is not None:
            raise ArgumentError(f"two images have the name {twice}: labels go by file names")
    return names


def _plain(name: str, resized: bool) -> str:
    name = "_".join(name.split())
    if resized and PurePosixPath(name).suffix.lower() not in _JPEG:
        name = f"{PurePosixPath(name).stem}.JPEG"
    return name


def _repeated(names: Sequence[str]) -> str | None:
    name, count = Counter(name.lower() for name in names).most_common(1)[0]
    return name if count > 1 else None
