"""What commands print of results."""

from __future__ import annotations

import json
from collections.abc import Mapping

__all__ = ["scores"]


def scores(found: Mapping[str, float], as_json: bool = False) -> None:
    """One line for each, or one of JSON."""
    if as_json:
        print(json.dumps(found))
        return
    width = max(map(len, found), default=0)
    for name, value in found.items():
        print(f"{name.ljust(width)}  {value:.4f}")
