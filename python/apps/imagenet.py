"""Trains CaffeNet, AlexNet or GoogLeNet on ImageNet in tar files, on Spark.

::

    sparknet submit --s3 python/apps/imagenet.py -- \\
        --train s3a://bucket/train/ --labels s3a://bucket/train.txt \\
        --test s3a://bucket/val/ --test-labels s3a://bucket/val.txt --workers 5

where JAR is target/scala-2.12/sparknet-assembly-<version>.jar. ``python -m sparknet.imagenet``
makes the tars and the label files. The mean training image is subtracted from all images.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import sparknet
from sparknet import cli, data, spec
from sparknet.data import Dataset
from sparknet.proto import caffe_pb2
from sparknet.sessions import stopping

MODELS = {
    "caffenet": "bvlc_reference_caffenet",
    "alexnet": "bvlc_alexnet",
    "googlenet": "bvlc_googlenet",
}


def grey(images: NDArray[np.uint8], labels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """An example of preprocessing of one's own: all images (n, 3, h, w) become grey.

    Weights of ITU-R BT.601, as JPEG uses them.
    """
    weights = np.array([0.299, 0.587, 0.114], dtype=np.float32).reshape(1, 3, 1, 1)
    brightness = (images * weights).sum(axis=1, keepdims=True)
    return np.repeat(brightness.round().astype(np.uint8), 3, axis=1)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="imagenet.py", description=__doc__.splitlines()[0], allow_abbrev=False
    )
    parser.add_argument("--train", required=True, help="URI of the training tars or their folder")
    parser.add_argument("--labels", required=True, help="URI of the training labels: name label")
    parser.add_argument("--test", help="URI of the test tars")
    parser.add_argument("--test-labels", help="URI of the test labels, default: --labels")
    parser.add_argument("--model", choices=list(MODELS), default="caffenet")
    parser.add_argument("--solver", type=Path, help="a solver prototxt, default: the model's")
    parser.add_argument("--workers", type=cli.positive, default=2, help="default: %(default)s")
    parser.add_argument(
        "--tau", type=cli.positive, default=50, help="steps between averages, default: 50"
    )
    parser.add_argument(
        "--batch-size", type=cli.positive, default=256, help="of a step, default: %(default)s"
    )
    parser.add_argument("--test-batch-size", type=cli.positive, help="default: the net's")
    parser.add_argument(
        "--rounds", type=cli.positive, help="default: the solver's max_iter, tau at a time"
    )
    parser.add_argument("--size", type=cli.positive, default=256, help="of images, default: 256")
    parser.add_argument("--crop", type=cli.positive, help="part that is seen, default: the net's")
    parser.add_argument("--base-lr", type=cli.positive_number, help="default: the solver's")
    parser.add_argument("--seed", type=int, help="of weights, crops and the order of images")
    parser.add_argument(
        "--storage",
        default="MEMORY_AND_DISK",
        help="Spark's StorageLevel of the images, default: %(default)s; NONE reads them again",
    )
    parser.add_argument(
        "--encoded", action="store_true", help="keep images as JPEG, and decode them when used"
    )
    parser.add_argument("--grey", action="store_true", help="train on grey images")
    parser.add_argument("--test-every", type=cli.positive, default=10, help="rounds, default: 10")
    parser.add_argument("--snapshot-prefix", help="path or URI, default: ./imagenet_MODEL")
    parser.add_argument("--snapshot-every", type=int, default=100, help="rounds, default: 100")
    parser.add_argument("--resume", help="a .solverstate to go on from, or a .caffemodel")
    return parser.parse_args()


def solver_of(args: argparse.Namespace) -> caffe_pb2.SolverParameter:
    """The solver with its net, to which top-5 accuracy is added if it has none."""
    name = args.solver or f"models/{MODELS[args.model]}/solver.prototxt"
    solver = spec.solver(name)
    if args.base_lr is not None:
        solver.base_lr = args.base_lr
    if args.seed is not None:
        solver.random_seed = args.seed
    layers = solver.net_param.layer
    accuracies = [layer for layer in layers if layer.type == "Accuracy"]
    if accuracies and not any(layer.accuracy_param.top_k == 5 for layer in accuracies):
        top5 = layers.add()
        top5.CopyFrom(accuracies[-1])
        top5.name = top5.top[0] = f"{top5.top[0]}_top5"
        top5.accuracy_param.top_k = 5
    return solver


def images(args: argparse.Namespace, tars: str, labels: str) -> Dataset:
    """The images of some tars, as the command line wants them."""
    held = data.images(
        tars,
        labels,
        height=args.size,
        width=args.size,
        storage=args.storage,
        encoded=args.encoded,
    )
    return held.map_batches(grey, held.shape).persist(args.storage) if args.grey else held


def train(args: argparse.Namespace) -> None:
    """Reads the data, trains, tests, and says where the weights are."""
    solver = solver_of(args)
    rounds = args.rounds or max(1, solver.max_iter // args.tau)
    prefix = args.snapshot_prefix or f"imagenet_{args.model}"
    training = images(args, args.train, args.labels)
    test = images(args, args.test, args.test_labels or args.labels) if args.test else None
    print(f"{training.count():,} images to train on", flush=True)
    if test is not None:
        print(f"{test.count():,} images to test on", flush=True)
    with sparknet.Trainer(
        solver,
        training,
        test,
        workers=args.workers,
        mean=training.mean(),
        crop=args.crop,
        batch_size=args.batch_size,
        test_batch_size=args.test_batch_size,
    ) as trainer:
        if args.resume is not None:
            trainer.restore(args.resume)
            print(f"resumed at iteration {trainer.iteration}", flush=True)
        history = trainer.fit(
            rounds,
            tau=args.tau,
            test_every=args.test_every,
            snapshot_every=args.snapshot_every,
            snapshot_prefix=prefix,
        )
        print(history)
        for name, value in (trainer.test() if test is not None else {}).items():
            print(f"{name:14} {value:.4f}")
        print(f"snapshot       {trainer.snapshots[0]}")


def main() -> None:
    """Makes a session and trains in it."""
    args = arguments()
    cli.check_resume(args.resume)
    spark = sparknet.session(args.workers, app_name=f"SparkNet {args.model}", memory_mb=4096)
    with stopping(spark):
        train(args)


if __name__ == "__main__":
    cli.run(main)
