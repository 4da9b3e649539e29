"""Models: trained nets that score the rows of a DataFrame in the executors."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.ml.util import JavaMLReadable, JavaMLWritable
from pyspark.ml.wrapper import JavaModel
from pyspark.sql import DataFrame, SparkSession

from sparknet import spec
from sparknet._jvm.calls import call, translated
from sparknet._jvm.failures import connected
from sparknet.ml import remote
from sparknet.ml.arguments import ClassificationModelParams, RegressionModelParams
from sparknet.ml.featurizer import CaffeFeaturizer
from sparknet.ml.stages import (
    Stage,
    java_class,
    net_text,
    place,
    session_jvm,
)
from sparknet.notices import Notice, tell

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from sparknet.local import Net
    from sparknet.ml.arguments import InputArguments

__all__ = ["CaffeClassificationModel", "CaffeModel", "CaffeRegressionModel"]


class CaffeModel(Stage, JavaModel, JavaMLReadable[Any], JavaMLWritable):
    """A trained net. ``transform`` keeps all columns and adds what the net says."""

    def __init__(self, java_model: Any = None) -> None:
        super().__init__()
        if java_model is not None:
            self._own(java_model, {})

    @staticmethod
    def load_caffe(
        net: spec.NetSource,
        caffemodel: str | os.PathLike[str],
        *,
        labels: Sequence[str] = (),
        **params: Unpack[InputArguments],
    ) -> CaffeClassificationModel:
        """A classifier that somebody else trained, ready to score.

        net: its deploy prototxt, or that for training if it says the shape of its input.
        caffemodel: a path or URI. labels: names of the classes. params: such as
        ``image_size``, ``crop``, ``features_col``, and the ``mean`` that the net was trained with,
        one value for each channel (blue first, as Caffe has it); ``channel_order`` is bgr.
        """
        _classic("load_caffe")
        companion = java_class("CaffeClassificationModel")
        names = session_jvm().strings(labels)
        loaded = call(companion, "loadCaffe", net_text(net), place(caffemodel), names)
        model = CaffeClassificationModel(loaded)
        model.setParams(**params)
        tell([Notice(logging.INFO, model.weights_report)])
        return model

    def _transform(self, dataset: DataFrame) -> DataFrame:
        with translated("transform"):
            return super()._transform(dataset)

    def evaluate(self, dataset: DataFrame) -> dict[str, float]:
        """How good the net is on labelled rows, by the measures of Spark's evaluators."""
        _classic("evaluate")
        self._transfer_params_to_java()
        measured = call(self._java_obj, "evaluate", dataset._jdf)
        return {str(name): float(value) for name, value in measured.items()}

    @property
    def weights_report(self) -> str:
        """One line that says which layers took the weights that it was given, a caffemodel's, and
        which did not: "w.caffemodel: took 14 of 16 layers; not in the file: fc8". Empty if it was
        given none, or was loaded."""
        _classic("weights_report")
        return str(call(self._java_obj, "weightsReport"))

    @property
    def has_summary(self) -> bool:
        """Whether it was trained in this session, so that there is a ``summary``."""
        _classic("has_summary")
        return bool(call(self._java_obj, "hasSummary"))

    @property
    def summary(self) -> DataFrame:
        """The rounds of its training: round, iteration, loss, images, seconds, workers,
        validationLoss."""
        _classic("summary")
        session = SparkSession.active()
        return DataFrame(call(self._java_obj, "summary"), session)

    def featurizer(
        self, output_blobs: Sequence[str], output_cols: Sequence[str] | None = None
    ) -> CaffeFeaturizer:
        """A stage that adds blobs of this net as columns."""
        _classic("featurizer")
        made = call(self._java_obj, "featurizer", session_jvm().strings(output_blobs))
        stage = CaffeFeaturizer._of(made)
        stage.setParams(output_cols=None if output_cols is None else list(output_cols))
        return stage

    def save_caffe(self, folder: str | os.PathLike[str]) -> None:
        """Writes ``deploy.prototxt`` and ``weights.caffemodel``, which Caffe reads, to a folder."""
        _classic("save_caffe")
        call(self._java_obj, "saveCaffe", _uri(folder))

    def to_local(self, folder: str | os.PathLike[str]) -> Net:
        """The net in this process, without Spark; its two files are written to ``folder``."""
        from sparknet.local import TEST, Net  # Its JVM may not be installed.

        self.save_caffe(folder)
        files = Path(folder)
        return Net(files / "deploy.prototxt", TEST, files / "weights.caffemodel")


class CaffeClassificationModel(CaffeModel):
    """Says which class an item, or each place of one, belongs to: adds ``rawPrediction``,
    ``probability`` and ``prediction``."""

    _arguments = ClassificationModelParams

    @property
    def labels(self) -> list[str]:
        """Names of the classes; empty if they have none."""
        if "labels" in self._learned:
            return list(self._learned["labels"])
        _classic("labels of a model that was not loaded")
        return [str(name) for name in call(self._java_obj, "getLabels")]

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        _classic("num_classes")
        return int(call(self._java_obj, "numClasses"))


class CaffeRegressionModel(CaffeModel):
    """Says a number of an item, or several as a vector: adds ``prediction``."""

    _arguments = RegressionModelParams

    @property
    def num_outputs(self) -> int:
        """How many numbers it says of an item."""
        _classic("num_outputs")
        return int(call(self._java_obj, "numOutputs"))


def _classic(what: str) -> None:
    """Refuses what a server of Spark Connect does not do."""
    if connected():
        remote.needs_classic(what)


def _uri(folder: str | os.PathLike[str]) -> str:
    path = os.fspath(folder)
    return path if "://" in path else Path(path).resolve().as_uri()
