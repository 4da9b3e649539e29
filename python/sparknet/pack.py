"""Packing items into blocks of bytes: the form in which data goes from Python to the JVM.

Runs in Spark's Python workers, where only NumPy is needed: the driver sends this module
along. Block, little-endian: int32 n, int32 dtype (0 = uint8, 1 = float32), n float32
labels, then the n items, row-major. Of dtype 2 it is what came of a function that failed: n
bytes of text, the name of a status, ": " and why.

What a function of the user's raises is a result: a task that failed would be run again and
again. Errors of input and output are raised, for Spark to try again.
"""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLOCK_BYTES", "Fault", "apply", "block", "blocks", "first", "mapped", "unblock"]

BLOCK_BYTES = 16 << 20

_UINT8, _FLOAT32, _FAILED = 0, 1, 2

Fault = tuple[str, str]  # The name of a status, and a message.
_OF_SPARK = (OSError, EOFError, MemoryError)
_OURS = "sparknet.data ("


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
    try:
        return block(*apply(function, *unblock(packed, shape)))
    except _OF_SPARK:
        raise
    except Exception as error:
        return _failed(_fault(error))


def blocks(
    items: Iterable[tuple[Any, Any]], shape: Sequence[int], raw: bool, limit: int = BLOCK_BYTES
) -> Iterator[bytes]:
    """The items of one partition as blocks of about ``limit`` bytes.

    items: pairs of an array of ``shape`` and a number. raw: keep uint8 (every item must
    have it), otherwise all become float32. The last block says which item is wrong, or what
    failed to make one.
    """
    try:
        yield from _packed(items, shape, raw, limit)
    except _OF_SPARK:
        raise
    except Exception as error:
        yield _failed(_fault(error))


def first(items: Iterable[Any]) -> list[tuple[Any, Fault | None]]:
    """The first item of a partition, if there is one, or why it cannot be made."""
    try:
        return [(item, None) for item in itertools.islice(items, 1)]
    except _OF_SPARK:
        raise
    except Exception as error:
        return [(None, _fault(error))]


def _fault(error: Exception) -> Fault:
    text = str(error)
    if text.startswith(_OURS):
        code, message = text[len(_OURS) :].split("): ", 1)
        return code, message
    lines = traceback.format_exception_only(type(error), error)
    raised = next(line for line in lines if not line.startswith(" ")).strip()
    return "CALLBACK", f"a Python function on an executor failed: {raised}"


def _failed(fault: Fault) -> bytes:
    text = ": ".join(fault).encode()
    return np.array([len(text), _FAILED], dtype="<i4").tobytes() + text


def _packed(
    items: Iterable[tuple[Any, Any]], shape: Sequence[int], raw: bool, limit: int
) -> Iterator[bytes]:
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
