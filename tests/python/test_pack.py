"""Blocks hold what went in, byte for byte, and wrong items are named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sparknet import pack

pytestmark = pytest.mark.unit


def unpacked(block: bytes, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Reads a block by the format's description."""
    n, dtype = np.frombuffer(block, "<i4", 2)
    labels = np.frombuffer(block, "<f4", n, offset=8)
    kind = {0: "u1", 1: "<f4"}[int(dtype)]
    values = np.frombuffer(block, kind, offset=8 + 4 * n)
    return values.reshape(n, *shape), labels


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_round_trip(dtype: type) -> None:
    images = np.random.default_rng(1).integers(0, 256, (7, 3, 4, 5)).astype(dtype)
    labels = np.arange(7)
    values, numbers = unpacked(pack.block(images, labels), (3, 4, 5))
    assert values.dtype == dtype
    np.testing.assert_array_equal(values, images)
    np.testing.assert_array_equal(numbers, labels)


def test_non_contiguous_and_wider_types_become_float32() -> None:
    images = np.arange(24, dtype=np.float64).reshape(2, 3, 4).transpose(0, 2, 1)
    values, _ = unpacked(pack.block(images, np.zeros(2)), (4, 3))
    np.testing.assert_array_equal(values, images.astype(np.float32))


def test_partition_is_cut_into_blocks_of_the_limit() -> None:
    items = [(np.full((2, 5), i, np.uint8), i) for i in range(7)]
    blocks = list(pack.blocks(iter(items), (2, 5), raw=True, limit=30))
    assert [len(unpacked(block, (2, 5))[1]) for block in blocks] == [3, 3, 1]
    labels = np.concatenate([unpacked(block, (2, 5))[1] for block in blocks])
    np.testing.assert_array_equal(labels, np.arange(7))


def test_an_empty_partition_gives_no_block() -> None:
    assert list(pack.blocks(iter([]), (2,), raw=False)) == []


def test_items_larger_than_the_limit_go_one_by_one() -> None:
    items = [(np.zeros(100, np.float32), 0)] * 2
    assert len(list(pack.blocks(items, (100,), raw=False, limit=8))) == 2


def test_lists_and_integers_are_numeric_too() -> None:
    (block,) = pack.blocks([([1, 2], 3), ([True, False], 4)], (2,), raw=False)
    values, labels = unpacked(block, (2,))
    np.testing.assert_array_equal(values, [[1, 2], [1, 0]])
    np.testing.assert_array_equal(labels, [3, 4])


@pytest.mark.parametrize(
    ("item", "raw", "code", "reason"),
    [
        ((np.zeros((2, 2), np.uint8), 0), True, "SHAPE", r"item 1 .*\(2, 2\), expected \(3,\)"),
        ((np.zeros(3, np.float32), 0), True, "INVALID_ARGUMENT", "item 1 .*float32.*uint8"),
        ((np.array(["a", "b", "c"]), 0), False, "INVALID_ARGUMENT", "not numeric"),
        (np.zeros(3, np.uint8), True, "INVALID_ARGUMENT", "not a pair"),
        ((np.zeros(3, np.uint8), "cat"), True, "INVALID_ARGUMENT", "not a pair"),
    ],
)
def test_wrong_items(item: object, raw: bool, code: str, reason: str) -> None:
    good = (np.zeros(3, np.uint8 if raw else np.float32), 1)
    first, last = pack.blocks([good, item, good], (3,), raw=raw, limit=1)
    assert len(unpacked(first, (3,))[1]) == 1
    assert re.match(f"{code}: .*{reason}", fault(last))


def fault(block: bytes) -> str:
    """The text of a block that stands for a failure, by the format's description."""
    n, dtype = np.frombuffer(block, "<i4", 2)
    assert (dtype, len(block)) == (2, 8 + n)
    return block[8:].decode()


def items(error: Exception) -> Iterator[tuple[np.ndarray, int]]:
    yield np.zeros(3, np.float32), 1
    raise error


FAILED = "CALLBACK: a Python function on an executor failed: "


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyError("no such colour"), "KeyError: 'no such colour'"),
        (np.linalg.LinAlgError("singular"), "numpy.linalg.*LinAlgError: singular"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_what_a_function_raises_is_a_result(error: Exception, told: str) -> None:
    def function(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        raise error

    block = pack.block(np.zeros((2, 3), np.uint8), np.zeros(2))
    assert re.fullmatch(FAILED + told, fault(pack.mapped(block, (3,), function)))
    (last,) = pack.blocks(items(error), (3,), raw=False)
    assert re.fullmatch(FAILED + told, fault(last))
    ((first, none),) = pack.first(items(error))
    assert (first[1], none) == (1, None)
    ((_, (code, message)),) = pack.first(items_of(function))
    assert re.fullmatch(FAILED + told, f"{code}: {message}")


def items_of(function: Any) -> Iterator[Any]:
    yield function(None, None)


@pytest.mark.parametrize("error", [ConnectionResetError(), EOFError(), MemoryError()])
def test_what_input_and_output_raise_is_spark_s(error: Exception) -> None:
    def function(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        raise error

    with pytest.raises(type(error)):
        pack.mapped(pack.block(np.zeros((2, 3), np.uint8), np.zeros(2)), (3,), function)
    with pytest.raises(type(error)):
        list(pack.blocks(items(error), (3,), raw=False))
    with pytest.raises(type(error)):
        pack.first(items_of(function))


def double(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([images, images]), np.concatenate([labels, labels])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_mapped_blocks_hold_what_a_function_returns(dtype: type) -> None:
    images = np.random.default_rng(1).integers(0, 256, (7, 3, 4, 5)).astype(dtype)
    block = pack.block(images, np.arange(7))
    values, labels = unpacked(pack.mapped(block, (3, 4, 5), lambda x, y: x[:, ::2]), (2, 4, 5))
    assert values.dtype == dtype
    np.testing.assert_array_equal(values, images[:, ::2])
    np.testing.assert_array_equal(labels, np.arange(7))
    values, labels = unpacked(pack.mapped(block, (3, 4, 5), double), (3, 4, 5))
    np.testing.assert_array_equal(values[7:], images)
    np.testing.assert_array_equal(labels, [*range(7), *range(7)])


def test_functions_may_write_into_their_batch() -> None:
    def darken(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        images //= 2
        labels += 1
        return images

    block = pack.block(np.full((2, 3), 8, np.uint8), np.array([1, 2]))
    values, labels = unpacked(pack.mapped(block, (3,), darken), (3,))
    np.testing.assert_array_equal(values, np.full((2, 3), 4))
    np.testing.assert_array_equal(labels, [2, 3])


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x, y: None, "INVALID_ARGUMENT.*returned object"),
        (lambda x, y: x[:, 0], "INVALID_ARGUMENT.*not images"),
        (lambda x, y: x[:1], "SHAPE.*1 images and labels of shape"),
        (lambda x, y: (x, y[:, None]), "SHAPE"),
    ],
)
def test_functions_that_return_something_else(function: Any, reason: str) -> None:
    block = pack.block(np.zeros((2, 3), np.uint8), np.zeros(2))
    assert re.search(reason, fault(pack.mapped(block, (3,), function)))
    with pytest.raises(ValueError, match=reason):
        pack.apply(function, np.zeros((2, 3), np.uint8), np.zeros(2))
