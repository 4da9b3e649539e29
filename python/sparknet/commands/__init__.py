"""The command line: ``sparknet train``, ``test``, ``predict``, ``time``, ``draw``, ``info`` and
``submit``, or ``python -m sparknet``. docs/commands.md says what they do.
"""

from __future__ import annotations

from sparknet import cli
from sparknet.errors import SetupError

__all__ = ["main"]


def main() -> None:
    """Runs what the command line says, and exits."""
    cli.run(_run)


def _run() -> None:
    try:
        from sparknet.commands.program import app
    except ModuleNotFoundError as missing:
        name = missing.name
        raise SetupError(f"the command line needs the package {name}: pip install {name}") from None
    app(prog_name="sparknet")
