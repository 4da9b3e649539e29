"""Arguments and options that commands share; Python 3.9 evaluates their types."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Optional

import typer

from sparknet.commands.values import (
    Extents,
    Megabytes,
    Setting,
    extents,
    master,
    megabytes,
    setting,
)

__all__: list[str] = []

DATA, NET, SPARK = "Data", "What the net sees", "Spark"


class Form(str, Enum):
    """How data are kept."""

    parquet = "parquet"
    orc = "orc"
    csv = "csv"
    json = "json"
    table = "table"
    images = "images"
    cifar = "cifar"


class Order(str, Enum):
    """Of channels."""

    rgb = "rgb"
    bgr = "bgr"


class Phase(str, Enum):
    """Of a net."""

    TRAIN = "TRAIN"
    TEST = "TEST"


def option(panel: str, *names: str, text: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, show_default=False, **more)


NetFile = Annotated[
    str, typer.Argument(metavar="NET", help="A net's prototxt.", show_default=False)
]

OfPhase = Annotated[
    Optional[Phase],
    typer.Option(
        "--phase",
        help="The net of this phase. Default: its own, TEST to draw and TRAIN to time.",
        case_sensitive=False,
        show_default=False,
    ),
]
BatchSize = Annotated[
    Optional[int],
    option(NET, "--batch-size", text="Items a step. Default: the net's.", min=1, metavar="N"),
]

ModelAndData = Annotated[
    list[str],
    typer.Argument(metavar="NET WEIGHTS DATA", help="Or MODEL DATA.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print one line of JSON.")]

Format = Annotated[
    Optional[Form],
    option(
        DATA,
        "--format",
        text="How the data are kept, where their names do not say it.",
        case_sensitive=False,
    ),
]
Features = Annotated[
    str,
    typer.Option(
        "--features",
        metavar="COLUMNS",
        help="Columns that an item is made of: names or patterns, such as 'a,b' or 'pixel_*'.",
        rich_help_panel=DATA,
    ),
]
Label = Annotated[
    str,
    typer.Option("--label", metavar="COLUMN", help="Column of labels.", rich_help_panel=DATA),
]
OwnFeatures = Annotated[
    Optional[str],
    option(
        DATA,
        "--features",
        metavar="COLUMNS",
        text="Columns that an item is made of: names or patterns, such as 'a,b' or 'pixel_*'."
        " Default: those of MODEL, or `features`.",
    ),
]
OwnLabel = Annotated[
    Optional[str],
    option(
        DATA,
        "--label",
        metavar="COLUMN",
        text="Column of labels. Default: that of MODEL, or `label`.",
    ),
]
Weight = Annotated[
    Optional[str],
    option(DATA, "--weight", text="Column of how much each row counts.", metavar="COLUMN"),
]
Labels = Annotated[
    Optional[str],
    option(
        DATA,
        "--labels",
        text="Labels of images: a file of lines 'path label'. Else their folders are classes.",
        metavar="FILE",
    ),
]
Skip = Annotated[
    bool,
    option(DATA, "--skip-invalid", text="Leave rows out that cannot be used, and count them."),
]

Shape = Annotated[
    Optional[Extents],
    option(
        NET,
        "--shape",
        text="Of an item, such as 3,32,32, where neither net nor data say it.",
        parser=extents,
        metavar="N,N,N",
    ),
]
ImageSize = Annotated[
    Optional[Extents],
    option(
        NET,
        "--image-size",
        text="Height and width to which images are resized.",
        parser=extents,
        metavar="H,W",
    ),
]
Mean = Annotated[
    Optional[str],
    option(
        NET,
        "--mean",
        text="Subtracted from items: numbers, such as 104,117,123, a .npy or a .binaryproto.",
        metavar="MEAN",
    ),
]
Scale = Annotated[
    Optional[float], option(NET, "--scale", text="Items are multiplied by it after that.")
]
Crop = Annotated[
    Optional[Extents],
    option(
        NET,
        "--crop",
        text="Height and width of the part that the net sees: random in training, else the centre.",
        parser=extents,
        metavar="H,W",
    ),
]

ChannelOrder = Annotated[
    Optional[Order],
    option(
        NET,
        "--channel-order",
        text="Of images, and of --mean's numbers: bgr for Caffe's own models. Default: that of"
        " MODEL, or rgb.",
    ),
]

Master = Annotated[
    Optional[str],
    option(
        SPARK,
        "--master",
        text="Spark's master: yarn, spark://host:7077, k8s://..., local-cluster[2,1,1024]. Default:"
        " this machine, with an executor for each worker.",
        parser=master,
        metavar="URL",
    ),
]
Workers = Annotated[
    Optional[int],
    option(
        SPARK,
        "--workers",
        text="How many train or score at a time. Default: 2 on this machine, all slots of a"
        " cluster.",
        min=1,
        metavar="N",
    ),
]
Memory = Annotated[
    Optional[Megabytes],
    option(
        SPARK,
        "--memory",
        text="Heap of each executor, such as 2g. Default: 1g, on a cluster what its settings say.",
        parser=megabytes,
        metavar="SIZE",
    ),
]
S3 = Annotated[
    bool,
    option(
        SPARK,
        "--s3",
        text="With what s3a://... takes, where Spark has none of its own; vendors' Sparks have.",
    ),
]
Conf = Annotated[
    Optional[list[Setting]],
    option(
        SPARK,
        "--conf",
        text="A setting of Spark's; may be repeated.",
        parser=setting,
        metavar="KEY=VALUE",
    ),
]
