"""The JVM of a Spark session, over Py4J."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from pyspark.sql import SparkSession

from sparknet import jar, sparks, transfer, version
from sparknet._jvm import DatasetHandle, Event, Floats, Plan, View, Watch, Watched
from sparknet._jvm.answers import notices, parse, told, watched
from sparknet._jvm.calls import call, ending_jobs
from sparknet.errors import SetupError, StateError
from sparknet.history import Evaluation, Round
from sparknet.notices import Notice, telling
from sparknet.proto import caffe_pb2
from sparknet.sparks import Spark
from sparknet.summary import Built
from sparknet.weights import Entry, Layout

__all__ = ["Py4JJvm"]

_OR_OURS = "(spark-submit or pyspark), or create the session with sparknet.session()"


class Py4JJvm:
    """The classes of the jar, as the driver of a session sees them."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark_context = spark.sparkContext
        self._context = spark.sparkContext._jsc
        self._gateway: Any = spark.sparkContext._gateway
        jvm: Any = spark.sparkContext._jvm
        self.jvm = jvm
        self._check_jar()
        call(self.jvm.sparknet.io.EngineNotices, "keep")

    def cifar(self, directory: str, train: bool, partitions: int) -> DatasetHandle:
        dataset = self.jvm.sparknet.data.Dataset
        place = self.place(directory)
        return _Dataset(self, call(dataset, "cifar", self._context, place, train, partitions))

    def images(self, files: str, labels: str | None, options: Mapping[str, Any]) -> DatasetHandle:
        dataset = self.jvm.sparknet.data.Dataset
        places = (self.place(files), None if labels is None else self.place(labels))
        chosen = self.map(options)
        return _Dataset(self, call(dataset, "fromImageFiles", self._context, *places, chosen))

    def from_packed(self, packed: Any, shape: Sequence[int]) -> DatasetHandle:
        dataset = self.jvm.sparknet.data.Dataset
        return _Dataset(self, call(dataset, "fromPacked", packed, self.ints(shape)))

    def from_blocks(self, blocks: Iterable[bytes], shape: Sequence[int]) -> DatasetHandle:
        files = self.jvm.java.util.ArrayList()
        for block in blocks:
            folder = str(call(self.jvm.sparknet.io.BulkTransfer, "directory", len(block)))
            files.add(transfer.write_bytes(block, folder))
        dataset, ints = self.jvm.sparknet.data.Dataset, self.ints(shape)
        return _Dataset(self, call(dataset, "fromPackedFiles", self._context, files, ints))

    def from_dataframe(
        self,
        frame: Any,
        features: Sequence[tuple[str, Sequence[int]]],
        label: str | None,
        options: Mapping[str, Any],
    ) -> DatasetHandle:
        dataset = self.jvm.sparknet.data.Dataset
        names, shapes = self.jvm.java.util.ArrayList(), self.jvm.java.util.ArrayList()
        for name, shape in features:
            names.add(name)
            shapes.add(self.ints(shape))
        given = (names, shapes, label, self.map(options))
        return _Dataset(self, call(dataset, "fromDataFrame", frame._jdf, *given))

    def slots(self) -> int:
        return int(call(self.jvm.sparknet.train.Answers, "slots", self._context))

    def trainer(self, solver: bytes, workers: int, options: Mapping[str, Any]) -> _Trainer:
        answers = self.jvm.sparknet.train.Answers
        chosen = self.map(options)
        return _Trainer(self, call(answers, "newTrainer", self._context, solver, workers, chosen))

    def built(self, net: bytes, phase: int) -> Built:
        with telling(self):
            native = call(self.jvm.sparknet.jna.NativeNet, "fromBytes", net, phase)
        try:
            described = caffe_pb2.NetParameter.FromString(
                bytes(call(call(native, "proto"), "toByteArray"))
            )
            shapes = {}
            for index, name in enumerate(call(native, "blobNames")):
                extents = call(call(native, "blob", index), "shape")
                shapes[str(name)] = tuple(int(extent) for extent in extents)
        finally:
            call(native, "close")
        return Built(described, shapes)

    def read(self, prototxt: bytes, solver: bool, name: str) -> bytes:
        method = "solverBytes" if solver else "netBytes"
        with telling(self):
            return bytes(call(self.jvm.sparknet.jna.Engine, method, prototxt, name))

    def notices(self) -> list[Notice]:
        """What the engine in the driver's JVM has told since the last call."""
        return notices(str(call(self.jvm.sparknet.io.EngineNotices, "take")))

    def upload(
        self,
        files: Sequence[str],
        target: str,
        threads: int,
        settings: Mapping[str, str],
        overwrite: bool,
    ) -> _Upload:
        listed, chosen = self.jvm.java.util.ArrayList(), self.jvm.java.util.HashMap()
        for file in files:
            listed.add(file)
        for key, value in settings.items():
            chosen.put(key, value)
        uploads = self.jvm.sparknet.io.Uploads
        args = (listed, target, threads, overwrite, chosen)
        return _Upload(call(uploads, "start", self._context, *args))

    def warnings_only(self) -> None:
        """The driver's engine logs warnings and errors, and nothing about what goes well."""
        call(self.jvm.sparknet.jna.Engine, "logTo", None, 1)

    def place(self, given: str) -> str:
        """A path or URI as it is for the JVM, whose working directory may be another."""
        return str(call(self.jvm.sparknet.io.Places, "absolute", given, os.getcwd()))

    def fetch(self, array: Any) -> Floats:
        """The values of a Java float[]."""
        return transfer.read(str(call(self.jvm.sparknet.io.BulkTransfer, "write", array)))

    def send(self, values: Floats) -> Any:
        """A Java float[] with the values."""
        bulk = self.jvm.sparknet.io.BulkTransfer
        folder = str(call(bulk, "directory", values.nbytes))
        return call(bulk, "read", transfer.write(values, folder))

    def preprocessing(self, view: View) -> Any:
        data = self.jvm.sparknet.data
        steps = []
        if view.mean is not None:
            steps.append(data.MeanSubtraction(self.send(view.mean)))
        if view.scale is not None:
            steps.append(data.Scaling(float(view.scale)))
        if not steps:
            return data.Identity()
        return steps[0] if len(steps) == 1 else data.Chain(*steps)

    def augmentation(self, view: View) -> Any:
        height, width = view.crop if view.crop is not None else (0, 0)
        return call(self.jvm.sparknet.data, "Augmentation", height, width, view.mirror)

    def _check_jar(self) -> None:
        """That there is a jar, of this package's version, for this Spark."""
        loader = self.jvm.java.lang.Thread.currentThread().getContextClassLoader()
        stream = loader.getResourceAsStream("sparknet/version.properties")
        if stream is None:
            raise SetupError(_missing_jar(sparks.running(self.spark_context)))
        properties = self.jvm.java.util.Properties()
        properties.load(stream)
        stream.close()
        found = properties.getProperty("version")
        version.check(None if found is None else str(found))
        misfit = call(self.jvm.sparknet.spark.BuiltFor, "mismatch")
        if misfit is not None:
            raise SetupError(f"{misfit}: {_other_jar(sparks.running(self.spark_context))}")

    def map(self, values: Mapping[str, Any]) -> Any:
        """A Java map."""
        result = self.jvm.java.util.HashMap()
        for name, value in values.items():
            result.put(name, value.item() if isinstance(value, np.generic) else value)
        return result

    def strings(self, values: Sequence[str]) -> Any:
        """A Java String[]."""
        return self._array(self.jvm.java.lang.String, values)

    def ints(self, values: Sequence[int]) -> Any:
        """A Java int[]."""
        return self._array(self.jvm.int, [int(value) for value in values])

    def _array(self, kind: Any, values: Sequence[Any]) -> Any:
        array = self._gateway.new_array(kind, len(values))
        for index, value in enumerate(values):
            array[index] = value
        return array


