"""Options of the commands about one net."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

__all__: list[str] = []

Drawn = Annotated[
    str,
    typer.Option(
        "--output", "-o", metavar="FILE", help="A .svg, .png or .pdf.", show_default=False
    ),
]
Shapes = Annotated[
    bool,
    typer.Option(
        "--shapes/--no-shapes",
        help="With shapes of blobs, for which the engine builds the net.",
    ),
]
Iterations = Annotated[
    int, typer.Option("--iterations", min=1, metavar="N", help="How many are measured.")
]
ForwardOnly = Annotated[bool, typer.Option("--forward-only", help="No backward passes.")]
Threads = Annotated[
    Optional[int],
    typer.Option(
        "--threads",
        min=1,
        metavar="N",
        help="Of the net. Default: as many as the machine has cores.",
        show_default=False,
    ),
]
