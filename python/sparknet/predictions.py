"""What a trainer is asked about: items from frames and arrays, and what its net says of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from sparknet import data
from sparknet.data import Dataset
from sparknet.errors import ArgumentError, ShapeError

if TYPE_CHECKING:
    from sparknet.ml import CaffeModel

__all__ = ["in_order", "items", "model"]


@contextlib.contextmanager
def items(
    given: Any,
    labels: NDArray[Any] | None,
    shape: Sequence[int],
    parts: int,
    columns: Mapping[str, Any],
) -> Iterator[Dataset]:
    """What is given; or a data set of a DataFrame or of an array and its labels, which Spark keeps
    until the end.

    shape: of an item. parts: that arrays are dealt out to.
    columns: further arguments of ``data.from_dataframe``.
    """
    if isinstance(given, DataFrame):
        if labels is not None:
            raise ArgumentError("labels of a DataFrame are a column: pass its name, label=")
        made = data.from_dataframe(given, **{"shape": shape, **columns})
    elif isinstance(given, np.ndarray) and labels is not None:
        if given.shape[1:] != tuple(shape):
            raise ShapeError(
                f"items of shape {given.shape[1:]}, and those of the trainer have {tuple(shape)}"
            )
        made = data.from_numpy(given, labels, min(parts, len(given)))
    else:
        yield given
        return
    try:
        yield made
    finally:
        made.unpersist()


def model(java: Any, params: Mapping[str, Any]) -> CaffeModel:
    """A Java model in Python."""
    from sparknet import ml  # Spark ML, which training does without.

    made: CaffeModel = getattr(ml, str(java.getClass().getSimpleName()))(java)
    made.setParams(**params)
    return made


def in_order(
    said_by: CaffeModel, values: NDArray[np.float32], output: str, parts: int
) -> NDArray[Any]:
    """Values in the order of the items that ``items`` has dealt out; classes are whole numbers."""
    classes = hasattr(said_by, "num_classes") and output == said_by.getPredictionCol()
    result = np.empty(values.shape, dtype=np.int64 if classes else np.float32)
    done = 0
    for part in range(min(parts, len(values))):
        own = result[part::parts]
        own[:] = values[done : done + len(own)]
        done += len(own)
    return result
