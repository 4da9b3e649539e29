"""Training and test data, held by Spark in packed blocks.

An item is an array of one shape, such as (channels, height, width), with a number as its
label. uint8 items stay bytes until a worker needs them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray
from pyspark import RDD
from pyspark.cloudpickle import register_pickle_by_value
from pyspark.serializers import NoOpSerializer
from pyspark.sql import DataFrame, SparkSession

from sparknet import pack
from sparknet._jvm import DatasetHandle, Jvm
from sparknet._jvm.calls import call, current_session, ending_jobs
from sparknet._jvm.failures import connected, remote, stopped
from sparknet._jvm.py4j import Py4JJvm
from sparknet.errors import ArgumentError, SetupError, ShapeError, error_for
from sparknet.fields import did_you_mean
from sparknet.interrupts import interruptible
from sparknet.notices import telling

__all__ = ["Dataset", "cifar", "from_dataframe", "from_numpy", "from_rdd", "images"]

# Executors get the module's code with each task, so sparknet need not be installed there.
register_pickle_by_value(pack)  # type: ignore[no-untyped-call]


Function = Callable[
    [NDArray[Any], NDArray[np.float32]], Union[NDArray[Any], tuple[NDArray[Any], NDArray[Any]]]
]


class Dataset:
    """Items and labels in Spark's memory. Made by the functions of this module."""

    def __init__(self, handle: DatasetHandle, jvm: Jvm, shape: Sequence[int]) -> None:
        self.handle = handle
        self.jvm = jvm
        self.shape: tuple[int, ...] = tuple(int(extent) for extent in shape)
        self._counted: int | None = None

    def __repr__(self) -> str:
        # Counting may take a job of Spark's.
        items = "items" if self._counted is None else f"{self._counted:,} items"
        return f"<Dataset: {items} of shape {self.shape}>"

    def count(self) -> int:
        """Number of items."""
        with telling(self.handle):
            self._counted = self.handle.count()
        return self._counted

    def mean(self) -> NDArray[np.float32]:
        """The mean item, of ``shape``."""
        with telling(self.handle):
            return self.handle.mean().reshape(self.shape)

    @interruptible()
    def map_batches(self, function: Function, shape: Sequence[int] | None = None) -> Dataset:
        """The data that a function makes of these, batch by batch, in Spark's Python workers.

        function: takes images (n, ...) as they are here, uint8 or float32, and labels (n,), and
        returns images (m, ...) or a pair of images and labels; it must not depend on how items
        are divided into batches. shape: of an item that it returns, by default found out with
        the first batch. The result is computed once and kept by Spark. What the function raises
        is a CallbackError at once; only failed input and output (OSError) is tried again.
        """
        session = _session(None)
        with telling(self.handle):
            packed: Any = RDD(self.handle.packed(), session.sparkContext, NoOpSerializer())
        before = self.shape
        mapped = packed.map(lambda block: pack.mapped(block, before, function))
        extents = tuple(shape) if shape is not None else None
        if extents is None:
            first = _first(packed)
            if not first:
                raise ArgumentError("the data set is empty")
            images, _ = pack.apply(function, *pack.unblock(first[0], before))
            extents = images.shape[1:]
        return _from_packed(self.jvm, mapped, extents)

    def persist(self, storage: str) -> Dataset:
        """Keeps the items as Spark's StorageLevel of this name says, and returns the data set.

        ``MEMORY_AND_DISK`` is what data sets are made with; ``DISK_ONLY`` leaves executors'
        memory free; with ``NONE`` items are read or computed again whenever they are used.
        """
        self.handle.persist(storage)
        return self

    def unpersist(self) -> None:
        """Gives the memory back."""
        self.handle.unpersist()


