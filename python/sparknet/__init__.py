"""SparkNet: deep networks trained on Apache Spark.

::

    import sparknet
    from sparknet import data

    spark = sparknet.session(workers=2)
    train = data.cifar("caffe/data/cifar10")
    test = data.cifar("caffe/data/cifar10", train=False)
    solver = "caffe/examples/cifar10/cifar10_quick_solver.prototxt"
    trainer = sparknet.Trainer(solver, train, test, workers=2, mean=train.mean())
    trainer.fit(epochs=8, tau=10)
    print(trainer.test())

``sparknet.Net`` makes nets in code. ``sparknet.local`` drives them in this process, without Spark,
in the manner of pycaffe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparknet.errors import SparkNetError

if TYPE_CHECKING:
    from sparknet.nets import Net
    from sparknet.sessions import session
    from sparknet.trainer import Trainer

    __version__: str

__all__ = ["Net", "SparkNetError", "Trainer", "__version__", "session"]


def __getattr__(name: str) -> Any:
    # Loaded on demand: sparknet.local and the layer DSL work where PySpark is not installed.
    if name == "Net":
        from sparknet.nets import Net

        return Net
    if name == "session":
        from sparknet.sessions import session

        return session
    if name == "Trainer":
        from sparknet.trainer import Trainer

        return Trainer
    if name == "__version__":
        from sparknet import version

        return version.own() or "unknown"
    raise AttributeError(f"module 'sparknet' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
