"""ccaffe_image_decode against Pillow, on photographs."""

from __future__ import annotations

import ctypes
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

LIBRARY = Path(__file__).resolve().parents[2] / "build" / "libccaffe.so"
SIDE = 256

pytestmark = pytest.mark.boundary


@pytest.fixture(scope="module")
def photographs(shared: Path) -> dict[str, bytes]:
    """Name and content of the JPEGs in the sample of ImageNet."""
    tar = shared / "data" / "imagenet-sample.tar"
    if not tar.is_file():
        pytest.skip(f"no sample of ImageNet: {tar} is absent")

    def files(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
        for member in archive:
            content = archive.extractfile(member) if member.name.endswith(".JPEG") else None
            if content:
                yield member.name, content.read()

    with tarfile.open(tar) as archive:
        return dict(files(archive))


def decode(encoded: bytes, height: int, width: int) -> np.ndarray:
    """Rows, columns, channels."""
    library = ctypes.CDLL(str(LIBRARY))
    library.ccaffe_last_error.restype = ctypes.c_char_p
    planes = np.empty((3, height, width), np.uint8)
    status = library.ccaffe_image_decode(
        encoded,
        ctypes.c_size_t(len(encoded)),
        height,
        width,
        planes.ctypes.data_as(ctypes.c_void_p),
    )
    assert status == 0, library.ccaffe_last_error().decode()
    return planes.transpose(1, 2, 0)


def differences(ours: np.ndarray, pillow: Image.Image) -> np.ndarray:
    return np.abs(ours.astype(int) - np.asarray(pillow).astype(int))


def test_pixels_are_pillows(photographs: dict[str, bytes]) -> None:
    """Both use libjpeg-turbo, whose accurate inverse DCT gives the same bits everywhere."""
    for name, encoded in photographs.items():
        image = Image.open(io.BytesIO(encoded)).convert("RGB")
        assert differences(decode(encoded, image.height, image.width), image).max() <= 1, name


def test_resized_they_are_pillows(photographs: dict[str, bytes]) -> None:
    """Pillow rounds to bytes between its passes, half a step, and at the end, as we do: 1 at
    most. Images of four times the size are halved while they are decoded, which keeps a little
    less of what lies between the pixels of the result: a mean of 1, half a percent of the range.
    """
    halved = 0
    for name, encoded in photographs.items():
        image = Image.open(io.BytesIO(encoded)).convert("RGB")
        small = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        difference = differences(decode(encoded, SIDE, SIDE), small)
        if min(image.size) >= 4 * SIDE - 1:
            halved += 1
            assert difference.mean() <= 1, name
        else:
            assert difference.max() <= 1, name
    assert 0 < halved < len(photographs)
