"""Packing items into blocks of bytes: the form in which data goes from Python to the JVM.

Runs in Spark's Python workers, where only NumPy is needed: the driver sends this module
along. Block, little-endian: int32 n, int32 dtype (0 = uint8, 1 = float32), n float32
labels, then the n items, row-major.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLOCK_BYTES", "apply", "block", "blocks", "mapped", "unblock"]

BLOCK_BYTES = 16 << 20

_UINT8, _FLOAT32 = 0, 1


def block(images: NDArray[Any], labels: NDArray[Any]) -> bytes:
    """One block. images: (n, ...) uint8 or numeric; labels: (n,)."""
    raw = images.dtype == np.uint8
    header = np.array([len(images), _UINT8 if raw else _FLOAT32], dtype="<i4")
    values = np.ascontiguousarray(images, dtype="u1" if raw else "<f4")
    return header.tobytes() + np.asarray(labels, dtype="<f4").tobytes() + values.tobytes()


def unblock(packed: bytes, shape: Sequence[int]) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """The items (n, ...) and labels (n,) of a block of items of ``shape``; they can be written."""
    count, kind = (int(value) for value in np.frombuffer(packed, "<i4", 2))
    labels = np.frombuffer(packed, "<f4", count, offset=8)
    values = np.frombuffer(packed, "u1" if kind == _UINT8 else "<f4", offset=8 + 4 * count)
    return values.reshape(count, *shape).copy(), labels.copy()


def apply(
    function: Callable[..., Any], images: NDArray[Any], labels: NDArray[np.float32]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """What a function makes of a batch, checked. ValueError says what is wrong with it."""
    result = function(images, labels)
    made, kept = result if isinstance(result, tuple) else (result, labels)
    made, kept = np.asarray(made), np.asarray(kept)
    name = getattr(function, "__name__", "the function")
    if made.ndim < 2 or made.dtype.kind not in "buif":
        raise ValueError(
            f"sparknet.data (INVALID_ARGUMENT): {name} returned {made.dtype} of shape {made.shape},"
            " not images (n, ...)"
        )
    if kept.shape != (len(made),):
        raise ValueError(
            f"sparknet.data (SHAPE): {name} returned {len(made)} images and labels of shape"
            f" {kept.shape}"
        )
    return made, kept


def mapped(packed: bytes, shape: Sequence[int], function: Callable[..., Any]) -> bytes:
    """A block of what a function makes of a block of items of ``shape``."""
    return block(*apply(function, *unblock(packed, shape)))


def blocks(
    items: Iterable[tuple[Any, Any]], shape: Sequence[int], raw: bool, limit: int = BLOCK_BYTES
) -> Iterator[bytes]:
    """The items of one partition as blocks of about ``limit`` bytes.

    items: pairs of an array of ``shape`` and a number. raw: keep uint8 (every item must
    have it), otherwise all become float32. Wrong items are a ValueError that says which.
    """
    size = int(np.prod(shape, dtype=np.int64)) * (1 if raw else 4)
    most = max(1, limit // max(1, size))
    arrays: list[NDArray[Any]] = []
    labels: list[float] = []
    for position, item in enumerate(items):
        array, label = _checked(item, position, tuple(shape), raw)
        arrays.append(array)
        labels.append(label)
        if len(arrays) == most:
            yield block(np.stack(arrays), np.array(labels))
            arrays, labels = [], []
    if arrays:
        yield block(np.stack(arrays), np.array(labels))


def _checked(
    item: Any, position: int, shape: tuple[int, ...], raw: bool
) -> tuple[NDArray[Any], float]:
    where = f"item {position} of its partition"
    try:
        values, label = item
        array = np.asarray(values)
        number = float(label)
    except (TypeError, ValueError):
        raise ValueError(
            f"sparknet.data (INVALID_ARGUMENT): {where} is not a pair (array, label)"
        ) from None
    if array.shape != shape:
        raise ValueError(
            f"sparknet.data (SHAPE): {where} has shape {array.shape}, expected {shape}"
        )
    if raw and array.dtype != np.uint8:
        raise ValueError(
            f"sparknet.data (INVALID_ARGUMENT): {where} is {array.dtype}, but the first item is"
            " uint8: give all items one type"
        )
    if not raw and array.dtype.kind not in "buif":
        raise ValueError(f"sparknet.data (INVALID_ARGUMENT): {where} is {array.dtype}: not numeric")
    return (array if raw else array.astype(np.float32)), number
