"""The sides of benchmarks/decode that run Pillow, on one thread.

usage: pillow_side.py pillow|pillow-draft FOLDER SIZE WARM_UP PASSES

From the bytes of a file to those of an RGB image; `pillow-draft` lets libjpeg decode to the
smallest fitting fraction of the size.
"""

from __future__ import annotations

import io
import statistics
import sys
import time
from pathlib import Path

from PIL import Image


def decode(encoded: bytes, size: int, draft: bool) -> bytes:
    """One image."""
    image = Image.open(io.BytesIO(encoded))
    if draft:
        image.draft("RGB", (size, size))
    small = image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
    return small.tobytes()


def main(side: str, folder: str, size: int, warm_up: int, passes: int) -> None:
    """Prints the time of the process for one pass over all images."""
    images = [path.read_bytes() for path in sorted(Path(folder).iterdir())]
    milliseconds = []
    for _ in range(warm_up + passes):
        start = time.process_time()
        for image in images:
            decode(image, size, side == "pillow-draft")
        milliseconds.append(1000 * (time.process_time() - start))
    timed = milliseconds[warm_up:]
    print(f"ms_per_step: {statistics.median(timed):.3f} {min(timed):.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:6]))
