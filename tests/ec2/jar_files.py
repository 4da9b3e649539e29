"""Jars that say what they are built for, and hold nothing else."""

from __future__ import annotations

import zipfile
from pathlib import Path


def jar(path: Path, version: str, spark: str, scala: str) -> Path:
    """Writes one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as made:
        text = f"version={version}\nspark={spark}\nscala={scala}\n"
        made.writestr("sparknet/version.properties", text)
    return path
