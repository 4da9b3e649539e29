"""Nets as stages of Spark ML: estimators, models and a featurizer for DataFrames.

::

    from sparknet.ml import CaffeClassifier

    classifier = CaffeClassifier(net="mlp.prototxt", epochs=20, learning_rate=0.05)
    model = classifier.fit(frame)            # columns "features" and "label"
    model.transform(frame).select("id", "prediction", "probability").show()
    model.save("hdfs://host/models/mlp")

They are stages like Spark's own: in a ``Pipeline``, in a ``CrossValidator``, saved and loaded by
Spark's writers. Arguments have Python's names (``features_col``), Params Spark's (``featuresCol``);
either may be given. ``explainParams()`` says what each one does. Scala has the same classes in
``sparknet.ml``.
"""

from __future__ import annotations

from sparknet.ml.estimators import CaffeClassifier, CaffeRegressor
from sparknet.ml.featurizer import CaffeFeaturizer
from sparknet.ml.models import CaffeClassificationModel, CaffeModel, CaffeRegressionModel

__all__ = [
    "CaffeClassificationModel",
    "CaffeClassifier",
    "CaffeFeaturizer",
    "CaffeModel",
    "CaffeRegressionModel",
    "CaffeRegressor",
]

# Spark Connect calls stages by the names of the Python classes, as its server's are called.
for _stage in (CaffeClassifier, CaffeRegressor, CaffeFeaturizer):
    _stage.__module__ = __name__
for _model in (CaffeClassificationModel, CaffeRegressionModel):
    _model.__module__ = __name__
