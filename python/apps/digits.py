"""Trains a small LeNet on scikit-learn's 1,797 handwritten digits, on Spark.

Runs on this machine as it is: ``build/python python/apps/digits.py``. It leaves the weights
(.caffemodel) and a picture of the loss and accuracy curves.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import sparknet
from sparknet import cli, data
from sparknet.errors import SetupError
from sparknet.history import History
from sparknet.sessions import stopping

SOLVER = "examples/digits/digits_lenet_solver.prototxt"
SPLIT_SEED = 20151119
TEST_SHARE = 0.2


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=cli.positive, default=2, help="default: %(default)s")
    parser.add_argument("--rounds", type=cli.positive, default=30, help="default: %(default)s")
    parser.add_argument("--tau", type=cli.positive, default=10, help="steps a round, default: 10")
    parser.add_argument("--seed", type=int, default=1, help="of the initial weights")
    parser.add_argument("--out", type=Path, default=Path("sparknet-digits"), help="folder")
    return parser.parse_args()


def digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Images (1797, 1, 8, 8) in 0..1 and labels, in an order that is the same every time."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise SetupError("the digits come from scikit-learn: pip install scikit-learn") from None
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(SPLIT_SEED).permutation(len(images))
    scaled = (images[order] / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    return scaled, labels[order]


def draw(history: History, path: Path) -> None:
    """The curves: training loss of every round, test accuracy of every test."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, loss = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    rounds, tests = history.rounds, history.tests
    loss.plot(rounds.iteration, rounds.loss, color="tab:blue", label="training loss")
    loss.set_xlabel("iterations of each worker")
    loss.set_ylabel("training loss", color="tab:blue")
    loss.set_ylim(bottom=0)
    accuracy = loss.twinx()
    percent = 100 * tests.accuracy
    accuracy.plot(tests.iteration, percent, color="tab:orange", marker=".", label="test accuracy")
    accuracy.set_ylabel("test accuracy, %", color="tab:orange")
    accuracy.set_ylim(0, 100)
    figure.suptitle("LeNet on 8x8 digits, trained by SparkNet")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def main() -> None:
    """Trains, tests, and leaves weights and curves."""
    args = arguments()
    images, labels = digits()
    args.out.mkdir(parents=True, exist_ok=True)
    held_out = int(TEST_SHARE * len(images))
    print(f"starting Spark with {args.workers} executors", flush=True)
    spark = sparknet.session(args.workers, app_name="SparkNet digits")
    with stopping(spark):
        train = data.from_numpy(images[held_out:], labels[held_out:], args.workers, spark)
        test = data.from_numpy(images[:held_out], labels[:held_out], args.workers, spark)
        print(f"{train.count():,} images to train on, {test.count():,} to test on", flush=True)
        with sparknet.Trainer(
            SOLVER, train, test, workers=args.workers, random_seed=args.seed
        ) as trainer:
            every = max(1, args.rounds // 10)
            history = trainer.fit(args.rounds, tau=args.tau, test_every=every)
            scores = trainer.test()
            model, _ = trainer.snapshot(args.out / "digits")
    curves = args.out / "digits.png"
    draw(history, curves)
    print(f"test accuracy  {scores['accuracy']:.2%}")
    print(f"weights        {model}")
    print(f"curves         {curves.resolve()}")


if __name__ == "__main__":
    cli.run(main)