@interruptible()
def cifar(
    directory: str | os.PathLike[str],
    train: bool = True,
    partitions: int | None = None,
    spark: SparkSession | None = None,
) -> Dataset:
    """CIFAR-10 in its binary form: 50,000 training or 10,000 test images, (3, 32, 32) uint8.

    directory: that of ``data_batch_1.bin`` to ``data_batch_5.bin`` and ``test_batch.bin``
    (``caffe/data/cifar10/get_cifar10.sh`` gets them): a path of the driver's machine, or a URI
    that Hadoop knows. FileError if one is missing or cut. partitions: by default one for each
    slot of the cluster.
    """
    jvm = _jvm(spark)
    number = jvm.slots() if partitions is None else partitions
    return Dataset(jvm.cifar(os.fspath(directory), train, number), jvm, (3, 32, 32))


@interruptible()
def images(
    files: str | os.PathLike[str],
    labels: str | os.PathLike[str] | None = None,
    spark: SparkSession | None = None,
    **options: Any,
) -> Dataset:
    """Images on any file system that Hadoop knows: (3, height, width) uint8.

    files: URI of a folder, a file or the start of several names, such as
    ``s3a://bucket/train/``, ``hdfs://...`` or a path. They are tars of images, or images
    themselves (.jpg, .jpeg, .png, .gif, .bmp). labels: URI of a file of lines ``path label``;
    without one the class of an image file is the number of its folder, in the order of the
    folders' names. Files are read on the executors. Images that cannot be used are left out,
    counted and told of by reason.

    options, those of ``sparknet.data.Dataset.fromImageFiles`` in Scala: ``height`` and
    ``width``, to which images are resized; ``encoded=True`` keeps them as JPEG, which takes a
    fraction of the memory, and decodes them whenever they are used; ``storage``, a
    StorageLevel's name; ``max_bad_share``, above which it is an error; ``partitions``.
    """
    jvm = _jvm(spark)
    places = (os.fspath(files), None if labels is None else os.fspath(labels))
    handle = jvm.images(*places, options)
    return Dataset(handle, jvm, handle.shape())


@interruptible()
def from_rdd(rdd: RDD[tuple[Any, Any]], shape: Sequence[int] | None = None) -> Dataset:
    """Data from an RDD of (array, label).

    All arrays have one shape (default: that of the first) and are uint8 or numeric; labels
    are numbers. Preprocessing of your own goes before: ``from_rdd(rdd.map(f))``. Arrays are
    packed on the executors; nothing passes through the driver.
    """
    jvm = _jvm(SparkSession(rdd.context))
    found = _first(rdd.mapPartitions(pack.first))
    if not found:
        raise ArgumentError("the RDD is empty")
    first, fault = found[0]
    if fault is not None:
        raise error_for(*fault)
    try:
        array = np.asarray(first[0])
    except (TypeError, IndexError):
        raise ArgumentError("the RDD must hold pairs (array, label)") from None
    extents = tuple(array.shape if shape is None else shape)
    raw = bool(array.dtype == np.uint8)
    packed = rdd.mapPartitions(lambda items: pack.blocks(items, extents, raw))
    return _from_packed(jvm, packed, extents)


@interruptible()
def from_numpy(
    images: NDArray[Any],
    labels: NDArray[Any],
    partitions: int | None = None,
    spark: SparkSession | None = None,
) -> Dataset:
    """Data from arrays of this process. images: (n, ...), uint8 or numeric; labels: (n,).

    Item i goes to partition i modulo ``partitions``, which is by default the number of slots of
    the cluster.
    """
    if len(images) != len(labels):
        raise ShapeError(f"{len(images)} images, but {len(labels)} labels")
    if len(images) == 0:
        raise ArgumentError("the data set is empty")
    jvm = _jvm(spark)
    if partitions is None:
        partitions = min(jvm.slots(), len(images))
    if not 0 < partitions <= len(images):
        raise ArgumentError(f"{partitions} partitions of {len(images)} images")
    blocks = (
        pack.block(images[part::partitions], labels[part::partitions]) for part in range(partitions)
    )
    return Dataset(jvm.from_blocks(blocks, images.shape[1:]), jvm, images.shape[1:])


