"""Both sides of benchmarks/ingest/scoring. Arguments: executors, images, batch, rounds. Prints for
each round images/s: of sparknet.local, of the stage on Spark.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

import sparknet
from sparknet import models
from sparknet.local import TEST, Net
from sparknet.ml import CaffeModel

NET = "models/resnet50/deploy.prototxt"
SIDE = 224
DIFFERENT = 64  # images; others are the same ones again
Pass = Callable[[], None]


def net() -> Net:
    """ResNet-50 with weights of the size that trained ones have: its filters are random."""
    made = Net(models.prototxt(NET), TEST)
    random = np.random.default_rng(1)
    for layer, blobs in made.params.items():
        if layer.startswith("bn"):
            for blob, value in zip(blobs, (0, 1, 1)):  # mean, variance, what they are divided by
                blob.data[...] = value
        elif layer.startswith("scale"):
            blobs[0].data[...] = 0.5
        else:
            filters = blobs[0].data
            filters[...] = random.normal(0, (2 / filters[0].size) ** 0.5, filters.shape)
    return made


def jpegs(count: int) -> list[bytes]:
    """Pictures of soft colours and some noise, about as hard to decode as photographs."""
    random = np.random.default_rng(2)
    encoded = []
    for _ in range(min(count, DIFFERENT)):
        soft = Image.fromarray(random.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        pixels = np.asarray(soft.resize((500, 375), Image.Resampling.BICUBIC), dtype=np.int16)
        noisy = np.clip(pixels + random.normal(0, 12, pixels.shape), 0, 255)
        file = io.BytesIO()
        Image.fromarray(noisy.astype(np.uint8)).save(file, "JPEG", quality=85)
        encoded.append(file.getvalue())
    return [encoded[i % len(encoded)] for i in range(count)]


def local(made: Net, images: int, batch: int) -> Pass:
    """A pass over arrays in memory."""
    data = made.blobs["data"]
    data.reshape(batch, 3, SIDE, SIDE)
    made.reshape()
    random = np.random.default_rng(3)
    some = random.normal(0, 60, (min(images, DIFFERENT), 3, SIDE, SIDE)).astype(np.float32)
    arrays = np.concatenate([some] * -(-images // len(some)))[:images]

    def run() -> None:
        for start in range(0, images, batch):
            data.data[...] = arrays[start : start + batch]
            made.forward()["prob"].argmax(axis=1)

    return run


def on_spark(executors: int, caffemodel: Path, images: int, batch: int) -> Pass:
    """A pass over a cached DataFrame."""
    master = f"local-cluster[{executors},1,3072]"
    heaps = {"spark.executor.memory": "2g", "spark.driver.memory": "2g"}
    spark = sparknet.session(executors, master=master, config=heaps)
    rows = [(i, encoded) for i, encoded in enumerate(jpegs(images))]
    frame = spark.createDataFrame(rows, "id int, content binary").repartition(executors).cache()
    counts = frame.rdd.mapPartitions(lambda part: [sum(1 for _ in part)]).collect()
    print("images of the partitions:", *counts, file=sys.stderr)
    model = CaffeModel.load_caffe(
        models.prototxt(NET),
        caffemodel,
        features_col="content",
        image_size=256,
        crop=SIDE,
        mean=[104, 117, 123],
        batch_size=batch,
    )
    scored = model.transform(frame).select("id", "prediction")

    def run() -> None:
        scored.write.format("noop").mode("overwrite").save()

    return run


def speed(run: Pass, images: int) -> float:
    """Images/s of a pass."""
    start = time.perf_counter()
    run()
    return images / (time.perf_counter() - start)


def main() -> None:
    """Measures and prints."""
    executors, images, batch, rounds = map(int, sys.argv[1:5])
    if images % (executors * batch):
        sys.exit(f"{images} images are not whole minibatches of {batch} for {executors} executors")
    made = net()
    with tempfile.TemporaryDirectory() as folder:
        caffemodel = Path(folder) / "resnet50.caffemodel"
        made.save(caffemodel)
        passes = local(made, images, batch), on_spark(executors, caffemodel, images, batch)
        for run in passes:  # warm up
            run()
        for _ in range(rounds):
            print("round:", *(f"{speed(run, images):.2f}" for run in passes), flush=True)


if __name__ == "__main__":
    main()
