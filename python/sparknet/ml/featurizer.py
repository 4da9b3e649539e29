"""Blobs of a net as columns."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyspark.ml.util import JavaMLReadable, JavaMLWritable
from pyspark.ml.wrapper import JavaTransformer
from pyspark.sql import DataFrame

from sparknet import spec
from sparknet._jvm.calls import translated
from sparknet.ml.arguments import FeaturizerParams
from sparknet.ml.stages import Stage, java

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from sparknet.ml.arguments import InputArguments

__all__ = ["CaffeFeaturizer"]


class CaffeFeaturizer(Stage, JavaTransformer, JavaMLReadable[Any], JavaMLWritable):
    """Adds blobs of a net as columns: features for other stages.

    net: prototxt, its path or a message, which says the shape of its input; weights: its
    caffemodel, a path or URI. output_blobs: names of blobs; output_cols: of their columns, by
    default the same. output_type: ``vector``, or ``array`` of floats. params: as
    ``CaffeClassifier`` has them: ``features_col``, ``image_size``, ``mean``, ``scale``, ``crop``,
    ``channel_order``, ``batch_size``, ``handle_invalid``.
    """

    _arguments = FeaturizerParams

    def __init__(
        self,
        net: spec.NetSource | None = None,
        weights: str | os.PathLike[str] | None = None,
        output_blobs: Sequence[str] | None = None,
        output_cols: Sequence[str] | None = None,
        *,
        output_type: str | None = None,
        **params: Unpack[InputArguments],
    ) -> None:
        super().__init__()
        own = {
            "net": net,
            "weights": weights,
            "output_blobs": output_blobs,
            "output_cols": output_cols,
            "output_type": output_type,
        }
        self._own(java("CaffeFeaturizer"), {**own, **params})

    @classmethod
    def _of(cls, made: Any) -> CaffeFeaturizer:
        stage = cls()
        stage._own(made, {})
        return stage

    def _transform(self, dataset: DataFrame) -> DataFrame:
        with translated("transform"):
            return super()._transform(dataset)
