"""Small archives in the form of ILSVRC2012's, and images of every kind."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("SPARKNET_SHARED", ROOT.parent / "shared"))
SAMPLE = SHARED / "data" / "imagenet-sample.tar"

# In the order of ILSVRC2012's own numbers, which is not that of the names.
CLASSES = {"n02000003": 4, "n01000001": 3, "n03000002": 5}


def image(seed: int, size: tuple[int, int] = (40, 30), mode: str = "RGB") -> Image.Image:
    """A picture of one colour that the seed tells."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    colour = tuple(int(v) for v in np.random.default_rng(seed).integers(0, 256, bands))
    return Image.new(mode, size, colour if bands > 1 else colour[0])


def encoded(picture: Image.Image, kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def jpeg(seed: int, size: tuple[int, int] = (40, 30)) -> bytes:
    return encoded(image(seed, size))


def tar_bytes(files: Mapping[str, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def train_files(classes: Mapping[str, int] = CLASSES) -> dict[str, dict[str, bytes]]:
    return {
        wnid: {f"{wnid}_{i}.JPEG": jpeg(100 * index + i) for i in range(count)}
        for index, (wnid, count) in enumerate(classes.items())
    }


def train(folder: Path, classes: Mapping[str, int] = CLASSES) -> Path:
    path = folder / "ILSVRC2012_img_train.tar"
    inner = {f"{wnid}.tar": tar_bytes(files) for wnid, files in train_files(classes).items()}
    path.write_bytes(tar_bytes(inner))
    return path


def val(folder: Path, count: int = 6) -> Path:
    path = folder / "ILSVRC2012_img_val.tar"
    names = [f"ILSVRC2012_val_{n:08d}.JPEG" for n in range(1, count + 1)]
    path.write_bytes(tar_bytes({name: jpeg(n) for n, name in enumerate(names)}))
    return path


def devkit(folder: Path, truth: Sequence[int], classes: Mapping[str, int] = CLASSES) -> Path:
    """truth: ILSVRC2012's own numbers, 1 for the first of the classes. Needs SciPy."""
    from scipy.io import savemat

    rows = [(n, name, 0, count) for n, (name, count) in enumerate(classes.items(), 1)]
    rows.append((len(rows) + 1, "n09000000", 3, 0))  # An inner node of WordNet.
    kinds = [("ILSVRC2012_ID", object), ("WNID", object), ("words", object)]
    kinds += [("num_children", object), ("num_train_images", object)]
    synsets = np.array(
        [
            (float(n), name, "some words", float(below), float(count))
            for n, name, below, count in rows
        ],
        dtype=kinds,
    )
    meta = io.BytesIO()
    savemat(meta, {"synsets": synsets.reshape(-1, 1)})
    top = "ILSVRC2012_devkit_t12"
    files = {
        f"{top}/readme.txt": b"hello",
        f"{top}/data/meta.mat": meta.getvalue(),
        f"{top}/data/ILSVRC2012_validation_ground_truth.txt": "".join(
            f"{number}\n" for number in truth
        ).encode(),
    }
    path = folder / "ILSVRC2012_devkit_t12.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return path


def contents(path: Path) -> dict[str, bytes]:
    """The files of a tar, as Python's tarfile reads them."""
    found = {}
    with tarfile.open(path) as tar:
        for member in tar:
            file = tar.extractfile(member)
            assert file is not None
            found[member.name] = file.read()
    return found


def label_lines(path: Path) -> dict[str, int]:
    pairs = [line.split(" ") for line in path.read_text().splitlines()]
    assert all(len(pair) == 2 for pair in pairs)
    return {name: int(label) for name, label in pairs}
