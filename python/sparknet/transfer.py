"""Arrays between the JVM and this process: owner-only files, floats as little-endian float32.

A file on a tmpfs moves at the speed of memory; Py4J would send base64 text. The Scala side
is ``sparknet.io.BulkTransfer``. Whoever reads a file deletes it.
"""

from __future__ import annotations

import os
import tempfile

import numpy as np
from numpy.typing import NDArray

from sparknet.errors import FileError

__all__ = ["read", "write", "write_bytes"]


def read(path: str) -> NDArray[np.float32]:
    """The values in a file that the JVM wrote; the file is gone afterwards."""
    try:
        values = np.fromfile(path, dtype="<f4")
        os.unlink(path)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
    return values.astype(np.float32, copy=False)


def write(values: NDArray[np.float32], directory: str) -> str:
    """Path of a new file with the values, for the JVM to read and delete."""
    return write_bytes(np.ascontiguousarray(values, dtype="<f4").data, directory)


def write_bytes(content: bytes | memoryview, directory: str) -> str:
    """The same with bytes."""
    try:
        handle, path = tempfile.mkstemp(prefix="sparknet-", suffix=".f32", dir=directory)
    except OSError as error:
        raise FileError(f"{directory}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
    except OSError as error:
        os.unlink(path)
        raise FileError(f"{path}: {error.strerror}") from None
    return path
