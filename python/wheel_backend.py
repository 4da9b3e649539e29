"""How ``pip wheel``, ``python -m build`` and their like make packages of a clone, or of a source
distribution: setuptools does it, after ``build/setup`` has built what goes into a wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import wheel_source
from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

PYTHON = Path(__file__).resolve().parent
# In a source distribution hooks are called a folder above setup.py.
os.chdir(PYTHON)

Settings = dict[str, Any]


def build_wheel(
    wheel_directory: str,
    config_settings: Settings | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Builds the libraries and jars that are missing or old, then the wheel."""
    setup = [str(PYTHON.parent / "build" / "setup"), "tools", "native", "jars", "calls"]
    # The Python that has this build's requirements, which need not be that of a clone.
    status = subprocess.run(setup, env={**os.environ, "SPARKNET_BUILD_PYTHON": sys.executable})
    if status.returncode != 0:
        raise SystemExit("no wheel was made: build/setup says why above")
    return build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Settings | None = None) -> str:
    """The repository's files at their places, which setuptools' own sdist would not keep."""
    with tempfile.TemporaryDirectory() as folder:
        info = prepare_metadata_for_build_wheel(folder, config_settings)
        metadata = Path(folder, info, "METADATA").read_bytes()
    name = info[: -len(".dist-info")] + ".tar.gz"
    wheel_source.write(Path(sdist_directory, name), metadata)
    return name
