"""``sparknet info``."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from sparknet.commands import contents, installation

__all__ = ["info"]

_File = Annotated[
    Optional[str],
    typer.Argument(
        metavar="[FILE]",
        help="A net's or solver's prototxt, a .caffemodel or a .solverstate, or a folder that a"
        " model was saved to. Default: what is installed.",
        show_default=False,
    ),
]


def info(file: _File = None) -> None:
    """Tell what is installed here, or what is in a file."""
    for line in installation.lines() if file is None else contents.lines(file):
        print(line)
