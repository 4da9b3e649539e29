"""A net's weights by layer name, and as the flat array in which they travel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparknet.errors import ShapeError
from sparknet.fields import did_you_mean

__all__ = ["Entry", "Layout", "Weights", "fitted"]

_SHOWN = 4  # So many layers at most in a line.


class Weights(dict[str, list[NDArray[np.float32]]]):
    """Layer name -> its parameter blobs, for most types the weights and the bias."""

    def __repr__(self) -> str:
        values = sum(blob.size for blobs in self.values() for blob in blobs)
        shown = [
            f"{name} {', '.join(str(blob.shape) for blob in blobs)}"
            for name, blobs in list(self.items())[:_SHOWN]
        ]
        if len(self) > _SHOWN:
            shown.append("...")
        return f"<Weights: {len(self)} layers, {values:,} values; {'; '.join(shown)}>"


class Entry(NamedTuple):
    """Where one parameter blob lies in the flat array. offset: in floats."""

    layer: str
    blob: int
    shape: tuple[int, ...]
    offset: int

    @property
    def size(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape, dtype=np.int64))


class Layout:
    """Names, shapes and offsets of all parameter blobs of a net."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self.count = sum(entry.size for entry in self.entries)

    def split(self, flat: NDArray[np.float32]) -> Weights:
        """Views of the flat array, by layer."""
        if flat.size != self.count:
            raise ShapeError(f"{flat.size} weights for a net of {self.count}")
        result = Weights()
        for entry in self.entries:
            values = flat[entry.offset : entry.offset + entry.size].reshape(entry.shape)
            result.setdefault(entry.layer, []).append(values)
        return result

    def join(self, weights: Mapping[str, Sequence[Any]]) -> NDArray[np.float32]:
        """The flat array of weights by layer; layers, blobs and shapes must be the net's."""
        shapes: dict[str, list[tuple[int, ...]]] = {}
        for entry in self.entries:
            shapes.setdefault(entry.layer, []).append(entry.shape)
        fitting = fitted(weights, shapes)
        flat = np.empty(self.count, dtype=np.float32)
        for entry in self.entries:
            values = fitting[entry.layer][entry.blob]
            flat[entry.offset : entry.offset + entry.size] = values.ravel()
        return flat


def fitted(
    weights: Mapping[str, Sequence[Any]], shapes: Mapping[str, Sequence[tuple[int, ...]]]
) -> Weights:
    """The weights as arrays of floats, if they are just those of a net.

    shapes: of the blobs of the net's layers. ShapeError names what is missing, unknown or of
    another shape, and the names that are near.
    """
    missing, extra = sorted(set(shapes) - set(weights)), sorted(set(weights) - set(shapes))
    if missing or extra:
        hint = did_you_mean(extra[0], missing or shapes) if extra else ""
        raise ShapeError(f"weights do not fit the net: missing {missing}, unknown {extra}{hint}")
    result = Weights()
    for layer, expected in shapes.items():
        blobs = weights[layer]
        if len(blobs) != len(expected):
            raise ShapeError(f"layer '{layer}' has {len(expected)} blobs, {len(blobs)} given")
        result[layer] = [np.asarray(blob, dtype=np.float32) for blob in blobs]
        for index, (values, shape) in enumerate(zip(result[layer], expected)):
            if values.shape != shape:
                raise ShapeError(
                    f"layer '{layer}', blob {index}: shape {values.shape} given,"
                    f" the net has {shape}"
                )
    return result
