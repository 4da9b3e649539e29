"""What commands print of results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["aligned", "scores"]


def scores(found: Mapping[str, float], as_json: bool = False) -> None:
    """One line for each, or one of JSON."""
    if as_json:
        print(json.dumps(found))
        return
    width = max(map(len, found), default=0)
    for name, value in found.items():
        print(f"{name.ljust(width)}  {value:.4f}")


def aligned(head: Sequence[str], rows: Iterable[Sequence[str]], words: int) -> Iterator[str]:
    """Lines of columns, of which the first so many are words, and the others numbers."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        cells = [
            cell.ljust(width) if column < words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths))
        ]
        yield "  ".join(cells).rstrip()
