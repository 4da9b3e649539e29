"""Options of ``sparknet predict`` alone."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Optional

import typer

from sparknet.commands.options import option

__all__ = ["Written"]

_OUTPUT = "What comes out"


class Written(str, Enum):
    """How scores are written."""

    parquet = "parquet"
    csv = "csv"
    json = "json"


Output = Annotated[
    Optional[str],
    option(
        _OUTPUT,
        "--output",
        "-o",
        metavar="PLACE",
        text="Write all rows to a folder of this name, NAME.parquet, NAME.csv or NAME.json; a path"
        " or URI. Default: the first rows are printed.",
    ),
]
OutputFormat = Annotated[
    Optional[Written],
    option(_OUTPUT, "--output-format", text="Of what is written, where its name does not say it."),
]
Overwrite = Annotated[bool, option(_OUTPUT, "--overwrite", text="Replace what is there already.")]
Columns = Annotated[
    Optional[str],
    option(
        _OUTPUT,
        "--columns",
        metavar="COLUMNS",
        text="These alone: names or patterns, such as 'id,pred*'.",
    ),
]
Rows = Annotated[
    int,
    typer.Option(
        "--rows", min=1, metavar="N", help="How many are printed.", rich_help_panel=_OUTPUT
    ),
]
Classes = Annotated[
    Optional[str],
    option(
        _OUTPUT,
        "--classes",
        metavar="FILE",
        text="Names of the net's classes, a line each, for a column of names.",
    ),
]
