"""Jars with as much in them as a test needs."""

from __future__ import annotations

import zipfile
from pathlib import Path


def make_jar(path: Path) -> Path:
    """A jar that has one net; ``path`` again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sparknet-home/caffe/examples/x/net.prototxt", 'name: "x"')
    return path
