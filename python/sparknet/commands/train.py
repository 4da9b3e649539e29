"""``sparknet train``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sparknet import cli, spec
from sparknet.commands import cluster, options, report, train_options
from sparknet.commands.places import Items, Source
from sparknet.commands.values import mean_of
from sparknet.errors import ArgumentError
from sparknet.proto import caffe_pb2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sparknet.data import Dataset
    from sparknet.trainer import Trainer

__all__ = ["train"]

_ROUNDS_BETWEEN_TESTS = 10


def train(
    solver: train_options.SolverFile,
    train: train_options.Train,
    test: train_options.Test = None,
    net: train_options.Net = None,
    rounds: train_options.Rounds = None,
    epochs: train_options.Epochs = None,
    tau: train_options.Tau = 10,
    learning_rate: train_options.LearningRate = None,
    seed: train_options.Seed = None,
    test_every: train_options.TestEvery = None,
    quiet: train_options.Quiet = False,
    snapshot_prefix: train_options.SnapshotPrefix = None,
    snapshot_every: train_options.SnapshotEvery = None,
    checkpoint: train_options.Checkpoint = None,
    checkpoint_every: train_options.CheckpointEvery = 10,
    weights: train_options.Weights = None,
    snapshot: train_options.Snapshot = None,
    form: options.Format = None,
    features: options.Features = "features",
    label: options.Label = "label",
    weight: options.Weight = None,
    labels: options.Labels = None,
    test_labels: train_options.TestLabels = None,
    skip_invalid: options.Skip = False,
    shape: options.Shape = None,
    image_size: options.ImageSize = None,
    mean: train_options.Mean = None,
    scale: options.Scale = None,
    crop: options.Crop = None,
    mirror: train_options.Mirror = None,
    batch_size: options.BatchSize = None,
    workers: options.Workers = None,
    master: options.Master = None,
    memory: options.Memory = None,
    s3: options.S3 = False,
    conf: options.Conf = None,
    ui: train_options.Pages = False,
) -> None:
    """Train a net on Spark.

    DATA are a table (Parquet, ORC, CSV, JSON or a table's name), a folder of images or of tars of
    images, or CIFAR-10's own folder, on this machine or as a URI that Hadoop knows.
    """
    message = spec.solver(solver, net, **_given(learning_rate=learning_rate, random_seed=seed))
    start = _start(weights, snapshot)
    prefix = snapshot_prefix or message.snapshot_prefix or _name(solver)
    trained = Source(train, form)
    tested = None if test is None else Source(test, form)
    given_mean = None if mean in (None, "data") else mean_of(str(mean))
    items = Items(features, label, weight, labels, shape, image_size, skip_invalid)
    part = None if crop is None else (crop[0], crop[-1])
    if test_every is None and (rounds is not None or epochs is not None):
        test_every = _ROUNDS_BETWEEN_TESTS
    with cluster.running(cluster.Cluster(master, workers, memory, conf, s3), "train", ui) as spark:
        import sparknet

        own, crops = _net(message), part is not None
        train_data = trained.dataset(spark, items, own, True, crops)
        print(f"{train_data.count():,} items to train on", flush=True)
        test_data = None
        if tested is not None:
            test_items = items._replace(labels=test_labels or labels)
            test_data = tested.dataset(spark, test_items, own, False, crops)
            print(f"{test_data.count():,} items to test on", flush=True)
        if mean == "data":
            given_mean = _keep_mean(train_data, prefix)
        with sparknet.Trainer(
            message,
            train_data,
            test_data,
            workers=workers,
            mean=given_mean,
            scale=scale,
            crop=part,
            mirror=mirror,
            batch_size=batch_size,
        ) as trainer:
            if start is not None:
                print(trainer.restore(start), flush=True)
            trainer.fit(
                rounds,
                epochs=epochs,
                tau=tau,
                test_every=test_every,
                snapshot_every=snapshot_every,
                snapshot_prefix=prefix,
                checkpoint=checkpoint,
                every=checkpoint_every,
                progress=not quiet,
            )
            _report(trainer, test_data)


def _report(trainer: Trainer, tested: Dataset | None) -> None:
    done = trainer.history
    print(f"{done.images:,} items, {done.images_per_second:,.0f} items/s")
    if tested is not None:
        report.scores(trainer.test())
    for place in trainer.snapshots[:1]:
        print(f"weights  {place}")


def _given(**options: Any) -> dict[str, Any]:
    """Those that are."""
    return {name: value for name, value in options.items() if value is not None}


def _start(weights: str | None, snapshot: str | None) -> str | None:
    """The file that a run goes on from, if there is one."""
    if weights is not None and snapshot is not None:
        raise ArgumentError("--weights and --snapshot: a run begins with one of them")
    kinds = {"--weights": (weights, "caffemodel"), "--snapshot": (snapshot, "solverstate")}
    for option, (place, kind) in kinds.items():
        if place is not None and not place.endswith((f".{kind}", f".{kind}.h5")):
            raise ArgumentError(f"{option} {place}: not a .{kind}")
    cli.check_resume(weights or snapshot)
    return weights or snapshot


def _name(solver: str) -> str:
    """Of a solver's file, for its snapshots."""
    return re.sub(r"[_-]?solver$", "", Path(solver).stem) or "net"


def _net(solver: caffe_pb2.SolverParameter) -> caffe_pb2.NetParameter:
    """The net that a solver trains."""
    return solver.net_param if solver.HasField("net_param") else solver.train_net_param


def _keep_mean(data: Dataset, prefix: str) -> NDArray[np.float32]:
    """The mean item; what tests and uses the net later needs it, too."""
    mean = data.mean()
    # A URI is none of NumPy's: it stays on this machine.
    path = f"{os.path.basename(prefix) if ':/' in prefix else prefix}_mean.npy"
    np.save(path, mean)
    print(f"mean     {path}", flush=True)
    return mean
