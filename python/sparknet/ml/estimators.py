"""Estimators: a net, and how it is trained on the rows of a DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.ml.util import JavaMLReadable, JavaMLWritable
from pyspark.ml.wrapper import JavaEstimator
from pyspark.sql import DataFrame

from sparknet import spec
from sparknet._jvm.calls import translated
from sparknet.ml.arguments import ClassifierParams, RegressorParams
from sparknet.ml.fitting import fitted
from sparknet.ml.models import CaffeClassificationModel, CaffeModel, CaffeRegressionModel
from sparknet.ml.stages import Stage, java

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from sparknet.ml.arguments import ClassifierArguments, RegressorArguments

__all__ = ["CaffeClassifier", "CaffeRegressor"]


class _Estimator(Stage, JavaEstimator[Any], JavaMLReadable[Any], JavaMLWritable):
    """What both have in common."""

    _model: type[CaffeModel]
    progress: bool = True  # Whether ``fit`` shows how far it is.

    def _create_model(self, java_model: Any) -> Any:
        return self._model(java_model)

    def _fit(self, dataset: DataFrame) -> Any:
        with translated("fit"):
            return super()._fit(dataset)

    def _fit_java(self, dataset: DataFrame) -> Any:
        self._transfer_params_to_java()
        return fitted(self._java_obj, dataset, self.progress)


class CaffeClassifier(_Estimator):
    """Trains a net that says which class an item belongs to, or which of several labels it has.

    net: prototxt, its path, a message or a ``sparknet.Net``; layers for data and the loss
    (SoftmaxWithLoss) are added where it has none. solver: the same for a solver, or a dict of its
    fields; ``optimizer`` (SGD, Nesterov, AdaGrad, RMSProp, AdaDelta or Adam), ``learning_rate``,
    ``momentum`` and ``weight_decay`` replace what it says.

    features_col: a column of arrays of numbers, vectors, bytes, encoded images, image structs or
    paths of images; or a list of columns, numbers that are an item together, or one for each
    input of the net. input_shape: of an item, where neither net nor data say it; image_size:
    height and width to which images are resized. label_col: numbers from 0 on, or strings, whose
    classes the prediction's metadata name; arrays or vectors of 0 and 1 with
    SigmoidCrossEntropyLoss; arrays, vectors or binary with the class of each place where the net
    says one of each, of a pixel for instance. weight_col: how much each row counts in the loss.

    mean, scale, crop, mirror: as ``sparknet.Trainer`` takes them, and the model does the same to
    what it scores; by default what the net's own data layer says. channel_order: ``rgb``, or
    ``bgr`` for nets that begin with Caffe's own weights.

    epochs: passes over the rows; tau: steps of each worker between two averages; num_workers:
    by default as many as the cluster runs tasks. weights: a caffemodel to start from; freeze:
    layers that do not learn. validation_indicator_col: true for rows that are not trained on but
    tested; with early_stopping_rounds training ends when their loss does not fall any more, and
    the best weights are kept. checkpoint: a folder from which training that was cut off goes on.
    handle_invalid: ``error`` or ``skip`` for rows that cannot be used.

    progress: whether ``fit`` shows how far it is, as ``Trainer.fit`` does; not in other threads
    than the main one, as those of a ``CrossValidator``. Ctrl-C ends the fit, and no jobs of others.
    """

    _model = CaffeClassificationModel
    _arguments = ClassifierParams

    def __init__(
        self,
        net: spec.NetSource | None = None,
        solver: spec.SolverSource | None = None,
        *,
        progress: bool = True,
        **arguments: Unpack[ClassifierArguments],
    ) -> None:
        super().__init__()
        self.progress = progress
        self._own(java("CaffeClassifier"), {"net": net, "solver": solver, **arguments})


class CaffeRegressor(_Estimator):
    """Trains a net that says a number of an item, or several.

    As ``CaffeClassifier``, with EuclideanLoss where the net has no loss. label_col: numbers, or
    arrays or vectors with a number for each output of the net. Empty, or the column of the
    features: the net's input is its label, as the net sees it (an autoencoder).
    """

    _model = CaffeRegressionModel
    _arguments = RegressorParams

    def __init__(
        self,
        net: spec.NetSource | None = None,
        solver: spec.SolverSource | None = None,
        *,
        progress: bool = True,
        **arguments: Unpack[RegressorArguments],
    ) -> None:
        super().__init__()
        self.progress = progress
        self._own(java("CaffeRegressor"), {"net": net, "solver": solver, **arguments})
