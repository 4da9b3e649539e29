"""Trains cifar10_quick or cifar10_full on CIFAR-10, on Spark.

::

    spark-submit --jars JAR --py-files JAR python/apps/cifar.py --workers 2

where JAR is target/scala-2.12/sparknet-assembly-<version>.jar. The data come from
caffe/data/cifar10/get_cifar10.sh. The mean training image is subtracted from all images.
"""

from __future__ import annotations

import argparse
import os

import sparknet
from sparknet import cli, data
from sparknet.sessions import stopping


def arguments() -> argparse.Namespace:
    """The command line."""
    own = f"{os.environ.get('SPARKNET_HOME', '.')}/caffe/data/cifar10"
    parser = argparse.ArgumentParser(
        prog="cifar.py", description=__doc__.splitlines()[0], allow_abbrev=False
    )
    parser.add_argument("--workers", type=cli.positive, default=2, help="default: %(default)s")
    parser.add_argument("--model", choices=["quick", "full"], default="quick")
    parser.add_argument(
        "--data", default=own, help="folder of the .bin files, a path or URI; default: %(default)s"
    )
    parser.add_argument(
        "--epochs", type=cli.positive_number, default=8.0, help="passes over the training images"
    )
    parser.add_argument(
        "--tau", type=cli.positive, default=10, help="steps between averages, default: 10"
    )
    parser.add_argument("--batch-size", type=cli.positive, help="default: that of the model")
    parser.add_argument("--base-lr", type=cli.positive_number, help="default: the solver's")
    parser.add_argument("--seed", type=int, help="of the initial weights")
    parser.add_argument(
        "--test-every", type=cli.positive, default=25, help="rounds between tests, default: 25"
    )
    parser.add_argument("--snapshot-prefix", help="path or URI, default: ./cifar10_MODEL")
    parser.add_argument(
        "--snapshot-every", type=int, default=0, help="rounds; default: at the end only"
    )
    parser.add_argument("--resume", help="a .solverstate to go on from, or a .caffemodel")
    return parser.parse_args()


def main() -> None:
    """Trains, tests, and says where the weights are."""
    args = arguments()
    cli.check_resume(args.resume)
    prefix = args.snapshot_prefix or f"cifar10_{args.model}"
    spark = sparknet.session(args.workers, app_name=f"SparkNet cifar10_{args.model}")
    with stopping(spark):
        train = data.cifar(args.data, True, args.workers, spark)
        test = data.cifar(args.data, False, args.workers, spark)
        print(f"{train.count():,} images to train on, {test.count():,} to test on", flush=True)
        with sparknet.Trainer(
            f"examples/cifar10/cifar10_{args.model}_solver.prototxt",
            train,
            test,
            learning_rate=args.base_lr,
            random_seed=args.seed,
            workers=args.workers,
            mean=train.mean(),
            batch_size=args.batch_size,
        ) as trainer:
            if args.resume is not None:
                trainer.restore(args.resume)
                print(f"resumed at iteration {trainer.iteration}", flush=True)
            history = trainer.fit(
                epochs=args.epochs,
                tau=args.tau,
                test_every=args.test_every,
                snapshot_every=args.snapshot_every,
                snapshot_prefix=prefix,
            )
            scores = trainer.test()
            print(f"{history.images:,} images, {history.images_per_second:,.0f} images/s")
            print(f"test accuracy  {scores['accuracy']:.2%}")
            print(f"snapshot       {trainer.snapshots[0]}")


if __name__ == "__main__":
    cli.run(main)
