"""The programs in ec2/, each as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Ended(NamedTuple):
    """How a program ended."""

    status: int
    out: str
    err: str


def command(name: str, *arguments: object) -> list[str]:
    """A command line."""
    return [sys.executable, str(ROOT / "ec2" / f"{name}.py"), *map(str, arguments)]


def variables(**more: str) -> dict[str, str]:
    """An environment in which the package is found, and no keys or settings of this machine's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    own = {"PYTHONPATH": str(ROOT / "python"), "COLUMNS": "100"}
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return {**kept, **own, **nowhere, "AWS_EC2_METADATA_DISABLED": "true", **more}


def run(name: str, *arguments: object, **more: str) -> Ended:
    """Runs a program to its end."""
    done = subprocess.run(
        command(name, *arguments), capture_output=True, text=True, env=variables(**more)
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)
