"""How a net runs, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field

from sparknet import tables

__all__ = ["Plan", "Step", "Top"]

_HEAD = ("layers", "back end", "top", "shape", "format", "MB", "memory")


@dataclass(frozen=True)
class Top:
    """A value that a step makes.

    blob: its name. format: how memory holds it, such as "plain" (N, C, H, W) or "blocks of 16
    channels". bytes: of data and diff, in all formats that are held now. memory: equal numbers are
    the same memory.
    """

    blob: str
    shape: tuple[int, ...]
    format: str
    bytes: int
    memory: int


@dataclass(frozen=True)
class Step:
    """Layers that run as one: name -> type, in order.

    back_end: what does the arithmetic, "onednn", "simd" or "reference"; None: loops of the layer's
    own.
    """

    layers: dict[str, str]
    back_end: str | None
    tops: list[Top] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """How passes of a whole net run; ``print`` shows it as a table.

    bytes: of all values and gradients, memory that several share counted once. param_bytes: of
    parameters and their gradients. conversions: between memory formats, since the net was made.
    fallbacks: steps whose arithmetic the fast back ends have refused. Runs of a part of the net
    that begin or end within a step go layer by layer.
    """

    steps: list[Step]
    bytes: int
    param_bytes: int
    conversions: int
    fallbacks: int

    @classmethod
    def of(cls, lines: str) -> Plan:
        """From the engine's lines (``ccaffe_net_plan``)."""
        steps: list[Step] = []
        for line in lines.splitlines():
            kind, *fields = line.split("\t")
            if kind == "step":
                back_end, *layers = fields
                steps.append(Step(dict(zip(layers[::2], layers[1::2])), back_end or None))
            elif kind == "top":
                blob, order, size, memory, *shape = fields
                extents = tuple(map(int, shape))
                steps[-1].tops.append(Top(blob, extents, order, int(size), int(memory)))
            else:
                totals = [int(total) for total in fields]
        return cls(steps, *totals)

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = []
        for step in self.steps:
            begin: tuple[str, str] = (" + ".join(step.layers), step.back_end or "-")
            for top in step.tops:
                shape = "x".join(map(str, top.shape))
                size = f"{top.bytes / 1e6:.1f}"
                rows.append((*begin, top.blob, shape, top.format, size, str(top.memory)))
                begin = ("", "")
            if not step.tops:
                rows.append((*begin, *[""] * 5))
        totals = (
            f"values and gradients {self.bytes / 1e6:.1f} MB, parameters and theirs"
            f" {self.param_bytes / 1e6:.1f} MB; {self.conversions} conversions of format so far;"
            f" {self.fallbacks} steps on the reference back end"
        )
        return "\n".join([*tables.aligned(_HEAD, rows, words=5), totals])
