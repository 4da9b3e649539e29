"""medians.csv: the ratios that were measured on kinds of CPUs, and whether new ones are as good."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from measure import Result

MEDIANS = Path(__file__).resolve().parent / "medians.csv"
TOLERANCE = 0.1  # the part of a ratio that may be lost; for rows that did not have one


@dataclass(frozen=True)
class Target:
    """A row of medians.csv.

    what -- a workload's kind; against -- a peer; tolerance -- the part of `ratio` by which a new
    one may be worse; direction -- higher or lower: what is better; cpu -- as isa.cpu tells it.
    """

    net: str
    batch: int
    what: str
    isa: str
    threads: int
    against: str
    ratio: float
    tolerance: float
    direction: str
    cpu: str

    @property
    def key(self) -> tuple[str, str, int, str, int, str, str]:
        """What the row is about; rows are in this order."""
        return (self.cpu, self.what, self.batch, self.net, self.threads, self.isa, self.against)

    @property
    def limit(self) -> float:
        """The worst ratio that is within tolerance."""
        return self.ratio * (1 + self.tolerance * (1 if self.direction == "lower" else -1))

    def holds(self, ratio: float) -> bool:
        """Whether a newly measured ratio is as good, within tolerance."""
        return ratio <= self.limit if self.direction == "lower" else ratio >= self.limit


COLUMNS = [field.name for field in fields(Target)]


def read(path: Path) -> list[Target]:
    """The rows of the file; raises ValueError with file and line for one that makes no sense."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != COLUMNS:
            raise ValueError(f"{path.name}: the columns are {reader.fieldnames}, not {COLUMNS}")
        rows = []
        for row in reader:
            try:
                rows.append(parsed(row))
            except (TypeError, ValueError) as error:
                raise ValueError(f"{path.name}, line {reader.line_num}: {error}") from None
    return rows


def parsed(row: dict[str, str]) -> Target:
    """One row, from its text."""
    if row["direction"] not in ("higher", "lower"):
        raise ValueError(f"direction is {row['direction']!r}, not higher or lower")
    return Target(
        **{name: row[name] for name in ("net", "what", "isa", "against", "direction", "cpu")},
        batch=int(row["batch"]),
        threads=int(row["threads"]),
        ratio=float(row["ratio"]),
        tolerance=float(row["tolerance"]),
    )


def measured(results: Iterable[Result], cpu: str) -> list[Target]:
    """Rows of what was measured just now."""
    return [
        Target(
            net=result.workload.net,
            batch=result.workload.batch,
            what=result.workload.kind,
            isa=result.isa,
            threads=result.threads,
            against=peer,
            ratio=round(result.ratio(peer), 2),
            tolerance=TOLERANCE,
            direction=result.workload.better,
            cpu=cpu,
        )
        for result in results
        for peer in result.theirs
    ]


def compare(targets: Sequence[Target], new: Sequence[Target]) -> tuple[list[str], list[str]]:
    """One line for each measured row that the file has, and of these the ones that are a loss."""
    known = {target.key: target for target in targets}
    lines, losses = [], []
    for row in new:
        target = known.get(row.key)
        if target is None:
            continue
        fits = target.holds(row.ratio)
        line = (
            f"{row.what} {row.net}, {row.batch}, {row.isa}, {row.threads} thread(s), against "
            f"{row.against}: {row.ratio:.2f}, recorded {target.ratio:.2f}, "
            f"{'within tolerance' if fits else 'a LOSS'} ({target.direction} is better, limit "
            f"{target.limit:.2f})"
        )
        lines.append(line)
        if not fits:
            losses.append(line)
    return lines, losses


def record(path: Path, new: Sequence[Target]) -> None:
    """Writes the measured rows into the file in place of those about the same, which keep their
    tolerance; the others stay."""
    rows = {target.key: target for target in (read(path) if path.exists() else [])}
    for row in new:
        old = rows.get(row.key, row)
        rows[row.key] = replace(row, tolerance=old.tolerance)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for key in sorted(rows):
            writer.writerow(text(getattr(rows[key], name)) for name in COLUMNS)


def text(value: str | int | float) -> str:
    """A value as the file has it."""
    return f"{value:.2f}" if isinstance(value, float) else str(value)
