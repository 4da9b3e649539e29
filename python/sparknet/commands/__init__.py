"""The command line: ``sparknet train``, ``test``, ``predict``, ``time``, ``draw``, ``info`` and
``submit``, or ``python -m sparknet``. docs/commands.md says what they do.
"""

from __future__ import annotations

from sparknet import cli
from sparknet.errors import SetupError

__all__ = ["main"]


def main() -> None:
    """Runs what the command line says, and exits."""
    try:
        from sparknet.commands.program import app
    except ModuleNotFoundError as missing:
        package = str(missing.name)
        cli.run(lambda: _refuse(package))
    app(prog_name="sparknet")


def _refuse(package: str) -> None:
    raise SetupError(f"the command line needs the package {package}: pip install {package}")
