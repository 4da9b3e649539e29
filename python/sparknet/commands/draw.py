"""``sparknet draw``."""

from __future__ import annotations

from sparknet.commands import net_options, options

__all__ = ["draw"]


def draw(
    net: options.NetFile,
    output: net_options.Drawn,
    phase: options.OfPhase = None,
    shapes: net_options.Shapes = True,
) -> None:
    """Draw a net by Graphviz, as .svg, .png or .pdf."""
    from sparknet.nets import Net

    Net.load(net).draw(output, phase=None if phase is None else phase.value, shapes=shapes)
    print(f"drawing  {output}")
