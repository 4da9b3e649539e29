"""Values of options as people write them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import typer
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from sparknet.errors import ArgumentError, FileError, ParseError
from sparknet.proto import caffe_pb2

__all__ = [
    "Extents",
    "Megabytes",
    "Setting",
    "extents",
    "master",
    "mean_of",
    "megabytes",
    "setting",
]

_MASTER = re.compile(
    r"yarn|local(\[(\d+|\*)(,\d+)?\])?|local-cluster\[\s*\d+\s*,\s*\d+\s*,\s*\d+\s*\]"
    r"|spark://[^:/]+:\d+(,[^:/]+:\d+)*|(k8s|mesos)://.+"
)
_UNITS = {"": 1.0, "m": 1.0, "g": 1024.0, "t": 1024.0**2}


class Extents(tuple[int, ...]):
    """A shape, or height and width."""


class Megabytes(int):
    """An amount of memory."""


class Setting(tuple[str, str]):
    """A name and a value."""


def extents(text: str) -> Extents:
    """``3,32,32`` or ``3x32x32``."""
    try:
        found = Extents(int(part) for part in re.split("[,x]", text))
    except ValueError:
        found = Extents()
    if not found or min(found) < 1:
        raise typer.BadParameter(f"'{text}' is not like 3,32,32")
    return found


def megabytes(text: str) -> Megabytes:
    """``1500``, ``1500m`` or ``1.5g``."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([mgt]?)b?", text.lower())
    amount = 0.0 if found is None else float(found[1]) * _UNITS[found[2]]
    if amount < 1:
        raise typer.BadParameter(f"'{text}' is not like 1500m or 2g")
    return Megabytes(amount)


def setting(text: str) -> Setting:
    """``key=value``."""
    key, sign, value = text.partition("=")
    if not key or not sign:
        raise typer.BadParameter(f"'{text}' is not like key=value")
    return Setting((key, value))


def master(text: str) -> str:
    """A URL of Spark's; what is none would end in a trace of its own."""
    if not _MASTER.fullmatch(text):
        raise typer.BadParameter(
            f"'{text}' is none of yarn, spark://host:port, k8s://..., local[N],"
            " local-cluster[N,C,M]"
        )
    return text


def mean_of(text: str, order: str | None = None) -> NDArray[np.float32]:
    """What is subtracted from items: numbers, or a file that has them.

    text: one number or one for each channel, ``104,117,123``; or the path of a .npy file, or of a
    .binaryproto, whose channels are blue, green, red as Caffe writes them. order: of the channels
    that the net takes; None: red, green, blue.
    """
    if text.endswith((".npy", ".binaryproto")):
        return _of_file(text, order)
    try:
        return np.array([float(part) for part in text.split(",")], dtype=np.float32)
    except ValueError:
        raise ArgumentError(
            f"--mean {text}: neither numbers, such as 104,117,123, nor a .npy or .binaryproto file"
        ) from None


def _of_file(path: str, order: str | None) -> NDArray[np.float32]:
    try:
        content = Path(path).read_bytes()
        if path.endswith(".npy"):
            loaded: Any = np.load(path, allow_pickle=False)
            return np.asarray(loaded, dtype=np.float32)
        blob = caffe_pb2.BlobProto.FromString(content)
        shape = list(blob.shape.dim) or [blob.num, blob.channels, blob.height, blob.width]
        mean = np.array(blob.data, dtype=np.float32).reshape(shape)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
    except (ValueError, DecodeError):
        raise ParseError(f"{path}: no mean is in it") from None
    mean = mean.reshape(mean.shape[-3:])
    return mean[::-1] if order != "bgr" and len(mean) == 3 else mean
