"""One tar of images: written under a temporary name, or found complete."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sparknet.errors import FileError
from sparknet.imagenet import sources, tars
from sparknet.imagenet.images import Conversion, RejectedError, convert
from sparknet.imagenet.sources import Image

__all__ = ["Shard", "Written", "names", "write"]


@dataclass(frozen=True)
class Shard:
    """A tar to write: where, and the images with their names in it, in this order."""

    path: Path
    images: Sequence[tuple[str, Image]]
    how: Conversion


@dataclass
class Written:
    """Names of the images in a tar, and of those kept out of it with the reasons."""

    names: list[str] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)


def write(shard: Shard, tick: Callable[[], None]) -> Written:
    """Writes a tar; equal images give equal bytes. tick: called after every image.

    FileError if a file cannot be read or written. What was written stays on the disk when this
    returns; after any exception there is no file.
    """
    result = Written()
    try:
        with open(shard.path, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar:
                for name, image in shard.images:
                    try:
                        data = convert(sources.read(image), shard.how)
                    except RejectedError as reason:
                        result.rejected.append((name, str(reason)))
                    else:
                        entry = tarfile.TarInfo(name)
                        entry.size = len(data)
                        tar.addfile(entry, io.BytesIO(data))
                        result.names.append(name)
                    tick()
            file.flush()
            os.fsync(file.fileno())
    except BaseException as failure:
        shard.path.unlink(missing_ok=True)
        if isinstance(failure, OSError) and not isinstance(failure, FileError):
            raise FileError(f"{shard.path}: {failure.strerror}") from None
        raise
    return result


def names(path: Path) -> list[str]:
    """The images in a tar that an earlier run has written."""
    return [member.path for member in tars.members(path)]
