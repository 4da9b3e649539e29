"""What tests of every tier share: where things are, and what a test may need."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Where Spark finds its defaults, in all programs that tests start, too.
os.environ["SPARK_CONF_DIR"] = str(ROOT / "tests/resources/spark")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference values and data; tests that need it are skipped without it."""
    folder = Path(os.environ.get("SPARKNET_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no reference data in {folder}: set SPARKNET_SHARED")
    return folder


@pytest.fixture(scope="session")
def jar() -> Path:
    """The assembly jar; its absence is a failure, because build/test builds it first."""
    from sparknet import jar as jars

    return jars.find()
