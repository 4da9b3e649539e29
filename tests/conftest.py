"""What tests of every tier share: where things are, and what a test may need."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import spark_jvms

ROOT = Path(__file__).resolve().parents[1]
# For all programs that tests start, too.
os.environ.update(spark_jvms.variables())

# Shells ignore Ctrl-C in what they run in the background, and all that is started there does, too;
# programs of tests are interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that share a folder of this tree run in one process, or they spoil each other's.
    pytest-xdist knows their groups by the ends of their ids, which not every pytest lets it set."""
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        if item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
            raise pytest.UsageError(
                f"pytest {pytest.__version__} loses the xdist_group of {item.nodeid}"
            )


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
