"""What tests of the Python package share; makes the modules beside them importable."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A session with two slots in the driver's JVM, and the jar on its class path."""
    import sparknet

    session = sparknet.session(master="local[2]")
    yield session
    session.stop()


@pytest.fixture
def no_jar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No jar and no checkout, as far as the package can tell."""
    import sparknet

    package = tmp_path / "site" / "sparknet"
    package.mkdir(parents=True)
    monkeypatch.setattr(sparknet, "__path__", [str(package)])
    monkeypatch.delenv("SPARKNET_JAR", raising=False)
    monkeypatch.delenv("SPARKNET_HOME", raising=False)
