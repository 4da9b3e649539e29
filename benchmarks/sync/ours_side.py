"""Rounds of a trainer on a net of about so many weights. Arguments: weights, executors, rounds,
seconds of rounds before those, and perhaps a master whose executors are there and the precision on
the wire.

Prints milliseconds a round of one step and of MORE steps more, whose difference is what steps take,
and, on executors of its own, of a round more within ``fit``. The calls from Python are included.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from table import MORE

import sparknet
from sparknet import data

FIRST = 4  # rounds, after most of which the driver makes a copy of the weights


def net(side: int) -> str:
    """Two square layers; hardly any arithmetic for a batch of 1."""
    layers = [
        'layer { name: "data" type: "JavaData" top: "data"'
        f" java_data_param {{ shape {{ dim: 1 dim: {side} }} }} }}",
        'layer { name: "label" type: "JavaData" top: "label"'
        " java_data_param { shape { dim: 1 dim: 1 } } }",
    ]
    for name, bottom in (("a", "data"), ("b", "a")):
        layers.append(
            f'layer {{ name: "{name}" type: "InnerProduct" bottom: "{bottom}" top: "{name}"'
            f" inner_product_param {{ num_output: {side} bias_term: false"
            ' weight_filler { type: "constant" value: 1e-4 } } }'
        )
    layers.append(
        'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "b" bottom: "label" top: "loss" }'
    )
    return "\n".join(layers)


def milliseconds(trainer: sparknet.Trainer, tau: int) -> float:
    """One round by hand."""
    begin = time.perf_counter()
    trainer.broadcast()
    trainer.train(tau)
    trainer.average()
    return 1000 * (time.perf_counter() - begin)


def fitted(trainer: sparknet.Trainer, rounds: int) -> float:
    """Milliseconds of so many rounds, their begin and end included."""
    begin = time.perf_counter()
    trainer.fit(rounds, tau=1, progress=False)
    return 1000 * (time.perf_counter() - begin)


def main() -> None:
    """Measures and prints."""
    weights, executors, rounds, warm_up = map(int, sys.argv[1:5])
    master = sys.argv[5] if len(sys.argv) > 5 else f"local-cluster[{executors},1,2048]"
    precision = sys.argv[6] if len(sys.argv) > 6 else "fp32"
    side = round((weights / 2) ** 0.5)
    heaps = {"spark.driver.memory": "4g", "spark.executor.memory": "2g"}
    spark = sparknet.session(executors, master=master, config=heaps)
    items = np.zeros((8 * executors, side), np.float32)
    train = data.from_numpy(items, np.zeros(len(items)), executors)
    solver = "base_lr: 1e-6 lr_policy: 'fixed' momentum: 0.9 net_param {" + net(side) + "}"
    options = {"seed": 1, "wire_precision": precision}
    with sparknet.Trainer(solver, train, workers=executors, **options) as trainer:
        begin = time.perf_counter()
        done = 0
        while time.perf_counter() - begin < warm_up or done < FIRST:
            milliseconds(trainer, 1)
            done += 1
        short = [milliseconds(trainer, 1) for _ in range(rounds)]
        long = [milliseconds(trainer, 1 + MORE) for _ in range(max(3, rounds // 3))]
        fit = []
        if len(sys.argv) <= 5:
            fit = [(fitted(trainer, 2 * rounds) - fitted(trainer, rounds)) / rounds]
    for name, times in (("round", short), ("long", long), ("fit", fit)):
        print(f"{name}:", *(f"{ms:.3f}" for ms in times), flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
