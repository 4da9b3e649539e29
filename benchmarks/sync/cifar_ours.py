"""A trainer on Spark. Arguments: workers, passes, folder of the images; perhaps the precision on
the wire and the units of the first inner product. Prints images/s and accuracy.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import sparknet
from sparknet import data, spec

SOLVER = "examples/cifar10/cifar10_quick_solver.prototxt"


def main() -> None:
    """Trains and tests."""
    workers, epochs = map(int, sys.argv[1:3])
    folder = Path(sys.argv[3])
    precision = sys.argv[4] if len(sys.argv) > 4 else "fp32"
    spark = sparknet.session(workers)
    solver = spec.solver(SOLVER, random_seed=1)
    if len(sys.argv) > 5:
        next(
            layer for layer in solver.net_param.layer if layer.name == "ip1"
        ).inner_product_param.num_output = int(sys.argv[5])
    train = data.cifar(folder, True, workers, spark)
    test = data.cifar(folder, False, workers, spark)
    with sparknet.Trainer(
        *(solver, train, test),
        workers=workers,
        mean=train.mean(),
        seed=1,
        wire_precision=precision,
    ) as trainer:
        begin = time.perf_counter()
        history = trainer.fit(epochs=epochs, tau=10, progress=False)
        speed = history.images / (time.perf_counter() - begin)
        print(f"trained: {speed:.1f} images/s, accuracy {trainer.test()['accuracy']:.4f}")
    spark.stop()


if __name__ == "__main__":
    main()
