"""``sparknet test``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparknet import spec
from sparknet.commands import cluster, options, report, trained
from sparknet.commands.places import Items, Source
from sparknet.commands.values import mean_of
from sparknet.errors import ArgumentError, ShapeError
from sparknet.proto import caffe_pb2

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["test"]


def test(
    what: options.ModelAndData,
    form: options.Format = None,
    features: options.OwnFeatures = None,
    label: options.OwnLabel = None,
    weight: options.Weight = None,
    labels: options.Labels = None,
    skip_invalid: options.Skip = False,
    shape: options.Shape = None,
    image_size: options.ImageSize = None,
    mean: options.Mean = None,
    scale: options.Scale = None,
    crop: options.Crop = None,
    channel_order: options.ChannelOrder = None,
    batch_size: options.BatchSize = None,
    as_json: options.Json = False,
    workers: options.Workers = None,
    master: options.Master = None,
    memory: options.Memory = None,
    s3: options.S3 = False,
    conf: options.Conf = None,
) -> None:
    """Print how good a net is on labelled data.

    NET WEIGHTS DATA: a net's prototxt and its .caffemodel. The scores are what its own layers say,
    such as Accuracy; a net without them is judged as a classifier. MODEL DATA: a folder that a
    model of sparknet.ml was saved to. DATA are as for `train`.
    """
    which = trained.given(what)
    source = Source(which.data, form)
    means = None if mean is None else mean_of(mean, channel_order)
    view = trained.View(
        features, image_size, means, scale, crop, channel_order, batch_size, skip_invalid
    )
    where = cluster.Cluster(master, workers, memory, conf, s3)
    with cluster.running(where, "test") as spark:
        net = None if which.model is not None else _judging(which.net)
        if net is not None:
            given = Items(
                features or "features",
                label or "label",
                weight,
                labels,
                shape,
                image_size,
                skip_invalid,
            )
            scores = _by_its_layers(net, which.weights, source, given, view, workers, spark)
        else:
            frame = source.frame(spark)
            stage = trained.load(which, view, source, frame, spark)
            if not hasattr(stage, "evaluate"):
                raise ArgumentError(
                    f"{which.model}: a {type(stage).__name__} has no scores; predict uses it"
                )
            if label is not None:
                stage.setParams(label_col=label)
            scores = stage.evaluate(frame)
    report.scores(scores, as_json)


def _judging(place: str) -> caffe_pb2.NetParameter | None:
    """The net, if it has layers that say how good it is."""
    from sparknet.nets import Net

    net = Net.load(place).to_proto()
    kinds = [layer.type for layer in net.layer if spec.runs_in(layer, caffe_pb2.TEST)]
    return net if any(kind == "Accuracy" or kind.endswith("Loss") for kind in kinds) else None


def _by_its_layers(
    net: caffe_pb2.NetParameter,
    weights: str,
    source: Source,
    items: Items,
    view: trained.View,
    workers: int | None,
    spark: SparkSession,
) -> dict[str, float]:
    import sparknet

    if view.channel_order != "rgb":
        raise ArgumentError(
            "--channel-order bgr goes with a net without a loss, such as a deploy prototxt"
        )
    crop = None if view.crop is None else (view.crop[0], view.crop[-1])
    data = source.dataset(spark, items, net, crops=crop is not None)
    with sparknet.Trainer(
        {"base_lr": 1.0},  # Nothing is trained.
        data,
        data,
        net=net,
        workers=workers,
        mean=view.mean,
        scale=view.scale,
        crop=crop,
        test_batch_size=view.batch_size,
    ) as trainer:
        taken = trainer.restore(weights)
        if "not in the file" in taken:
            raise ShapeError(taken)
        return trainer.test()
