"""The seam between this package and the JVM.

The rest of the package knows these protocols only; ``py4j`` and ``pyjnius`` beside this
file are the only modules that import either transport, and each turns the JVM's exceptions
into ``sparknet.errors`` in one place. Tests put fakes here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Union

import numpy as np
from numpy.typing import NDArray

from sparknet.history import Evaluation, Round
from sparknet.notices import Notice
from sparknet.proto import caffe_pb2
from sparknet.summary import Built
from sparknet.weights import Layout

__all__ = [
    "DatasetHandle",
    "Event",
    "FitHandle",
    "Floats",
    "Jvm",
    "Kept",
    "Plan",
    "Resumed",
    "TrainerHandle",
    "UploadHandle",
    "View",
    "Watch",
    "Watched",
]

Floats = NDArray[np.float32]


class Plan(NamedTuple):
    """A run. options: those of ``sparknet.train.Answers.fit`` that the user has set.

    solver: says how long a run without ``rounds`` and ``images`` is, and what comes between its
    rounds; it has no nets, and is empty where options say how long the run is. watches: what
    looks for the best value of a metric.
    """

    solver: caffe_pb2.SolverParameter
    options: Mapping[str, Any]
    watches: Sequence[Watch] = ()


class Watch(NamedTuple):
    """A ``sparknet.train.Watch`` in the JVM; kind: its class; patience: None for one without."""

    kind: str
    metric: str
    min_delta: float
    mode: str
    patience: int | None


class Watched(NamedTuple):
    """What a watch has found. best: None before the first value; stopped: whether it has ended
    the run."""

    best: float | None
    iteration: int
    stopped: bool


class Resumed(NamedTuple):
    """A run with checkpoints has begun; rounds, images: what it had done before."""

    iteration: int
    rounds: int
    images: int


class Kept(NamedTuple):
    """A checkpoint has been written."""

    place: str


# What a run did: a round, a test, a snapshot at these places, a checkpoint, or nothing, as nothing
# was left; and how one with checkpoints has begun.
Event = Union[Round, Evaluation, list[str], Resumed, Kept, None]


@dataclass(frozen=True)
class View:
    """How a net sees items: (item - mean) * scale, cropped and mirrored.

    mean: flat, one value per value of an item. crop: (height, width) of the part that the net
    gets, at a random place in training and the centre in tests. mirror: every other training
    item, at random.
    """

    mean: Floats | None = None
    scale: float | None = None
    crop: tuple[int, int] | None = None
    mirror: bool = False


class DatasetHandle(Protocol):
    """A ``sparknet.data.Dataset`` in the JVM."""

    def count(self) -> int: ...

    def mean(self) -> Floats:
        """The mean item, flat."""

    def shape(self) -> tuple[int, ...]:
        """Extents of an item."""

    def packed(self) -> Any:
        """The items as a Java RDD of the blocks that ``sparknet.pack`` reads."""

    def persist(self, storage: str) -> None: ...

    def unpersist(self) -> None: ...

    def notices(self) -> list[Notice]:
        """What there is to tell of the data since the last call."""


class TrainerHandle(Protocol):
    """A ``sparknet.train.Trainer`` in the JVM."""

    def set_train_data(self, data: Any, view: View) -> None: ...

    def set_test_data(self, data: Any, view: View) -> None: ...

    def broadcast(self) -> None: ...

    def train(self, tau: int) -> Round: ...

    def train_for(self, seconds: float) -> Round: ...

    def average(self) -> Round | None:
        """The round with its average; None: all hosts were lost, and it counts for nothing."""

    def test(self) -> Evaluation: ...

    def fit(self, plan: Plan) -> FitHandle:
        """Begins a run. Raises unless snapshots can be written under the prefix, and
        checkpoints to their folder."""

    def layout(self) -> Layout: ...

    def weights(self) -> Floats: ...

    def set_weights(self, flat: Floats) -> None: ...

    def iteration(self) -> int: ...

    def learning_rate(self) -> float: ...

    def set_learning_rate(self, rate: float | None) -> None:
        """None: as the solver's policy says."""

    def snapshot(self, prefix: str) -> list[str]:
        """Paths, here and below, are seen from this process."""

    def restore(self, solverstate: str) -> str:
        """One line that says what was taken."""

    def load_weights(self, caffemodel: str) -> str:
        """One line that says what was taken."""

    def model(self, net: bytes, shape: Sequence[int], view: View) -> Any:
        """The net with its weights as they are, as a Java model of ``sparknet.ml``.

        net: the one that is trained. shape: of items before they are cropped.
        """

    def said(self, model: Any, data: Any, output: str) -> Floats:
        """What such a model says of each item of a data set: (n, ...)."""

    def notices(self) -> list[Notice]:
        """What there is to tell since the last call; waits for nothing."""

    def without_bars(self) -> AbstractContextManager[None]:
        """Spark draws no bars of its own on the terminal inside."""

    def cancel(self) -> None:
        """Ends the trainer's running jobs; it stays usable."""

    def close(self) -> None: ...


class FitHandle(Protocol):
    """A ``sparknet.train.Fit`` in the JVM: the loop, one thing at a time."""

    def next(self) -> Event:
        """Does the next thing there is to do."""

    def stop(self) -> None:
        """Lets no other round begin; from any thread."""

    def tau(self) -> int: ...

    def set_tau(self, steps: int) -> None: ...

    def watched(self, index: int) -> Watched:
        """What the plan's watch of this number has found."""

    def notices(self) -> list[Notice]:
        """What came with answers since the last call; the JVM is not asked."""


class UploadHandle(Protocol):
    """A running ``sparknet.io.Uploads`` in the JVM."""

    def wait(self, seconds: float) -> bool:
        """Whether all is done, after at most so long; raises what stopped it."""

    def done_bytes(self) -> int: ...

    def copied_files(self) -> int: ...

    def close(self) -> None:
        """Stops what is still running."""


class Jvm(Protocol):
    """What can be made in the JVM of a Spark session."""

    def cifar(self, directory: str, train: bool, partitions: int) -> DatasetHandle: ...

    def images(
        self, files: str, labels: str | None, options: Mapping[str, Any]
    ) -> DatasetHandle: ...

    def from_packed(self, packed: Any, shape: Sequence[int]) -> DatasetHandle: ...

    def from_blocks(self, blocks: Iterable[bytes], shape: Sequence[int]) -> DatasetHandle:
        """A partition for each block."""

    def from_dataframe(
        self,
        frame: Any,
        features: Sequence[tuple[str, Sequence[int]]],
        label: str | None,
        options: Mapping[str, Any],
    ) -> DatasetHandle:
        """features: columns and the shape of each, () for a number."""

    def slots(self) -> int:
        """Tasks that the cluster runs at a time."""

    def trainer(self, solver: bytes, workers: int, options: Mapping[str, Any]) -> TrainerHandle: ...

    def built(self, net: bytes, phase: int) -> Built:
        """What the engine makes of a serialised net. phase: TRAIN 0, TEST 1, the net's own -1."""

    def read(self, prototxt: bytes, solver: bool, name: str) -> bytes:
        """The serialised solver or net of a prototxt, with Caffe's old forms made new. name: what
        errors call it, such as the file's path."""

    def upload(
        self,
        files: Sequence[str],
        target: str,
        threads: int,
        settings: Mapping[str, str],
        overwrite: bool,
    ) -> UploadHandle:
        """Begins to copy local files to a folder of a Hadoop file system; settings: Hadoop's."""
