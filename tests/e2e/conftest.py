"""What the tests of whole programs share."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))
sys.path.insert(0, str(Path(__file__).parent))

import environments

_FRESH = "fresh_environments"
_made: dict[str, environments.Environment] = {}


def pytest_collection_finish(session: pytest.Session) -> None:
    """PySparks of several versions are 1.5 GB: they come while tests run that need none of them."""
    if session.config.option.collectonly:
        return
    fresh = [item for item in session.items if _FRESH in getattr(item, "fixturenames", ())]
    asked = {item.callspec.params["environment"] for item in fresh}
    wishes = [wish for wish in environments.WISHES if wish.spark in asked]
    if wishes:
        folder = Path(tempfile.mkdtemp(prefix="sparknet-environments-"))
        _made.update(environments.make(folder, wishes))


def pytest_sessionfinish(session: pytest.Session, exitstatus: Any) -> None:
    """Whatever tests have left."""
    for environment in _made.values():
        environment.remove()
    for folder in {environment.folder.parent for environment in _made.values()}:
        folder.rmdir()


@pytest.fixture(scope="session")
def fresh_environments() -> dict[str, environments.Environment]:
    """Environments with a PySpark each, by its version."""
    return _made


@pytest.fixture
def cifar(tmp_path: Path) -> Path:
    """A folder of small files in CIFAR-10's layout: 1,000 training and 200 test images."""
    import cifar_files

    folder = tmp_path / "cifar"
    cifar_files.write(folder, records=200)
    return folder
