"""Makes the images of tests and, with Pillow, what they hold. Run in this folder."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageChops

rows, cols = np.mgrid[0:24, 0:32]
wave = lambda a, b: np.uint8(127.5 + 120 * np.sin(rows / a + cols / b))  # noqa: E731
rgb = Image.fromarray(np.dstack([wave(5, 9), wave(9, 5), wave(7, -7)]))
cmyk = Image.merge(
    "CMYK", [Image.fromarray(wave(a, b)) for a, b in ((5, 9), (9, 5), (7, -7), (20, 30))]
)

rgb.save("rgb.png")
rgb.save("rgb.jpg", quality=95)
rgb.convert("L").save("grey.jpg", quality=95)
rgb.convert("L").save("grey.png")
cmyk.save("cmyk.jpg", quality=95)
# The same components, said to be YCCK.
bytes_ = bytearray(Path("cmyk.jpg").read_bytes())
bytes_[bytes_.index(b"Adobe") + 11] = 2
Path("ycck.jpg").write_bytes(bytes_)
# Ink instead of paper left white: no Adobe segment says otherwise.
bytes_ = Path("cmyk.jpg").read_bytes()
adobe = bytes_.index(b"\xff\xee\x00\x0eAdobe")
Path("ink.jpg").write_bytes(bytes_[:adobe] + bytes_[adobe + 16 :])
rgb.save("progressive.jpg", quality=95, progressive=True)
# Large enough to be decoded at half its size on the way to 40x50.
big = rgb.resize((224, 168), Image.Resampling.BICUBIC)
big.save("big.jpg", quality=60)

for image in sorted(Path().glob("[!b]*.*g")):
    opened = Image.open(image)
    if image.name == "ink.jpg":  # Pillow takes all files for Adobe's
        opened = ImageChops.invert(opened)
    planes = np.asarray(opened.convert("RGB")).transpose(2, 0, 1)
    image.with_suffix(image.suffix + ".rgb").write_bytes(planes.tobytes())
big = Image.open("big.jpg").resize((50, 40), Image.Resampling.BILINEAR)
Path("big.jpg.40x50.rgb").write_bytes(np.asarray(big).transpose(2, 0, 1).tobytes())
small = rgb.resize((13, 10), Image.Resampling.BILINEAR)
Path("rgb.png.10x13.rgb").write_bytes(np.asarray(small).transpose(2, 0, 1).tobytes())
large = rgb.resize((50, 40), Image.Resampling.BILINEAR)
Path("rgb.png.40x50.rgb").write_bytes(np.asarray(large).transpose(2, 0, 1).tobytes())
