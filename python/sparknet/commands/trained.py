"""Trained nets as the command line names them, and how they see data."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray

from sparknet import spec
from sparknet.commands.options import Form, Order
from sparknet.commands.places import Source, chosen, placed
from sparknet.errors import ArgumentError, FileError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Given", "View", "given", "load", "names_in"]


class Given(NamedTuple):
    """A folder that a model was saved to, or a net's prototxt and its weights; and the data."""

    model: str | None
    net: str
    weights: str
    data: str


def given(what: Sequence[str]) -> Given:
    """What the arguments stand for; files that are not there are errors."""
    if len(what) == 2:
        folder = placed(what[0])
        if os.path.exists(what[0]) and not os.path.isdir(os.path.join(what[0], "metadata")):
            raise FileError(f"{what[0]}: no folder that a model was saved to")
        return Given(folder, "", "", what[1])
    if len(what) == 3:
        spec.net(what[0])
        placed(what[1])
        if not what[1].endswith((".caffemodel", ".caffemodel.h5")):
            raise ArgumentError(f"{what[1]}: not a .caffemodel")
        return Given(None, *what)
    raise typer.BadParameter("it takes MODEL DATA, or NET WEIGHTS DATA")


class View(NamedTuple):
    """How a net sees rows, as far as it is said; the names are those of sparknet.ml."""

    features: str | None
    image_size: Sequence[int] | None
    mean: NDArray[np.float32] | None
    scale: float | None
    crop: Sequence[int] | None
    order: Order | None
    batch_size: int | None
    skip: bool

    @property
    def channel_order(self) -> str:
        """Where nobody says it, that of Spark's images."""
        return (self.order or Order.rgb).value

    def params(self, source: Source, columns: Sequence[str], own: bool) -> dict[str, Any]:
        """For a stage. columns: of the data; own: whether the stage knows these things itself, so
        that only what was said is set."""
        features = self.features
        if features is None and not own:
            features = "content" if source.form is Form.images else "features"
        names = None if features is None else chosen(features, columns)
        lists = {"image_size": self.image_size, "crop": self.crop}
        found: dict[str, Any] = {
            "features_col": names if names is None or len(names) > 1 else names[0],
            "mean": self.mean,
            "scale": self.scale,
            "channel_order": None if own and self.order is None else self.channel_order,
            "batch_size": self.batch_size,
            "handle_invalid": "skip" if self.skip else None,
            **{name: None if value is None else list(value) for name, value in lists.items()},
        }
        return {name: value for name, value in found.items() if value is not None}


def load(
    which: Given,
    view: View,
    source: Source,
    frame: DataFrame,
    spark: SparkSession,
    classes: Sequence[str] = (),
) -> Any:
    """The stage that scores the frame. classes: names, where the stage has none of its own."""
    from pyspark.ml.util import DefaultParamsReader

    from sparknet.ml import CaffeModel
    from sparknet.ml.stages import session_jvm

    if which.model is None:
        params = view.params(source, frame.columns, own=False)
        return CaffeModel.load_caffe(which.net, which.weights, labels=classes, **params)
    session_jvm()
    stage: Any = DefaultParamsReader.loadParamsInstance(which.model, spark.sparkContext)
    params = view.params(source, frame.columns, own=True)
    if isinstance(stage, CaffeModel):
        return stage.setParams(**params)
    if params:
        raise ArgumentError(
            f"{which.model}: a {type(stage).__name__} sees data in its own way, without"
            f" {', '.join(params)}"
        )
    return stage


def names_in(path: str | None) -> list[str]:
    """The lines of a file of classes' names."""
    if path is None:
        return []
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FileError(f"{path}: no text in UTF-8") from None