class _Dataset:
    def __init__(self, jvm: Py4JJvm, java: Any) -> None:
        self._jvm = jvm
        self.java = java
        self._notices = call(java, "notices")
        call(self._notices, "keep")

    def count(self) -> int:
        return int(self._computed("count"))

    def mean(self) -> Floats:
        return self._jvm.fetch(self._computed("mean"))

    def shape(self) -> tuple[int, ...]:
        return tuple(int(extent) for extent in call(self.java, "shape"))

    def packed(self) -> Any:
        return self._computed("packed")

    def _computed(self, method: str) -> Any:
        with ending_jobs(self._jvm.spark_context):
            return call(self.java, method)

    def persist(self, storage: str) -> None:
        call(self.java, "persist", storage)

    def unpersist(self) -> None:
        call(self.java, "unpersist")

    def notices(self) -> list[Notice]:
        return notices(str(call(self._notices, "take")))


class _Trainer:
    """``answers`` says in one call what ``java`` would give to look at in several."""

    def __init__(self, jvm: Py4JJvm, java: Any) -> None:
        self._jvm = jvm
        self._java = java
        self._answers = call(jvm.jvm.sparknet.train, "Answers", java)

    def set_train_data(self, data: Any, view: View) -> None:
        self._set("setTrainData", data, view)

    def set_test_data(self, data: Any, view: View) -> None:
        self._set("setTestData", data, view)

    def _set(self, method: str, data: Any, view: View) -> None:
        preprocessing = self._jvm.preprocessing(view)
        call(self._java, method, data.java, preprocessing, self._jvm.augmentation(view))

    def broadcast(self) -> None:
        call(self._java, "broadcast")

    def train(self, tau: int) -> Round:
        return self._round("train", tau)

    def train_for(self, seconds: float) -> Round:
        return self._round("trainFor", float(seconds))

    def _round(self, method: str, argument: Any) -> Round:
        done = parse(call(self._answers, method, argument))
        assert isinstance(done, Round)
        return done

    def average(self) -> Round | None:
        text = str(call(self._answers, "average"))
        done = parse(text) if text else None
        assert done is None or isinstance(done, Round)
        return done

    def test(self) -> Evaluation:
        tested = parse(call(self._answers, "test"))
        assert isinstance(tested, Evaluation)
        return tested

    def fit(self, plan: Plan) -> _Fit:
        jvm, options = self._jvm, dict(plan.options)
        for name in ("snapshot_prefix", "checkpoint"):
            if name in options:
                options[name] = jvm.place(options[name])
        solver = caffe_pb2.SolverParameter()
        solver.CopyFrom(plan.solver)
        if solver.snapshot_prefix:
            solver.snapshot_prefix = jvm.place(solver.snapshot_prefix)
        watches = [self._watch(watch) for watch in plan.watches]
        listeners = jvm.jvm.java.util.ArrayList()
        for watch in watches:
            listeners.add(watch)
        run = call(self._answers, "fit", solver.SerializeToString(), jvm.map(options), listeners)
        return _Fit(self._answers, run, watches)

    def _watch(self, watch: Watch) -> Any:
        arguments = [watch.metric, *([] if watch.patience is None else [watch.patience])]
        arguments += [float(watch.min_delta), watch.mode]
        return call(self._jvm.jvm.sparknet.train, watch.kind, *arguments)

    def layout(self) -> Layout:
        layout = call(self._java, "layout")
        entries = [call(layout, "entry", index) for index in range(int(layout.size()))]
        return Layout(
            Entry(
                str(entry.layer()),
                int(entry.index()),
                tuple(int(extent) for extent in entry.shape()),
                int(entry.offset()),
            )
            for entry in entries
        )

    def weights(self) -> Floats:
        return transfer.read(str(call(self._java, "writeWeights")))

    def set_weights(self, flat: Floats) -> None:
        call(self._java, "setWeights", self._jvm.send(flat))

    def iteration(self) -> int:
        return int(call(self._java, "iteration"))

    def learning_rate(self) -> float:
        return float(call(self._java, "learningRate"))

    def set_learning_rate(self, rate: float | None) -> None:
        call(self._answers, "setLearningRate", None if rate is None else float(rate))

    def model(self, net: bytes, shape: Sequence[int], view: View) -> Any:
        models = self._jvm.jvm.sparknet.ml.TrainerModels
        mean = None if view.mean is None else self._jvm.send(view.mean)
        scale = 1.0 if view.scale is None else float(view.scale)
        crop = self._jvm.ints(() if view.crop is None else view.crop)
        return call(models, "of", self._java, net, self._jvm.ints(shape), mean, scale, crop)

    def said(self, model: Any, data: Any, output: str) -> Floats:
        models = self._jvm.jvm.sparknet.ml.TrainerModels
        path, *shape = str(call(models, "said", self._java, model, data.java, output)).split("\0")
        values = transfer.read(path)
        return values.reshape(-1, *map(int, shape))

    def snapshot(self, prefix: str) -> list[str]:
        return [str(place) for place in call(self._java, "snapshot", self._jvm.place(prefix))]

    def restore(self, solverstate: str) -> str:
        return str(call(self._java, "restore", self._jvm.place(solverstate)))

    def load_weights(self, caffemodel: str) -> str:
        return str(call(self._java, "loadWeights", self._jvm.place(caffemodel)))

    def notices(self) -> list[Notice]:
        return notices(str(call(self._answers, "notices")))

    @contextlib.contextmanager
    def without_bars(self) -> Iterator[None]:
        hidden = call(self._answers, "hideBars")
        try:
            yield
        finally:
            with contextlib.suppress(StateError):  # The JVM may be gone.
                call(hidden, "close")

    def cancel(self) -> None:
        call(self._java, "cancel")

    def close(self) -> None:
        call(self._java, "close")


