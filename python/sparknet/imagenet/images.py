"""One image: checked, and made a JPEG of the wanted size."""

from __future__ import annotations

import functools
import io
import warnings
from dataclasses import dataclass

from sparknet.errors import SetupError

__all__ = ["Conversion", "RejectedError", "convert"]

# What Pillow may take for an image: not formats that run an interpreter or hold documents.
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP")


class RejectedError(Exception):
    """An image is not usable; the message is the reason, one of a few."""


@dataclass(frozen=True)
class Conversion:
    """What becomes of an image.

    size: in pixels, of both sides or, with ``shorter``, of the shorter one; None leaves the
    bytes as they are. quality: of the JPEG, 1 to 95. decode: whether images that stay as they
    are get decoded, so that damaged ones are found.
    """

    size: int | None = None
    shorter: bool = False
    quality: int = 90
    decode: bool = True


def convert(data: bytes, how: Conversion) -> bytes:
    """The image's new bytes: JPEG in RGB if it is resized. RejectedError says why there are none.

    Grey, CMYK, palette and transparent images become RGB; transparency is dropped. Resizing is
    bicubic with antialiasing, after a decode at a fraction of the size where that loses nothing.
    """
    if not data:
        raise RejectedError("empty file")
    if how.size is None and not how.decode:
        return data
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        raise SetupError("reading images needs Pillow: pip install 'sparknet[imagenet]'") from None
    with warnings.catch_warnings():
        # Odd metadata is no concern here, and an image that is too large is an error below.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data), formats=_formats()) as image:
                if how.size is None:
                    image.load()
                    return data
                width, height = _target(image.size, how.size, how.shorter)
                # libjpeg scales down by 2, 4 or 8; twice the target keeps the bicubic filter's.
                image.draft("RGB", (2 * width, 2 * height))
                pixels = image.convert("RGB")
                small = pixels.resize((width, height), Image.Resampling.BICUBIC)
        except UnidentifiedImageError:
            raise RejectedError("not an image") from None
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise RejectedError("too many pixels") from None
        except MemoryError:
            raise
        except Exception as error:  # Decoders raise whatever damaged bytes lead them to.
            truncated = "truncated" in str(error).lower()
            raise RejectedError("truncated" if truncated else "cannot be decoded") from None
    out = io.BytesIO()
    small.save(out, "JPEG", quality=how.quality)
    return out.getvalue()


@functools.cache
def _formats() -> list[str]:
    """Those of our formats that this Pillow was built with."""
    from PIL import Image

    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def _target(size: tuple[int, int], wanted: int, shorter: bool) -> tuple[int, int]:
    width, height = size
    if not shorter:
        return wanted, wanted
    scale = wanted / min(width, height)
    return max(wanted, round(width * scale)), max(wanted, round(height * scale))