@interruptible()
def from_dataframe(
    frame: DataFrame,
    shape: Sequence[int] | Sequence[Sequence[int]] | None = None,
    features: str | Sequence[str] = "features",
    label: str | None = "label",
    **options: Any,
) -> Dataset:
    """Data from a DataFrame.

    features: a column of numbers, of arrays of numbers, of vectors, of bytes (uint8), or of
    images: encoded (``binaryFile``'s ``content``), as ``spark.read.format("image")`` has them,
    or paths. Or a list of columns, whose values become one item, one after the other, in
    float32. shape: of an item, to which images, (3, height, width), are resized; for a list of
    columns a list of shapes, or None if all hold numbers. label: a column of numbers, or of
    arrays or vectors of ``label_size`` numbers; None: items have no labels.

    options, those of ``sparknet.data.Dataset.fromDataFrame`` in Scala: ``label_size``;
    ``weight``, a column of how much each item counts in the loss; ``handle_invalid``: "error"
    (the first row with a null, a NaN or a wrong number of values is named) or "skip" (such
    rows are left out, counted and told of); ``max_bad_share``, above which that is an error;
    ``storage``, a StorageLevel's name.
    """
    names = [features] if isinstance(features, str) else list(features)
    for column in [*names, *([] if label is None else [label])]:
        if column not in frame.columns:
            hint = did_you_mean(column, frame.columns)
            raise ArgumentError(
                f"the DataFrame has no column '{column}', only {frame.columns}{hint}"
            )
    shapes = _shapes(names, shape, isinstance(features, str))
    jvm = _jvm(frame.sparkSession)
    handle = jvm.from_dataframe(frame, list(zip(names, shapes)), label, options)
    return Dataset(handle, jvm, handle.shape())


def _shapes(names: Sequence[str], shape: Any, one: bool) -> list[tuple[int, ...]]:
    """A shape for each column; () for a number."""
    if shape is None:
        return [()] * len(names)
    given = [shape] if one else list(shape)
    if len(given) != len(names) or any(isinstance(extents, int) for extents in given):
        raise ArgumentError(f"{len(names)} columns need a list of as many shapes, not {shape!r}")
    return [tuple(extents) for extents in given]


def checked(name: str, given: Any) -> Dataset:
    """What is given, if it is a data set. name: of the argument."""
    if isinstance(given, Dataset):
        return given
    if given is None:
        raise ArgumentError(f"there is no data set: pass {name}=")
    kind = type(given)
    package = kind.__module__.split(".")[0]
    maker = {
        ("pyspark", "DataFrame"): "from_dataframe(frame, shape)",
        ("pyspark", "RDD"): "from_rdd(rdd)",
        ("pyspark", "PipelinedRDD"): "from_rdd(rdd)",
        ("numpy", "ndarray"): "from_numpy(images, labels)",
        ("pandas", "DataFrame"): "from_numpy(frame[columns].to_numpy(), labels)",
    }.get((package, kind.__name__), "from_numpy(images, labels), for instance")
    raise ArgumentError(
        f"{name} is no data set, but of type {package}.{kind.__name__}: pass sparknet.data.{maker}"
    )


def _first(rdd: RDD[Any]) -> Any:
    """A list of the first element, if there is one."""
    key = "spark.job.description"
    before = rdd.context.getLocalProperty(key)
    rdd.context.setLocalProperty(key, "SparkNet: the first element")
    try:
        with ending_jobs(rdd.context):
            return call(rdd, "take", 1)
    finally:
        rdd.context.setLocalProperty(key, before)  # type: ignore[arg-type]


def _from_packed(jvm: Jvm, packed: RDD[bytes], shape: Sequence[int]) -> Dataset:
    # Framed as they are, the blocks arrive in the JVM as an RDD of byte[].
    framed: Any = packed._reserialize(NoOpSerializer())
    return Dataset(jvm.from_packed(framed._jrdd, shape), jvm, shape)


def _session(spark: SparkSession | None) -> SparkSession:
    session = spark if spark is not None else current_session()
    if session is None and not connected():
        raise SetupError("no Spark session: call sparknet.session() first, or pass spark=")
    if session is None or type(session).__module__.startswith("pyspark.sql.connect"):
        raise remote()
    if session.sparkContext._jsc is None:
        raise stopped()
    return session


def _jvm(spark: SparkSession | None) -> Jvm:
    return Py4JJvm(_session(spark))
