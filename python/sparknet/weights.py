"""A net's weights by layer name, and as the flat array in which they travel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparknet.errors import ShapeError

__all__ = ["Entry", "Layout", "Weights"]

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
        names = {entry.layer for entry in self.entries}
        if set(weights) != names:
            missing, extra = sorted(names - set(weights)), sorted(set(weights) - names)
            raise ShapeError(f"weights do not fit the net: missing {missing}, unknown {extra}")
        flat = np.empty(self.count, dtype=np.float32)
        for entry in self.entries:
            blobs = weights[entry.layer]
            blobs_of_net = sum(other.layer == entry.layer for other in self.entries)
            if len(blobs) != blobs_of_net:
                raise ShapeError(
                    f"layer '{entry.layer}' has {blobs_of_net} blobs, {len(blobs)} given"
                )
            values = np.asarray(blobs[entry.blob], dtype=np.float32)
            if values.shape != entry.shape:
                raise ShapeError(
                    f"layer '{entry.layer}', blob {entry.blob}: shape {values.shape} given,"
                    f" the net has {entry.shape}"
                )
            flat[entry.offset : entry.offset + entry.size] = values.ravel()
        return flat
