"""Names and types of the stages' arguments, for editors and type checkers; the Scala classes have
their defaults and documentation."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, TypedDict, Union

from numpy.typing import NDArray

__all__ = [
    "ClassificationModelParams",
    "ClassifierArguments",
    "ClassifierParams",
    "FeaturizerParams",
    "InputArguments",
    "RegressionModelParams",
    "RegressorArguments",
    "RegressorParams",
    "TrainingArguments",
]

_Numbers = Union[float, Sequence[float], NDArray[Any]]
_Extents = Union[int, Sequence[int]]
_Place = Union[str, "os.PathLike[str]"]


class InputArguments(TypedDict, total=False):
    """What a net looks at."""

    features_col: Union[str, Sequence[str]]  # noqa: UP007 (evaluated by Python 3.9)
    input_shape: Sequence[int]
    image_size: _Extents
    channel_order: str
    mean: _Numbers
    scale: float
    crop: _Extents
    batch_size: int
    handle_invalid: str


class TrainingArguments(InputArguments, total=False):
    """How a net is trained."""

    label_col: str
    weight_col: str
    validation_indicator_col: str
    prediction_col: str
    mirror: bool
    optimizer: str
    learning_rate: float
    momentum: float
    weight_decay: float
    epochs: float
    tau: int
    num_workers: int
    threads: int
    seed: int
    weights: _Place
    freeze: Sequence[str]
    early_stopping_rounds: int
    checkpoint: _Place


class RegressorArguments(TrainingArguments, total=False):
    """Of ``CaffeRegressor``."""


class ClassifierArguments(TrainingArguments, total=False):
    """Of ``CaffeClassifier``."""

    probability_col: str
    raw_prediction_col: str


# What stages have besides, which is given in another way, or learned.


class ClassifierParams(ClassifierArguments, total=False):
    """Of ``CaffeClassifier``, all."""

    net: str
    solver: str


class RegressorParams(RegressorArguments, total=False):
    """Of ``CaffeRegressor``, all."""

    net: str
    solver: str


class ClassificationModelParams(InputArguments, total=False):
    """Of ``CaffeClassificationModel``."""

    label_col: str
    prediction_col: str
    probability_col: str
    raw_prediction_col: str
    labels: Sequence[str]
    loss: str
    raw_blob: str
    class_axis: int


class RegressionModelParams(InputArguments, total=False):
    """Of ``CaffeRegressionModel``."""

    label_col: str
    prediction_col: str
    output_blob: str


class FeaturizerParams(InputArguments, total=False):
    """Of ``CaffeFeaturizer``."""

    net: str
    weights: _Place
    output_blobs: Sequence[str]
    output_cols: Sequence[str]
    output_type: str
