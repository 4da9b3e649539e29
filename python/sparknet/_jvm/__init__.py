"""The seam between this package and the JVM.

The rest of the package knows these protocols only; ``py4j`` and ``pyjnius`` beside this
file are the only modules that import either transport, and each turns the JVM's exceptions
into ``sparknet.errors`` in one place. Tests put fakes here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sparknet.history import Round
from sparknet.weights import Layout

__all__ = ["DatasetHandle", "Floats", "Jvm", "TrainerHandle"]

Floats = NDArray[np.float32]


class DatasetHandle(Protocol):
    """A ``sparknet.data.Dataset`` in the JVM."""

    def count(self) -> int: ...

    def mean(self) -> Floats:
        """The mean item, flat."""

    def unpersist(self) -> None: ...


class TrainerHandle(Protocol):
    """A ``sparknet.train.Trainer`` in the JVM. mean: flat, one value per value of an item."""

    def set_train_data(self, data: Any, mean: Floats | None, scale: float | None) -> None: ...

    def set_test_data(self, data: Any, mean: Floats | None, scale: float | None) -> None: ...

    def broadcast(self) -> None: ...

    def train(self, tau: int) -> Round: ...

    def average(self) -> None: ...

    def test(self) -> dict[str, float]: ...

    def layout(self) -> Layout: ...

    def weights(self) -> Floats: ...

    def set_weights(self, flat: Floats) -> None: ...

    def iteration(self) -> int: ...

    def snapshot(self, prefix: str) -> list[str]: ...

    def restore(self, solverstate: str) -> None: ...

    def load_weights(self, caffemodel: str) -> None: ...

    def cancel(self) -> None:
        """Ends running jobs; the trainer stays usable."""

    def close(self) -> None: ...


class Jvm(Protocol):
    """What can be made in the JVM of a Spark session."""

    def cifar(self, directory: str, train: bool, partitions: int) -> DatasetHandle: ...

    def from_packed(self, packed: Any, shape: Sequence[int]) -> DatasetHandle: ...

    def from_dataframe(
        self, frame: Any, features: str, label: str, shape: Sequence[int]
    ) -> DatasetHandle: ...

    def trainer(self, solver: bytes, workers: int, options: Mapping[str, Any]) -> TrainerHandle: ...

    def replace_data_layers(
        self, net: bytes, train_batch: int, test_batch: int, shape: Sequence[int]
    ) -> bytes:
        """The serialised net with JavaData layers in place of its first two layers."""
