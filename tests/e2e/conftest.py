"""What the tests of whole programs share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))
sys.path.insert(0, str(Path(__file__).parent))

import environments


@pytest.fixture(scope="session")
def fresh_environments(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, environments.Environment]]:
    """Environments with a PySpark each, by its version. They are made side by side, from here on:
    they are 1.5 GB to fetch."""
    made = environments.make(tmp_path_factory.mktemp("environments"), environments.WISHES)
    yield made
    for environment in made.values():
        environment.remove()


@pytest.fixture
def cifar(tmp_path: Path) -> Path:
    """A folder of small files in CIFAR-10's layout: 1,000 training and 200 test images."""
    import cifar_files

    folder = tmp_path / "cifar"
    cifar_files.write(folder, records=200)
    return folder
