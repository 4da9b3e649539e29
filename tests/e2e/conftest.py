"""What the tests of whole programs share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "python")]


@pytest.fixture
def cifar(tmp_path: Path) -> Path:
    """A folder of small files in CIFAR-10's layout: 1,000 training and 200 test images."""
    import cifar_files

    folder = tmp_path / "cifar"
    cifar_files.write(folder, records=200)
    return folder
