"""Arguments and options of ``sparknet submit`` alone."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Optional

import typer

from sparknet.commands.options import SPARK, option
from sparknet.commands.values import Megabytes, megabytes

__all__ = ["Deploy"]

_FILES = "Files"


class Deploy(str, Enum):
    """Where the driver runs."""

    client = "client"
    cluster = "cluster"


ProgramFile = Annotated[
    str,
    typer.Argument(
        metavar="PROGRAM", help="app.py, a class, or my.jar:my.App.", show_default=False
    ),
]
Arguments = Annotated[
    Optional[list[str]],
    typer.Argument(metavar="[ARGUMENTS]...", help="Of the program.", show_default=False),
]
DeployMode = Annotated[
    Optional[Deploy],
    option(SPARK, "--deploy-mode", text="Where the driver runs. Default: client, which is here."),
]
Workers = Annotated[
    Optional[int],
    option(
        SPARK,
        "--workers",
        min=1,
        metavar="N",
        text="Executors, each for one worker. Default: 2 on this machine, else what Spark's"
        " settings say.",
    ),
]
Cores = Annotated[
    Optional[int],
    option(
        SPARK,
        "--cores",
        min=1,
        metavar="N",
        text="Of each executor, all of which its worker's net uses.",
    ),
]
Overhead = Annotated[
    Optional[Megabytes],
    option(
        SPARK,
        "--overhead",
        parser=megabytes,
        metavar="SIZE",
        text="Memory of an executor's container beside the heap, where nets are: about seven times"
        " the weights and twice a batch's blobs, and 300m.",
    ),
]
DriverMemory = Annotated[
    Optional[Megabytes],
    option(SPARK, "--driver-memory", parser=megabytes, metavar="SIZE", text="Heap of the driver."),
]
Name = Annotated[
    Optional[str], option(SPARK, "--name", metavar="NAME", text="As Spark's pages show it.")
]
Image = Annotated[
    Optional[str],
    option(SPARK, "--image", metavar="IMAGE", text="Of the containers, on Kubernetes."),
]
Jar = Annotated[
    Optional[str],
    option(
        _FILES,
        "--jar",
        metavar="JAR",
        text="SparkNet's jar, where the cluster has it: hdfs:///jars/..., or local:///opt/... in an"
        " image. Default: that of this machine, which is sent along.",
    ),
]
Jars = Annotated[
    Optional[list[str]],
    option(_FILES, "--jars", metavar="JAR", text="A jar of yours; may be repeated."),
]
PyFiles = Annotated[
    Optional[list[str]],
    option(_FILES, "--py-files", metavar="FILE", text="Python of yours; may be repeated."),
]
Print = Annotated[bool, typer.Option("--print", help="Print the command instead of running it.")]