class _Fit:
    def __init__(self, answers: Any, java: Any, watches: Sequence[Any]) -> None:
        self._answers = answers
        self._java = java
        self._watches = watches
        self._notices: list[Notice] = []

    def next(self) -> Event:
        event, came = told(call(self._answers, "next", self._java))
        self._notices += came
        return event

    def stop(self) -> None:
        call(self._java, "stop")

    def tau(self) -> int:
        return int(call(self._java, "tau"))

    def set_tau(self, steps: int) -> None:
        call(self._java, "setTau", steps)

    def watched(self, index: int) -> Watched:
        return watched(str(call(self._answers, "watched", self._watches[index])))

    def notices(self) -> list[Notice]:
        came, self._notices = self._notices, []
        return came


class _Upload:
    def __init__(self, java: Any) -> None:
        self._java = java

    def wait(self, seconds: float) -> bool:
        return bool(call(self._java, "waitFor", round(1000 * seconds)))

    def done_bytes(self) -> int:
        return int(call(self._java, "doneBytes"))

    def copied_files(self) -> int:
        return int(call(self._java, "copiedFiles"))

    def close(self) -> None:
        call(self._java, "close")


def _missing_jar(spark: Spark) -> str:
    try:
        jars = jar.spark_jars(spark)
    except SetupError as error:
        jars = f"<path to it> ({error})"
    return (
        "SparkNet's classes are not on the class path of this Spark session. Start it with"
        f" --jars {jars} {_OR_OURS}"
    )


def _other_jar(spark: Spark) -> str:
    """How to come to the jar that fits."""
    if os.environ.get("SPARKNET_JAR"):
        return f"set SPARKNET_JAR to a jar for {spark}, or unset it, and start a new session"
    try:
        return f"start it with --jars {jar.spark_jars(spark)} {_OR_OURS}"
    except SetupError as error:
        return str(error)
