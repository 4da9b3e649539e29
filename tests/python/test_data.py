"""Data sets in Spark from every source, checked against NumPy, and what wrong data says."""

from __future__ import annotations

import io
import math
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cifar_files
import numpy as np
import pytest
from PIL import Image

from sparknet import data, errors

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (50, 3, 4, 5)).astype(np.uint8)


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return np.arange(50) % 10


def test_from_numpy(spark: SparkSession, images: np.ndarray, labels: np.ndarray) -> None:
    for kind in (np.uint8, np.float64):
        held = data.from_numpy(images.astype(kind), labels, partitions=3, spark=spark)
        assert repr(held) == "<Dataset: items of shape (3, 4, 5)>"  # Counting takes a job.
        assert held.count() == 50
        assert repr(held) == "<Dataset: 50 items of shape (3, 4, 5)>"
        assert held.shape == (3, 4, 5)
        np.testing.assert_allclose(held.mean(), images.mean(0), rtol=1e-5)
        held.unpersist()


def test_from_rdd_with_preprocessing_in_python(
    spark: SparkSession, images: np.ndarray, labels: np.ndarray
) -> None:
    items = spark.sparkContext.parallelize(list(zip(images, labels.tolist())), 4)
    raw = data.from_rdd(items)
    assert (raw.count(), raw.shape) == (50, (3, 4, 5))
    np.testing.assert_allclose(raw.mean(), images.mean(0), rtol=1e-5)
    cropped = data.from_rdd(items.map(lambda item: (item[0][:, :2, :2] / 255, item[1])))
    assert cropped.shape == (3, 2, 2)
    expected = images[:, :, :2, :2].mean(0) / 255
    np.testing.assert_allclose(cropped.mean(), expected, rtol=1e-5)


def test_from_rdd_does_not_need_the_package_on_executors(spark: SparkSession) -> None:
    """The driver sends sparknet.pack along by value."""

    def imported(_: object) -> bool:
        return "sparknet" in sys.modules

    items = spark.sparkContext.parallelize([(np.zeros(2, np.uint8), 0)] * 4, 2)
    assert data.from_rdd(items).count() == 4
    assert spark.sparkContext.parallelize(range(4), 2).map(imported).collect() == [False] * 4


def test_from_dataframe(spark: SparkSession, images: np.ndarray, labels: np.ndarray) -> None:
    from pyspark.ml.linalg import Vectors

    rows = {
        "array": [image.ravel().astype(float).tolist() for image in images],
        "bytes": [bytearray(image.tobytes()) for image in images],
        "vector": [Vectors.dense(image.ravel().astype(float)) for image in images],
    }
    for kind, values in rows.items():
        frame = spark.createDataFrame(list(zip(values, labels.tolist())), ["pixels", "class"])
        held = data.from_dataframe(frame, (3, 4, 5), features="pixels", label="class")
        assert held.count() == 50, kind
        np.testing.assert_allclose(held.mean(), images.mean(0), rtol=1e-5, err_msg=kind)


def test_several_columns_weights_and_rows_left_out(spark: SparkSession) -> None:
    rows = [(1.0, [2.0, 3.0], [0.0, 1.0], 1), (4.0, [5.0, math.nan], [0.0, 1.0], 2)]
    frame = spark.createDataFrame(rows, ["a", "b", "label", "w"])
    columns = {"shape": [(), (2,)], "features": ["a", "b"], "label_size": 2, "weight": "w"}
    held = data.from_dataframe(frame, handle_invalid="skip", **columns)
    assert (held.count(), held.shape) == (1, (3,))
    np.testing.assert_array_equal(held.mean(), [1, 2, 3])
    with pytest.raises(errors.ArgumentError, match="column 'b' has a NaN at value 1"):
        data.from_dataframe(frame, **columns).count()
    with pytest.raises(errors.UnsupportedError, match="2 label values and a weight"):
        held.map_batches(lambda images, labels: images)
    numbers = data.from_dataframe(frame, features=["w", "a"], label=None)
    np.testing.assert_array_equal(numbers.mean(), [1.5, 2.5])
    with pytest.raises(errors.ArgumentError, match="2 columns need a list of as many shapes"):
        data.from_dataframe(frame, (3,), ["a", "b"])
    with pytest.raises(errors.ArgumentError, match="no option 'wieght'"):
        data.from_dataframe(frame, features="a", label="w", wieght="w")


def test_folders_of_images(spark: SparkSession, tmp_path: Path) -> None:
    for number, name in enumerate(["cat", "dog"]):
        (tmp_path / name).mkdir()
        for i in range(3):
            grey = 40 * (3 * number + i)
            (tmp_path / name / f"{i}.jpg").write_bytes(jpeg((grey, grey, grey)))
    held = data.images(tmp_path, spark=spark, height=8, width=6)
    assert (held.count(), held.shape) == (6, (3, 8, 6))
    np.testing.assert_allclose(held.mean(), np.full((3, 8, 6), 100), atol=1)

    files = spark.read.format("binaryFile").option("recursiveFileLookup", True).load(str(tmp_path))
    pictures = spark.read.format("image").option("recursiveFileLookup", True).load(str(tmp_path))
    for frame, column in [(files, "content"), (files, "path"), (pictures, "image")]:
        labelled = frame.selectExpr(column, "1 AS label")
        held = data.from_dataframe(labelled, (3, 8, 6), features=column)
        assert held.count() == 6, column
        np.testing.assert_allclose(held.mean(), np.full((3, 8, 6), 100), atol=1, err_msg=column)


