"""What is published about the models under caffe/: files, numbers of weights, shapes of blobs."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Model:
    """A model: its files below caffe/, and what its paper or its authors say about it.

    image: channels, height and width of what it takes; weights: number of learned values while
    training; shapes: those of main blobs for one image; heads: prefixes of the layers that
    serve training only; deployed_weights: number of values without them, None: there are no such
    layers; scores: the blob that the last loss reads; relocated: settings of the solver that
    the table writes for another folder.
    """

    net: str
    solver: str
    deploy: str
    image: tuple[int, int, int]
    weights: int
    shapes: dict[str, tuple[int, ...]]
    scores: str
    heads: tuple[str, ...] = ()
    deployed_weights: int | None = None
    relocated: dict[str, str] = field(default_factory=dict)


def _example(folder: str, name: str) -> tuple[str, str, str]:
    start = f"examples/{folder}/{name}"
    return f"{start}_train_test.prototxt", f"{start}_solver.prototxt", f"{start}.prototxt"


def _model(folder: str) -> tuple[str, str, str]:
    start = f"models/{folder}"
    return f"{start}/train_val.prototxt", f"{start}/solver.prototxt", f"{start}/deploy.prototxt"


# The two differ in the order of pooling and normalisation only.
_ALEX_SHAPES: dict[str, tuple[int, ...]] = {
    "conv1": (96, 55, 55),
    "pool1": (96, 27, 27),
    "conv2": (256, 27, 27),
    "pool2": (256, 13, 13),
    "conv3": (384, 13, 13),
    "conv4": (384, 13, 13),
    "conv5": (256, 13, 13),
    "pool5": (256, 6, 6),
    "fc6": (4096,),
    "fc7": (4096,),
    "fc8": (1000,),
}

MODELS: dict[str, Model] = {
    "lenet": Model(
        *_example("mnist", "lenet"),
        image=(1, 28, 28),
        weights=431_080,
        shapes={
            "conv1": (20, 24, 24),
            "pool1": (20, 12, 12),
            "conv2": (50, 8, 8),
            "pool2": (50, 4, 4),
            "ip1": (500,),
            "ip2": (10,),
        },
        scores="ip2",
    ),
    "cifar10_quick": Model(
        *_example("cifar10", "cifar10_quick"),
        image=(3, 32, 32),
        weights=145_578,
        shapes={"pool1": (32, 16, 16), "pool2": (32, 8, 8), "pool3": (64, 4, 4), "ip1": (64,)},
        scores="ip2",
    ),
    "cifar10_full": Model(
        *_example("cifar10", "cifar10_full"),
        image=(3, 32, 32),
        weights=89_578,
        shapes={"pool1": (32, 16, 16), "pool2": (32, 8, 8), "pool3": (64, 4, 4), "ip1": (10,)},
        scores="ip1",
    ),
    "caffenet": Model(
        *_model("bvlc_reference_caffenet"),
        image=(3, 227, 227),
        weights=60_965_224,
        shapes=_ALEX_SHAPES,
        scores="fc8",
    ),
    "alexnet": Model(
        *_model("bvlc_alexnet"),
        image=(3, 227, 227),
        weights=60_965_224,
        shapes=_ALEX_SHAPES,
        scores="fc8",
    ),
    # Szegedy et al., table 1; sizes of the auxiliary classifiers: section 5.
    "googlenet": Model(
        *_model("bvlc_googlenet"),
        image=(3, 224, 224),
        weights=13_378_280,
        shapes={
            "conv1/7x7_s2": (64, 112, 112),
            "pool1/3x3_s2": (64, 56, 56),
            "conv2/3x3": (192, 56, 56),
            "pool2/3x3_s2": (192, 28, 28),
            "inception_3a/output": (256, 28, 28),
            "inception_3b/output": (480, 28, 28),
            "pool3/3x3_s2": (480, 14, 14),
            "inception_4a/output": (512, 14, 14),
            "inception_4b/output": (512, 14, 14),
            "inception_4c/output": (512, 14, 14),
            "inception_4d/output": (528, 14, 14),
            "inception_4e/output": (832, 14, 14),
            "pool4/3x3_s2": (832, 7, 7),
            "inception_5a/output": (832, 7, 7),
            "inception_5b/output": (1024, 7, 7),
            "pool5/7x7_s1": (1024, 1, 1),
            "loss1/ave_pool": (512, 4, 4),
            "loss2/ave_pool": (528, 4, 4),
            "loss1/fc": (1024,),
            "loss3/classifier": (1000,),
        },
        scores="loss3/classifier",
        heads=("loss1/", "loss2/"),
        deployed_weights=6_998_552,
    ),
    # The authors' changes from version 1.0: the first convolution and the places of pooling.
    "squeezenet_v1.1": Model(
        *_model("squeezenet_v1.1"),
        image=(3, 227, 227),
        weights=1_235_496,
        shapes={
            "conv1": (64, 113, 113),
            "pool1": (64, 56, 56),
            "fire2/concat": (128, 56, 56),
            "pool3": (128, 28, 28),
            "fire4/concat": (256, 28, 28),
            "pool5": (256, 14, 14),
            "fire6/concat": (384, 14, 14),
            "fire9/concat": (512, 14, 14),
            "conv10": (1000, 14, 14),
            "pool10": (1000, 1, 1),
        },
        scores="pool10",
        relocated={
            "net": "models/squeezenet_v1.1/train_val.prototxt",
            "snapshot_prefix": "models/squeezenet_v1.1/squeezenet_train",
        },
    ),
    # Simonyan and Zisserman, table 1, column D.
    "vgg16": Model(
        *_model("vgg16"),
        image=(3, 224, 224),
        weights=138_357_544,
        shapes={
            "conv1_2": (64, 224, 224),
            "conv2_2": (128, 112, 112),
            "conv3_3": (256, 56, 56),
            "conv4_3": (512, 28, 28),
            "conv5_3": (512, 14, 14),
            "pool5": (512, 7, 7),
            "fc6": (4096,),
            "fc8": (1000,),
        },
        scores="fc8",
    ),
    # He et al., table 1. The published Caffe model has 64 biases of conv1 besides the 25,557,032
    # that other libraries count.
    "resnet50": Model(
        *_model("resnet50"),
        image=(3, 224, 224),
        weights=25_557_032 + 64,
        shapes={
            "conv1": (64, 112, 112),
            "pool1": (64, 56, 56),
            "res2c": (256, 56, 56),
            "res3d": (512, 28, 28),
            "res4f": (1024, 14, 14),
            "res5c": (2048, 7, 7),
            "pool5": (2048, 1, 1),
            "fc1000": (1000,),
        },
        scores="fc1000",
    ),
}

# Models that the table holds; the others follow their papers alone.
IN_TABLE = [name for name in MODELS if name not in ("vgg16", "resnet50")]
