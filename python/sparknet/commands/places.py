"""Data as the command line names them: tables, images, CIFAR-10's files."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sparknet.commands.options import Form
from sparknet.errors import ArgumentError, FileError
from sparknet.fields import did_you_mean
from sparknet.proto import caffe_pb2

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from sparknet.data import Dataset

__all__ = ["Items", "Source", "chosen", "own_shape", "placed", "uri"]

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
_IMAGE = r"jpe?g|png|gif|bmp"
_FORMS = (
    (Form.parquet, r"\.(parquet|pq)$"),
    (Form.orc, r"\.orc$"),
    (Form.csv, r"\.csv(\.gz|\.bz2)?$"),
    (Form.json, r"\.(json|jsonl|ndjson)(\.gz|\.bz2)?$"),
    (Form.images, rf"\.(tar|tgz|tar\.gz|{_IMAGE})$"),
    (Form.cifar, r"^(data_batch_1|test_batch)\.bin$"),
)
_TAR = re.compile(r"\.(tar|tgz|tar\.gz)$", re.IGNORECASE)

_SHOWN = 8  # So many columns at most in a message.


class Items(NamedTuple):
    """What of the data is an item. shape, image_size: None is as net and data say."""

    features: str
    label: str | None = None
    weight: str | None = None
    labels: str | None = None
    shape: Sequence[int] | None = None
    image_size: Sequence[int] | None = None
    skip: bool = False


class Source:
    """Data that are there, as far as this machine can tell.

    place: a path of this machine or a URI that Hadoop knows, or the name of a table. form: by
    default what the name or the names in the folder say.
    """

    def __init__(self, place: str, form: Form | None = None) -> None:
        self.form = form or _form(place)
        self.place = place if self.form is Form.table else placed(place)

    def frame(self, spark: SparkSession) -> DataFrame:
        """The rows. Images are rows of ``path`` and ``content``."""
        reader = spark.read
        if self.form is Form.csv:
            return reader.csv(self.place, header=True, inferSchema=True)
        if self.form is Form.table:
            return reader.table(self.place)
        if self.form is Form.cifar:
            raise ArgumentError(f"{self.place}: CIFAR-10's own files are no table of rows")
        if self.form is Form.images:
            if _TAR.search(self.place):
                raise ArgumentError(f"{self.place}: images in tars are no rows: unpack them")
            options = {"recursiveFileLookup": "true", "pathGlobFilter": _IMAGES}
            return reader.format("binaryFile").options(**options).load(self.place)
        return reader.format(self.form.value).load(self.place)

    def dataset(
        self,
        spark: SparkSession,
        items: Items,
        net: caffe_pb2.NetParameter,
        train: bool = False,
        crops: bool = False,
    ) -> Dataset:
        """The items for a net. train: which of CIFAR-10's; crops: whether the net sees a part."""
        from sparknet import data

        own = None if crops else own_shape(net)
        if self.form is Form.cifar:
            return data.cifar(self.place, train, spark=spark)
        if self.form is Form.images:
            size = _image_shape(items, own)
            options: dict[str, Any] = {} if size is None else {"height": size[1], "width": size[2]}
            labels = None if items.labels is None else placed(items.labels)
            return data.images(self.place, labels, spark, **options)
        frame = self.frame(spark)
        columns = chosen(items.features, frame.columns)
        options = {"handle_invalid": "skip" if items.skip else "error"}
        if items.weight is not None:
            options["weight"] = items.weight
        if len(columns) > 1:
            return data.from_dataframe(frame, None, columns, items.label, **options)
        shape = _shape(frame, columns[0], items, own)
        return data.from_dataframe(frame, shape, columns[0], items.label, **options)


# In Hadoop's patterns case counts.
_IMAGES = "*.{jpg,jpeg,png,gif,bmp,JPG,JPEG,PNG,GIF,BMP}"


def placed(place: str) -> str:
    """As ``uri``; a path of nothing is an error."""
    if _URI.match(place):
        return place
    if not glob.glob(place):
        raise FileError(
            f"{place}: no such file or folder on this machine (a cluster's file system takes a URI,"
            " such as hdfs:///data)"
        )
    return uri(place)


def uri(place: str) -> str:
    """A URI as it is, and a path of this machine as a URI: Spark would take it for one of the
    cluster's own file system."""
    return place if _URI.match(place) else "file://" + os.path.abspath(place)


def chosen(features: str, columns: Sequence[str]) -> list[str]:
    """The columns that names and patterns stand for, in the order of the names and the table."""
    found: list[str] = []
    for name in features.split(","):
        fitting = [name] if name in columns else fnmatch.filter(columns, name)
        if not fitting:
            known = [*columns[:_SHOWN], *(["..."] if len(columns) > _SHOWN else [])]
            hint = did_you_mean(name, columns) or f"; there are {', '.join(known)}"
            raise ArgumentError(f"there is no column '{name}'{hint}")
        found += fitting
    return list(dict.fromkeys(found))


def own_shape(net: caffe_pb2.NetParameter) -> tuple[int, ...] | None:
    """The shape of an item, without the batch, if the layer that takes items says it."""
    for layer in net.layer:
        if layer.bottom:
            continue
        if layer.type == "MemoryData":
            own = layer.memory_data_param
            return (own.channels, own.height, own.width)
        shapes = {"Input": layer.input_param.shape, "JavaData": [layer.java_data_param.shape]}
        for shape in shapes.get(layer.type, []):
            return tuple(shape.dim)[1:] or None
        return None
    return None


def _form(place: str) -> Form:
    """What a name says of the data, or the names in a folder."""
    if os.path.isdir(place):
        found = _form_of(_names(place))
    else:
        placed(place)
        found = _form_of([os.path.basename(place.rstrip("/"))])
    if found is None:
        forms = ", ".join(form.value for form in Form)
        raise ArgumentError(f"{place}: say with --format which of {forms} it is")
    return found


def _names(folder: str) -> Iterable[str]:
    """Of files, at any depth; as Spark does, what begins with a sign is left out."""
    for _, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] not in "._")
        yield from sorted(name for name in files if name[0] not in "._")


def _form_of(names: Iterable[str]) -> Form | None:
    for name in names:
        for form, pattern in _FORMS:
            if re.search(pattern, name, re.IGNORECASE):
                return form
    return None


def _image_shape(items: Items, own: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if items.image_size is not None:
        return (3, items.image_size[0], items.image_size[-1])
    return own if own is not None and len(own) == 3 else None


def _shape(
    frame: DataFrame, column: str, items: Items, own: tuple[int, ...] | None
) -> tuple[int, ...] | None:
    """The shape of what a column has; None: a number, or nobody knows."""
    from pyspark.ml.linalg import VectorUDT
    from pyspark.sql import types

    kind = frame.schema[column].dataType
    if items.shape is not None:
        return tuple(items.shape)
    if isinstance(kind, types.NumericType):
        return None
    if isinstance(kind, (types.ArrayType, VectorUDT)):
        if own is not None:
            return own
        first = frame.select(frame[column]).first()
        return None if first is None or first[0] is None else (len(first[0]),)
    return own if items.image_size is None else _image_shape(items, own)