def test_cifar(spark: SparkSession, tmp_path: Path) -> None:
    images, _ = cifar_files.write(tmp_path, records=20)
    train = data.cifar(tmp_path, partitions=2, spark=spark)
    assert (train.count(), train.shape) == (100, (3, 32, 32))
    np.testing.assert_allclose(train.mean(), images.mean(0), rtol=1e-5)
    for place in (str(tmp_path), tmp_path.as_uri()):
        assert data.cifar(place, train=False, spark=spark).count() == 20


def test_missing_and_truncated_cifar_files(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(errors.FileError, match=r"data_batch_1\.bin is missing.*get_cifar10"):
        data.cifar(tmp_path, spark=spark).count()
    cifar_files.write(tmp_path, records=5)
    cut = tmp_path / "data_batch_3.bin"
    cut.write_bytes(cut.read_bytes()[:-1])
    with pytest.raises(errors.FileError, match=r"data_batch_3\.bin is truncated"):
        data.cifar(tmp_path, spark=spark).count()


def test_a_function_that_raises_is_named(spark: SparkSession) -> None:
    def broken(number: int) -> tuple[np.ndarray, int]:
        if number == 7:
            raise RuntimeError("cannot decode number 7")
        return np.zeros(3, np.uint8), number

    held = data.from_rdd(spark.sparkContext.parallelize(range(10), 2).map(broken))
    with pytest.raises(errors.CallbackError, match="RuntimeError: cannot decode number 7"):
        held.count()


def test_the_message_is_that_of_the_error_not_of_its_source(spark: SparkSession) -> None:
    # The line that raises it stands in the worker's traceback too, its values not filled in.
    held = data.from_rdd(spark.sparkContext.parallelize([(np.array(["a", "b"]), 0)], 1))
    with pytest.raises(errors.ArgumentError, match=r"^item 0 of its partition is <U1: not numeric"):
        held.count()


@pytest.mark.parametrize(
    ("last", "kind", "reason"),
    [
        ((np.zeros(4, np.uint8), 1), errors.ShapeError, r"\(4,\), expected \(3,\)"),
        ((np.zeros(3), 1), errors.ArgumentError, "float64, but the first item is"),
        ("no pair", errors.ArgumentError, "not a pair"),
    ],
)
def test_wrong_items(spark: SparkSession, last: object, kind: type, reason: str) -> None:
    items: list[object] = [(np.zeros(3, np.uint8), 0)] * 5 + [last]
    held = data.from_rdd(spark.sparkContext.parallelize(items, 2))  # type: ignore[arg-type]
    with pytest.raises(kind, match=reason):
        held.count()


def test_wrong_arguments(spark: SparkSession, images: np.ndarray) -> None:
    with pytest.raises(errors.ShapeError, match="50 images, but 2 labels"):
        data.from_numpy(images, np.zeros(2), spark=spark)
    with pytest.raises(errors.ArgumentError, match="0 partitions"):
        data.from_numpy(images, np.zeros(50), partitions=0, spark=spark)
    with pytest.raises(errors.ArgumentError, match="empty"):
        data.from_rdd(spark.sparkContext.parallelize([], 1))
    frame = spark.createDataFrame([(1.0, 2)], ["a", "b"])
    with pytest.raises(errors.ArgumentError, match="no column 'features'"):
        data.from_dataframe(frame, (1,))


def jpeg(color: tuple[int, int, int]) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (40, 30), color).save(content, "JPEG", quality=95)
    return content.getvalue()


