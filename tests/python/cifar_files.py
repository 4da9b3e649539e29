"""Small files in CIFAR-10's binary layout, with something in them to learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

FILES = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]


def write(folder: Path, records: int = 200, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Six files of ``records`` images; a class is a colour and a place of a bright square.

    The images (n, 3, 32, 32) uint8 and labels of the five training files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    images, labels = [], []
    for name in FILES:
        label = generator.integers(0, 10, records)
        image = generator.integers(0, 120, (records, 3, 32, 32))
        for item, kind in zip(image, label):
            row, column = 8 * (kind % 4), 10 * (kind // 4)
            item[kind % 3, row : row + 8, column : column + 10] += 130
        packed = np.concatenate([label[:, None], image.reshape(records, -1)], axis=1)
        (folder / name).write_bytes(packed.astype(np.uint8).tobytes())
        if name != "test_batch.bin":
            images.append(image.astype(np.uint8))
            labels.append(label)
    return np.concatenate(images), np.concatenate(labels)
