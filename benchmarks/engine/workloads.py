"""What is measured: nets, with how many images, and for how long. Needs neither torch nor the
engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Model:
    """Where a net of the repository is; solver -- its prototxt, below caffe/; image -- channels,
    height and width."""

    solver: str
    image: tuple[int, int, int]

    @property
    def deploy(self) -> str:
        """The net for prediction, below caffe/ (not every model has one)."""
        return str(PurePosixPath(self.solver).with_name("deploy.prototxt"))


MODELS = {
    "cifar10_quick": Model("examples/cifar10/cifar10_quick_solver.prototxt", (3, 32, 32)),
    "cifar10_full": Model("examples/cifar10/cifar10_full_solver.prototxt", (3, 32, 32)),
    "caffenet": Model("models/bvlc_reference_caffenet/solver.prototxt", (3, 227, 227)),
    "googlenet": Model("models/bvlc_googlenet/solver.prototxt", (3, 224, 224)),
    "resnet50": Model("models/resnet50/solver.prototxt", (3, 224, 224)),
}

# What is compared: training steps and forward passes by their time, or the memory that a training
# step takes at most.
KINDS = ("train", "infer", "memory")


@dataclass(frozen=True)
class Workload:
    """One measurement: steps of a net with `batch` images, of which the first are not timed.

    kind -- one of KINDS.
    """

    kind: str
    net: str
    batch: int
    warm_up: int
    steps: int

    @property
    def better(self) -> str:
        """Whether a higher or a lower ratio is good for us: speeds are compared by how many times
        as fast we are, memory by how many times as much we take."""
        return "lower" if self.kind == "memory" else "higher"


# Some seconds each, on two cores of 2023.
WORKLOADS = (
    Workload("train", "cifar10_quick", 100, 10, 50),
    Workload("train", "cifar10_full", 100, 10, 50),
    Workload("train", "caffenet", 32, 2, 6),
    Workload("train", "googlenet", 16, 2, 6),
    Workload("train", "resnet50", 16, 2, 4),
    Workload("infer", "resnet50", 1, 5, 40),
    Workload("infer", "resnet50", 32, 2, 6),
    Workload("memory", "caffenet", 256, 1, 1),
)
