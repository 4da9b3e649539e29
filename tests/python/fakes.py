"""A JVM that is not there: what the trainer asked for, and answers that follow from it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from google.protobuf import text_format

from sparknet._jvm import Event, Floats, Plan, View, Watched
from sparknet.errors import ArgumentError, SparkNetError
from sparknet.history import Evaluation, Round, Turn
from sparknet.notices import Notice
from sparknet.proto import caffe_pb2
from sparknet.weights import Entry, Layout

LAYOUT = Layout([Entry("ip", 0, (2, 3), 0), Entry("ip", 1, (2,), 6)])


class FakeDataset:
    def __init__(self, items: int) -> None:
        self.items = items

    def count(self) -> int:
        return self.items

    def mean(self) -> Floats:
        return np.full(4, 0.5, dtype=np.float32)

    def unpersist(self) -> None:
        self.items = 0

    def notices(self) -> list[Notice]:
        return []


class FakeFit:
    """A run that was written down before; told: what came with each event."""

    def __init__(
        self, plan: Plan, events: list[Event | BaseException], told: list[list[Notice]]
    ) -> None:
        self.events = [*events, None]
        self.told = told
        self.stopped = False
        self.steps = plan.options["tau"]
        self.found = Watched(None, 0, False)  # The same for all watches.

    def next(self) -> Event:
        event = self.events.pop(0)
        while self.stopped and isinstance(event, Round):
            event = self.events.pop(0)
        if isinstance(event, BaseException):
            raise event
        if isinstance(event, Evaluation):
            self.found = Watched(event.scores["accuracy"], event.iteration, False)
        return event

    def stop(self) -> None:
        self.stopped = True

    def tau(self) -> int:
        return self.steps

    def set_tau(self, steps: int) -> None:
        if steps < 1:
            raise ArgumentError(f"tau must be at least 1, not {steps}")
        self.steps = steps

    def watched(self, index: int) -> Watched:
        return self.found

    def notices(self) -> list[Notice]:
        return self.told.pop(0) if self.told else []


class FakeTrainer:
    """Trains a net of 8 weights: each step adds 1 to all of them, on 10 images a worker."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.calls: list[str] = []
        self.given: dict[str, Any] = {}
        self.current = np.zeros(LAYOUT.count, dtype=np.float32)
        self.steps = 0
        self.pending = 0
        self.round = Round(0, 0.0, 0, 0.0, workers)
        self.loses_round = False
        self.bars = True  # Spark's own.
        self.rate: float | None = None
        self.runs: list[Event | BaseException] = []
        self.refuses_prefix: SparkNetError | None = None
        self.told: list[Notice] = []  # The next time that it is asked.
        self.told_in_run: list[list[Notice]] = []

    def set_train_data(self, data: Any, view: View) -> None:
        self.given["train"] = (data, view)

    def set_test_data(self, data: Any, view: View) -> None:
        self.given["test"] = (data, view)

    def broadcast(self) -> None:
        self.calls.append("broadcast")

    def train(self, tau: int) -> Round:
        self.calls.append(f"train {tau}")
        self.pending = tau
        loss = 1 / (1 + self.steps)
        self.round = Round(self.steps + tau, loss, 10 * tau * self.workers, 0.5, self.workers)
        return self.round

    def train_for(self, seconds: float) -> Round:
        self.calls.append(f"train for {seconds}")
        self.round = Round(self.steps + 1, 1.0, 10, seconds, self.workers)
        return self.round

    def average(self) -> Round | None:
        self.calls.append("average")
        self.current = self.current + np.float32(self.pending)
        self.steps += self.pending
        if self.loses_round:
            return None
        turn = Turn(0, "1", 1, self.round.images, 0.25, 0.0, 0.5, 0.125)
        return self.round._replace(turns=(turn,))

    def test(self) -> Evaluation:
        self.calls.append("test")
        return Evaluation(self.steps, {"accuracy": min(1.0, self.steps / 100), "loss": 0.25})

    def fit(self, plan: Plan) -> FakeFit:
        self.calls.append("fit")
        self.given["plan"] = plan
        if self.refuses_prefix is not None:
            raise self.refuses_prefix
        return FakeFit(plan, self.runs, self.told_in_run)

    def layout(self) -> Layout:
        return LAYOUT

    def weights(self) -> Floats:
        return self.current.copy()

    def set_weights(self, flat: Floats) -> None:
        self.current = flat

    def iteration(self) -> int:
        return self.steps

    def learning_rate(self) -> float:
        return 0.1 if self.rate is None else self.rate

    def set_learning_rate(self, rate: float | None) -> None:
        self.calls.append(f"rate {rate}")
        self.rate = rate

    def snapshot(self, prefix: str) -> list[str]:
        self.calls.append(f"snapshot {prefix}")
        stem = f"{prefix}_iter_{self.steps}"
        return [f"{stem}.caffemodel", f"{stem}.solverstate"]

    def restore(self, solverstate: str) -> str:
        self.calls.append(f"restore {solverstate}")
        return f"{solverstate}: all"

    def load_weights(self, caffemodel: str) -> str:
        self.calls.append(f"load {caffemodel}")
        return f"{caffemodel}: some"

    def model(self, net: bytes, shape: Sequence[int], view: View) -> Any:
        raise NotImplementedError("nothing stands for Spark ML")

    def said(self, model: Any, data: Any, output: str) -> Floats:
        raise NotImplementedError("nothing stands for Spark ML")

    def notices(self) -> list[Notice]:
        told, self.told = self.told, []
        return told

    @contextlib.contextmanager
    def without_bars(self) -> Iterator[None]:
        self.bars = False
        yield
        self.bars = True

    def cancel(self) -> None:
        self.calls.append("cancel")

    def close(self) -> None:
        self.calls.append("close")


class FakeJvm:
    def __init__(self) -> None:
        self.made: FakeTrainer | None = None
        self.solver = b""
        self.options: dict[str, Any] = {}
        self.texts: list[str] = []
        self.refuses: SparkNetError | None = None
        self.cluster_slots = 2

    def cifar(self, directory: str, train: bool, partitions: int) -> FakeDataset:
        return FakeDataset(50_000 if train else 10_000)

    def from_packed(self, packed: Any, shape: Sequence[int]) -> FakeDataset:
        return FakeDataset(len(packed))

    def from_blocks(self, blocks: Iterable[bytes], shape: Sequence[int]) -> FakeDataset:
        return FakeDataset(len(list(blocks)))

    def from_dataframe(
        self,
        frame: Any,
        features: Sequence[tuple[str, Sequence[int]]],
        label: str | None,
        options: Mapping[str, Any],
    ) -> FakeDataset:
        return FakeDataset(len(frame))

    def slots(self) -> int:
        return self.cluster_slots

    def trainer(self, solver: bytes, workers: int, options: Mapping[str, Any]) -> FakeTrainer:
        if self.refuses is not None:
            raise self.refuses
        self.solver, self.options = solver, dict(options)
        self.made = FakeTrainer(workers)
        return self.made

    def read(self, prototxt: bytes, solver: bool, name: str) -> bytes:
        self.texts.append(prototxt.decode())
        kind = caffe_pb2.SolverParameter if solver else caffe_pb2.NetParameter
        return text_format.Parse(prototxt, kind()).SerializeToString()
