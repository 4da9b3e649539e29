"""The JVM of a Spark session, over Py4J."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from py4j.java_gateway import JavaPackage
from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError
from pyspark.sql import SparkSession

from sparknet import jar, transfer, version
from sparknet._jvm import DatasetHandle, Event, Floats, Plan, View
from sparknet._jvm.answers import notices, parse, told
from sparknet.errors import (
    ArgumentError,
    CallbackError,
    FileError,
    InternalError,
    OutOfMemoryError,
    SetupError,
    SparkNetError,
    StateError,
    error_for,
    error_in_text,
)
from sparknet.history import Evaluation, Round
from sparknet.notices import Notice
from sparknet.weights import Entry, Layout

__all__ = ["Py4JJvm", "call", "silence", "translate"]

_JAVA = {
    "java.lang.IllegalArgumentException": ArgumentError,
    "java.io.FileNotFoundException": FileError,
    "java.lang.OutOfMemoryError": OutOfMemoryError,
}
_PYTHON_FAILURE = "org.apache.spark.api.python.PythonException"
# The exception's own line: frames and source are indented; a group's have a bar in front.
_RAISED = re.compile(r"^(?:  \| )?([^\s|+].*)", re.MULTILINE)


def translate(failure: BaseException) -> SparkNetError:
    """The error of this package for an exception from Py4J or PySpark."""
    thrown = getattr(failure, "java_exception", None) or getattr(failure, "_origin", None)
    if thrown is None:
        return StateError(f"the JVM of the Spark session does not answer: {failure}")
    causes = _causes(thrown)
    for cause in causes:
        if hasattr(cause, "getCodeName") and _is_caffe(cause):
            return error_for(str(cause.getCodeName()), str(cause.getMessage()))
    texts = [str(cause.toString()) for cause in causes]
    for text in texts:
        quoted = error_in_text(text)
        if quoted is not None:
            return quoted
    for text in texts:
        if _PYTHON_FAILURE in text:
            return CallbackError(_python_failure(text))
    kind = _JAVA.get(str(causes[-1].getClass().getName()), InternalError)
    return kind(texts[-1].split("\n")[0])


def _causes(thrown: Any) -> list[Any]:
    causes: list[Any] = []
    while thrown is not None and len(causes) < 20:
        causes.append(thrown)
        thrown = thrown.getCause()
    return causes


def _is_caffe(thrown: Any) -> bool:
    kind = thrown.getClass()
    while kind is not None and str(kind.getName()) != "sparknet.jna.CaffeException":
        kind = kind.getSuperclass()
    return kind is not None


def _python_failure(text: str) -> str:
    """What a Python function on an executor raised, from the traceback that Spark quotes."""
    after = text[text.index(_PYTHON_FAILURE) :].split("Driver stacktrace:")[0]
    last = after.split("Traceback (most recent call last):\n")[-1]  # Those before are its causes.
    raised = _RAISED.search(last)
    return f"a Python function on an executor failed: {raised[1] if raised else 'no message'}"


def call(java: Any, method: str, *args: Any) -> Any:
    """Calls a method of a Java object or class, or of PySpark; the one place that translates
    errors."""
    try:
        return getattr(java, method)(*args)
    except (Py4JJavaError, Py4JNetworkError) as failure:
        raise translate(failure) from None
    except Py4JError as failure:  # No such method: jar and package are of different versions.
        raise InternalError(f"{method}: {str(failure).splitlines()[0]}") from None
    except Exception as failure:
        # PySpark turns some JVM exceptions into its own; they keep the Java one.
        if getattr(failure, "_origin", None) is None:
            raise
        raise translate(failure) from None


def silence(spark: SparkSession) -> None:
    """Ends Spark's logging, and the standard error of its JVM: Scala's thread pools print there."""
    call(spark.sparkContext, "setLogLevel", "OFF")
    jvm: Any = spark.sparkContext._jvm
    nowhere = call(jvm.java.io.OutputStream, "nullOutputStream")
    call(jvm.java.lang.System, "setErr", call(jvm.java.io, "PrintStream", nowhere))


class Py4JJvm:
    """The classes of the jar, as the driver of a session sees them."""

    def __init__(self, spark: SparkSession) -> None:
        self._context = spark.sparkContext._jsc
        self._gateway: Any = spark.sparkContext._gateway
        jvm: Any = spark.sparkContext._jvm
        self.jvm = jvm
        if isinstance(self.jvm.sparknet.data.Dataset, JavaPackage):
            raise SetupError(_missing_jar())
        version.check(self._jar_version())

    def cifar(self, directory: str, train: bool, partitions: int) -> DatasetHandle:
        dataset = self.jvm.sparknet.data.Dataset
        place = self.place(directory)
        return _Dataset(self, call(dataset, "cifar", self._context, place, train, partitions))

    def images(self, files: str, labels: str | None, options: Mapping[str, Any]) -> DatasetHandle:
        dataset = self.jvm.sparknet.data.Dataset
        places = (self.place(files), None if labels is None else self.place(labels))
        chosen = self._map(options)
        return _Dataset(self, call(dataset, "fromImageFiles", self._context, *places, chosen))

    def from_packed(self, packed: Any, shape: Sequence[int]) -> DatasetHandle:
        dataset = self.jvm.sparknet.data.Dataset
        return _Dataset(self, call(dataset, "fromPacked", packed, self._ints(shape)))

    def from_blocks(self, blocks: Iterable[bytes], shape: Sequence[int]) -> DatasetHandle:
        files = self.jvm.java.util.ArrayList()
        for block in blocks:
            folder = str(call(self.jvm.sparknet.io.BulkTransfer, "directory", len(block)))
            files.add(transfer.write_bytes(block, folder))
        dataset, ints = self.jvm.sparknet.data.Dataset, self._ints(shape)
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
            shapes.add(self._ints(shape))
        given = (names, shapes, label, self._map(options))
        return _Dataset(self, call(dataset, "fromDataFrame", frame._jdf, *given))

    def trainer(self, solver: bytes, workers: int, options: Mapping[str, Any]) -> _Trainer:
        answers = self.jvm.sparknet.train.Answers
        chosen = self._map(options)
        return _Trainer(self, call(answers, "newTrainer", self._context, solver, workers, chosen))

    def replace_data_layers(
        self, net: bytes, train_batch: int, test_batch: int, shape: Sequence[int]
    ) -> bytes:
        parsed = call(getattr(self.jvm.caffe, "Caffe$NetParameter"), "parseFrom", net)
        loader = self.jvm.libs.ProtoLoader
        replaced = call(loader, "replaceDataLayers", parsed, train_batch, test_batch, *shape)
        return bytes(call(replaced, "toByteArray"))

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

    def _jar_version(self) -> str | None:
        loader = self.jvm.java.lang.Thread.currentThread().getContextClassLoader()
        stream = loader.getResourceAsStream("sparknet/version.properties")
        if stream is None:
            return None
        properties = self.jvm.java.util.Properties()
        properties.load(stream)
        stream.close()
        found = properties.getProperty("version")
        return None if found is None else str(found)

    def _map(self, values: Mapping[str, Any]) -> Any:
        result = self.jvm.java.util.HashMap()
        for name, value in values.items():
            result.put(name, value)
        return result

    def _ints(self, values: Sequence[int]) -> Any:
        array = self._gateway.new_array(self.jvm.int, len(values))
        for index, value in enumerate(values):
            array[index] = int(value)
        return array


class _Dataset:
    def __init__(self, jvm: Py4JJvm, java: Any) -> None:
        self._jvm = jvm
        self.java = java
        self._notices = call(java, "notices")
        call(self._notices, "keep")

    def count(self) -> int:
        return int(call(self.java, "count"))

    def mean(self) -> Floats:
        return self._jvm.fetch(call(self.java, "mean"))

    def shape(self) -> tuple[int, ...]:
        return tuple(int(extent) for extent in call(self.java, "shape"))

    def packed(self) -> Any:
        return call(self.java, "packed")

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

    def average(self) -> None:
        call(self._java, "average")

    def test(self) -> Evaluation:
        tested = parse(call(self._answers, "test"))
        assert isinstance(tested, Evaluation)
        return tested

    def fit(self, plan: Plan) -> _Fit:
        rounds = -1 if plan.rounds is None else max(0, plan.rounds)
        prefix = None if plan.prefix is None else self._jvm.place(plan.prefix)
        folder, every, keep = plan.checkpoints or (None, 1, 1)
        kept = (None if folder is None else self._jvm.place(folder), every, keep)
        often = (plan.test_every, plan.snapshot_every)
        args = (rounds, float(plan.images), plan.tau, *often, prefix, *kept)
        return _Fit(self._answers, call(self._answers, "fit", *args))

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

    def snapshot(self, prefix: str) -> list[str]:
        return [str(place) for place in call(self._java, "snapshot", self._jvm.place(prefix))]

    def restore(self, solverstate: str) -> str:
        return str(call(self._java, "restore", self._jvm.place(solverstate)))

    def load_weights(self, caffemodel: str) -> str:
        return str(call(self._java, "loadWeights", self._jvm.place(caffemodel)))

    def notices(self) -> list[Notice]:
        return notices(str(call(self._answers, "notices")))

    def cancel(self) -> None:
        call(self._java, "cancel")

    def close(self) -> None:
        call(self._java, "close")


class _Fit:
    def __init__(self, answers: Any, java: Any) -> None:
        self._answers = answers
        self._java = java
        self._notices: list[Notice] = []

    def next(self) -> Event:
        event, came = told(call(self._answers, "next", self._java))
        self._notices += came
        return event

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


def _missing_jar() -> str:
    try:
        path = str(jar.find())
    except SetupError:
        path = "<path to sparknet-assembly-<version>.jar>"
    return (
        "SparkNet's classes are not on the class path of this Spark session. Start it with"
        f" the option\n  --jars {path}\n(spark-submit or pyspark), or create the session with"
        " sparknet.session()"
    )
