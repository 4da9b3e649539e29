"""Sizes, colours and reasons, on images that Pillow makes."""

from __future__ import annotations

import io
from pathlib import Path

import ilsvrc
import numpy as np
import pytest
from PIL import Image

from sparknet.errors import SetupError
from sparknet.imagenet.images import Conversion, RejectedError, convert

pytestmark = pytest.mark.unit


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    assert picture.format == "JPEG"
    picture.load()
    return picture


@pytest.mark.parametrize("size", [(40, 30), (1000, 20), (17, 900), (256, 256)])
def test_exact_size(size: tuple[int, int]) -> None:
    small = opened(convert(ilsvrc.jpeg(1, size), Conversion(64)))
    assert (small.size, small.mode) == ((64, 64), "RGB")


@pytest.mark.parametrize(
    ("size", "expected"), [((40, 30), (85, 64)), ((30, 40), (64, 85)), ((900, 600), (96, 64))]
)
def test_shorter_side(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert opened(convert(ilsvrc.jpeg(1, size), Conversion(64, shorter=True))).size == expected


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("RGB", "PNG"),
        ("RGBA", "PNG"),
        ("LA", "PNG"),
        ("P", "GIF"),
        ("RGB", "BMP"),
    ],
)
def test_every_kind_becomes_rgb_of_its_colour(mode: str, kind: str) -> None:
    picture = ilsvrc.image(3, (50, 60), mode)
    expected = np.asarray(picture.convert("RGB"))[0, 0].astype(int)
    small = opened(convert(ilsvrc.encoded(picture, kind), Conversion(32)))
    assert (small.size, small.mode) == ((32, 32), "RGB")
    assert np.abs(np.asarray(small).astype(int) - expected).max() <= 4


def test_the_picture_stays_the_picture() -> None:
    """Against Pillow's own resize of the full decode: the partial one loses little."""
    rows = np.linspace(0, 255, 800)[:, None]
    gradient = np.stack([np.broadcast_to(rows, (800, 600))] * 3, axis=2).astype(np.uint8)
    data = ilsvrc.encoded(Image.fromarray(gradient))
    small = np.asarray(opened(convert(data, Conversion(64, quality=95)))).astype(float)
    expected = np.asarray(Image.fromarray(gradient).resize((64, 64), Image.Resampling.BICUBIC))
    assert np.abs(small - expected).mean() < 1.5


def test_without_a_size_the_bytes_stay() -> None:
    data = ilsvrc.encoded(ilsvrc.image(1, mode="CMYK"))
    assert convert(data, Conversion()) == data
    assert convert(b"anything", Conversion(decode=False)) == b"anything"


@pytest.mark.parametrize("size", [None, 64])
def test_reasons(size: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def reason(data: bytes) -> str:
        with pytest.raises(RejectedError) as caught:
            convert(data, Conversion(size))
        return str(caught.value)

    noise = np.random.default_rng(1).integers(0, 256, (90, 90, 3)).astype(np.uint8)
    data = ilsvrc.encoded(Image.fromarray(noise))
    assert reason(b"") == "empty file"
    assert reason(b"no picture at all") == "not an image"
    assert reason(data[: len(data) // 2]) == "truncated"
    png = bytearray(ilsvrc.encoded(Image.fromarray(noise), "PNG"))
    png[60:90] = bytes(30)
    assert reason(bytes(png)) == "cannot be decoded"
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5000)
    assert reason(data) == "too many pixels"


def test_postscript_is_no_image() -> None:
    """Pillow would start an interpreter for it."""
    out = io.BytesIO()
    ilsvrc.image(1).save(out, "EPS")
    with pytest.raises(RejectedError, match="not an image"):
        convert(out.getvalue(), Conversion(8))


def test_without_pillow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(SetupError, match=r"pip install 'sparknet\[imagenet\]'"):
        convert(b"x", Conversion(8))
