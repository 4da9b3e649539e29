"""``sparknet predict``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparknet.commands import cluster, options, predict_options, trained
from sparknet.commands.options import Form
from sparknet.commands.places import Source, chosen, uri
from sparknet.commands.predict_options import Written
from sparknet.commands.values import mean_of
from sparknet.errors import ArgumentError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["predict"]

_WIDTH, _DIGITS = 60, 4  # Of what is printed.
_NAMES = "predicted_label"


def predict(
    what: options.ModelAndData,
    output: predict_options.Output = None,
    written: predict_options.OutputFormat = None,
    overwrite: predict_options.Overwrite = False,
    columns: predict_options.Columns = None,
    rows: predict_options.Rows = 20,
    classes: predict_options.Classes = None,
    form: options.Format = None,
    features: options.OwnFeatures = None,
    skip_invalid: options.Skip = False,
    image_size: options.ImageSize = None,
    mean: options.Mean = None,
    scale: options.Scale = None,
    crop: options.Crop = None,
    channel_order: options.ChannelOrder = None,
    batch_size: options.BatchSize = None,
    workers: options.Workers = None,
    master: options.Master = None,
    memory: options.Memory = None,
    s3: options.S3 = False,
    conf: options.Conf = None,
) -> None:
    """Score the rows of a table, or images.

    NET WEIGHTS DATA: a net's prototxt, for training or deploying, and its .caffemodel. MODEL DATA:
    a folder that a model or pipeline of sparknet.ml was saved to. DATA are a table or a folder of
    images, as for `train`. All columns are kept; `prediction`, `probability` and `rawPrediction`
    are added.
    """
    which = trained.given(what)
    source = Source(which.data, form)
    means = None if mean is None else mean_of(mean, channel_order)
    view = trained.View(
        features, image_size, means, scale, crop, channel_order, batch_size, skip_invalid
    )
    names = trained.names_in(classes)
    if which.model is not None and names:
        raise ArgumentError("--classes: a saved model has the names of its classes itself")
    kind = None if output is None else written or _kind(output)
    with cluster.running(cluster.Cluster(master, workers, memory, conf, s3), "predict") as spark:
        frame = source.frame(spark)
        stage = trained.load(which, view, source, frame, spark, names)
        scored = _plain(_named(stage, stage.transform(frame)))
        if columns is not None:
            scored = scored.select(*chosen(columns, scored.columns))
        elif source.form is Form.images:
            scored = scored.drop("content")
        if output is None or kind is None:
            _show(scored if columns is not None else _results(stage, scored), rows)
            return
        _write(scored, output, kind, overwrite)
    print(f"scores   {output}")


def _kind(output: str) -> Written:
    """What a name says."""
    for kind in Written:
        if output.rstrip("/").endswith(f".{kind.value}"):
            return kind
    raise ArgumentError(
        f"--output {output}: a name ends in .parquet, .csv or .json, or --output-format says it"
    )


def _named(stage: Any, scored: DataFrame) -> DataFrame:
    """With the names of the classes, if they have any."""
    if not getattr(stage, "labels", None):
        return scored
    from pyspark.ml.feature import IndexToString

    back = IndexToString(inputCol=stage.getPredictionCol(), outputCol=_NAMES)
    return back.transform(scored)


def _plain(scored: DataFrame) -> DataFrame:
    """With arrays in place of Spark's vectors, which other programs do not know."""
    from pyspark.ml.functions import vector_to_array
    from pyspark.ml.linalg import VectorUDT

    for field in scored.schema:
        if isinstance(field.dataType, VectorUDT):
            scored = scored.withColumn(field.name, vector_to_array(scored[field.name]))
    return scored


def _results(stage: Any, scored: DataFrame) -> DataFrame:
    """Without what goes into the net, and what comes out of it before it is made probable."""
    defined = [param for param in stage.params if stage.isDefined(param)]
    known = {param.name: stage.getOrDefault(param) for param in defined}
    names = [known[name] for name in ("featuresCol", "rawPredictionCol") if name in known]
    return scored.drop(*names, *known.get("featuresCols", []))


def _show(scored: DataFrame, rows: int) -> None:
    """Prints the first rows, with as many digits as are read."""
    from pyspark.sql import functions, types

    for field in scored.schema:
        if field.dataType == types.ArrayType(types.DoubleType(), False):
            short = functions.transform(field.name, lambda value: functions.round(value, _DIGITS))
            scored = scored.withColumn(field.name, short)
    scored.show(rows, truncate=_WIDTH)


def _write(scored: DataFrame, output: str, kind: Written, overwrite: bool) -> None:
    """As Spark writes: a folder of parts."""
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions, types

    if kind is Written.csv:  # Which has text and numbers only.
        nested = (types.ArrayType, types.MapType, types.StructType)
        for field in scored.schema:
            if isinstance(field.dataType, nested):
                text = functions.to_json(scored[field.name])
                scored = scored.withColumn(field.name, text)
    writer = scored.write.mode("overwrite" if overwrite else "error").format(kind.value)
    if kind is Written.csv:
        writer = writer.option("header", True)
    try:
        writer.save(uri(output))
    except AnalysisException as error:
        if "PATH_ALREADY_EXISTS" in str(error):
            raise ArgumentError(f"{output} is there already: --overwrite replaces it") from None
        raise