@pytest.fixture
def tars(tmp_path: Path) -> Path:
    """Two tars of ten images each, item i grey of brightness 10 i, and some that are no use."""
    lines = []
    for part in range(2):
        with tarfile.open(tmp_path / f"train-{part}.tar", "w") as tar:
            for i in range(10 * part, 10 * part + 10):
                add(tar, f"n{i}.JPEG", jpeg((10 * i, 10 * i, 10 * i)))
                lines.append(f"train/n{i}.JPEG {i}")
            add(tar, f"bad{part}.JPEG", b"no image")
            lines.append(f"train/bad{part}.JPEG 0")
    (tmp_path / "train.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


@pytest.mark.parametrize("encoded", [False, True])
def test_images_from_tars(spark: SparkSession, tars: Path, encoded: bool) -> None:
    held = data.images(
        tars / "train-", tars / "train.txt", spark, height=8, width=6, encoded=encoded
    )
    assert (held.count(), held.shape) == (20, (3, 8, 6))
    np.testing.assert_allclose(held.mean(), np.full((3, 8, 6), 95), atol=1)  # JPEG rounds.
    held.unpersist()
    with pytest.raises(errors.ArgumentError, match="2 of 22 records left out: 2 not an image"):
        data.images(tars / "train-", tars / "train.txt", spark, max_bad_share=0.05).count()


def test_images_that_are_not_there(spark: SparkSession, tars: Path) -> None:
    with pytest.raises(errors.FileError, match="none"):
        data.images(tars / "none", tars / "train.txt", spark)
    with pytest.raises(errors.FileError, match=r"val\.txt"):
        data.images(tars / "train-", tars / "val.txt", spark)
    with pytest.raises(errors.ArgumentError, match="no option 'hight'"):
        data.images(tars / "train-", tars / "train.txt", spark, hight=8)
    with pytest.raises(errors.ArgumentError, match="storage level 'RAM'"):
        data.images(tars / "train-", tars / "train.txt", spark, storage="RAM")


def test_map_batches_refuses_data_that_are_mostly_bad(spark: SparkSession, tars: Path) -> None:
    held = data.images(tars / "train-", tars / "train.txt", spark, max_bad_share=0.05)
    with pytest.raises(errors.ArgumentError, match="2 of 22 records left out"):
        held.map_batches(lambda images, labels: images)


def test_map_batches(spark: SparkSession, images: np.ndarray, labels: np.ndarray) -> None:
    def top_half_even(batch: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        even = numbers % 2 == 0
        return batch[even, :, :2] / np.float32(255), numbers[even]

    held = data.from_numpy(images, labels, partitions=3, spark=spark)
    made = held.map_batches(top_half_even)
    assert (made.count(), made.shape) == (25, (3, 2, 5))
    expected = images[labels % 2 == 0][:, :, :2].mean(0) / 255
    np.testing.assert_allclose(made.mean(), expected, rtol=1e-5)
    assert held.map_batches(lambda x, y: x, shape=(3, 4, 5)).count() == 50


def test_map_batches_says_what_a_function_did_wrong(
    spark: SparkSession, images: np.ndarray, labels: np.ndarray
) -> None:
    held = data.from_numpy(images, labels, spark=spark)

    def fails(batch: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        raise KeyError("no such colour")

    with pytest.raises(errors.CallbackError, match="KeyError: 'no such colour'"):
        held.map_batches(fails, shape=(3, 4, 5)).count()
    with pytest.raises(ValueError, match="labels of shape"):
        held.map_batches(lambda x, y: x[:1])


def test_storage_levels(spark: SparkSession, images: np.ndarray, labels: np.ndarray) -> None:
    held = data.from_numpy(images, labels, spark=spark).persist("DISK_ONLY")
    assert held.count() == 50
    assert held.persist("NONE").count() == 50


def test_a_partition_for_each_slot(
    spark: SparkSession, images: np.ndarray, labels: np.ndarray
) -> None:
    assert data.from_numpy(images, labels).handle.packed().getNumPartitions() == 2  # Of local[2].
    assert data.from_numpy(images[:1], labels[:1]).handle.packed().getNumPartitions() == 1
    with pytest.raises(errors.ArgumentError, match="the data set is empty"):
        data.from_numpy(images[:0], labels[:0])


def test_a_session_whose_driver_is_elsewhere(images: np.ndarray, labels: np.ndarray) -> None:
    remote: Any = type("SparkSession", (), {"__module__": "pyspark.sql.connect.session"})()
    with pytest.raises(errors.SetupError, match="Spark Connect's, whose driver is elsewhere"):
        data.from_numpy(images, labels, spark=remote)
    frame: Any = type("DataFrame", (), {"columns": ["x", "y"], "sparkSession": remote})()
    with pytest.raises(errors.SetupError, match="Spark Connect's"):
        data.from_dataframe(frame, (1,), "x", "y")


GONE = """
import numpy as np
import sparknet
from sparknet import data
from sparknet.errors import StateError

spark = sparknet.session(master="local[1]")
images, labels = np.zeros((4, 2), np.float32), np.zeros(4)
train = data.from_numpy(images, labels)
trainer = sparknet.Trainer(SOLVER, train, train)
print(trainer.fit(1, tau=1, progress=False).images)
spark.stop()
for use in (
    lambda: trainer.fit(1),
    lambda: trainer.train(1),
    lambda: trainer.test(),
    lambda: sparknet.Trainer(SOLVER, train),
    lambda: train.mean(),
    lambda: data.from_numpy(images, labels, spark=spark),
):
    try:
        use()
    except StateError as error:
        print(error)
print(trainer.weights["ip"][0].shape)  # The driver has them.
trainer.close()
"""

NET = """
layer { name: "data" type: "JavaData" top: "data" java_data_param { shape { dim: 2 dim: 2 } } }
layer { name: "label" type: "JavaData" top: "label" java_data_param { shape { dim: 2 dim: 1 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 2 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""


def test_a_session_that_is_gone() -> None:
    solver = f"base_lr: 0.1 lr_policy: 'fixed' test_iter: 1 test_interval: 9 net_param {{ {NET} }}"
    code = f"SOLVER = {solver!r}\n{GONE}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    said = "the Spark session is stopped: make a new one, and its data and trainers"
    assert done.stdout.splitlines() == ["2", *[said] * 6, "(2, 2)"], done.stderr
