"""Arrays through files, as the JVM's side reads and writes them."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest

from sparknet import transfer
from sparknet.errors import FileError

pytestmark = pytest.mark.unit


def test_written_values_are_little_endian_and_owner_only(tmp_path: Path) -> None:
    values = np.array([[1.5, -2], [np.inf, 3e-30]], np.float32)
    path = Path(transfer.write(values, str(tmp_path)))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == values.astype("<f4").tobytes()


def test_read_deletes(tmp_path: Path) -> None:
    values = np.linspace(0, 1, 1000, dtype=np.float32)
    path = transfer.write(values, str(tmp_path))
    np.testing.assert_array_equal(transfer.read(path), values)
    assert not Path(path).exists()


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gone\.f32: No such file"):
        transfer.read(str(tmp_path / "gone.f32"))
    with pytest.raises(FileError, match="gone: No such file"):
        transfer.write(np.zeros(1, np.float32), str(tmp_path / "gone"))
