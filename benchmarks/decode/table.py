"""What becomes of the rounds of benchmarks/decode."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import paired
from paired import Figure

OURS = "sparknet"
# Side, its name in the table, and how many times as fast we have to be at least.
OTHERS = {
    "imageio": ("ImageIO, Java2D", 3.0),
    "pillow": ("Pillow", None),
    "pillow-draft": ("Pillow, draft mode", None),
}
HEADER = (
    "| size | against | sparknet, images/s per core | theirs, images/s per core | ratio "
    "| rounds |\n"
    "| --- | --- | --- | --- | --- | --- |"
)


def rows(figures: Mapping[str, Sequence[Figure]], images: int, size: int) -> list[str]:
    """One line for each other side; figures: for each side those of its rounds."""
    lines = []
    for side, (name, _) in OTHERS.items():
        ratios = paired.ratios(figures[OURS], figures[side])
        lines.append(
            f"| {size}x{size} | {name} | {paired.speed(figures[OURS], images)} "
            f"| {paired.speed(figures[side], images)} | **{statistics.median(ratios):.2f}** "
            f"| {paired.spread(ratios)} |"
        )
    return lines


def below_floor(figures: Mapping[str, Sequence[Figure]]) -> list[str]:
    """A sentence for each floor that is not reached."""
    return [
        f"{ratio:.2f} times {name} is below {floor:.0f}"
        for side, (name, floor) in OTHERS.items()
        for ratio in [statistics.median(paired.ratios(figures[OURS], figures[side]))]
        if floor is not None and ratio < floor
    ]
