"""What names stand for which data, and what becomes of these."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cifar_files
import numpy as np
import pytest
from PIL import Image

from sparknet import spec
from sparknet.commands.options import Form
from sparknet.commands.places import Items, Source, chosen, own_shape, placed, uri
from sparknet.errors import ArgumentError, FileError
from sparknet.proto import caffe_pb2

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EMPTY = caffe_pb2.NetParameter()


def of_input(*shape: int) -> caffe_pb2.NetParameter:
    dims = " ".join(f"dim: {extent}" for extent in shape)
    return spec.net(f'layer {{ type: "Input" top: "data" input_param {{ shape {{ {dims} }} }} }}')


@pytest.mark.unit
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.parquet", Form.parquet),
        ("a.ORC", Form.orc),
        ("a.csv.gz", Form.csv),
        ("a.jsonl", Form.json),
        ("a.tar", Form.images),
        ("a.JPEG", Form.images),
        ("a.csv/part-1.csv", Form.csv),
        ("a.csv/_SUCCESS", Form.csv),
        ("out/part-1.snappy.parquet", Form.parquet),
        ("cats/black/1.png", Form.images),
        ("cifar/data_batch_1.bin", Form.cifar),
    ],
)
def test_a_name_says_how_data_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, form: Form
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True, parents=True)
    file.touch()
    place = name.split("/")[0]
    if name.endswith("_SUCCESS"):  # Of a folder, the files in it say it.
        with pytest.raises(ArgumentError, match="say with --format"):
            Source(place)
        assert Source(place, Form.csv).form is Form.csv
        return
    found = Source(place)
    assert found.form is form
    assert found.place == f"file://{tmp_path}/{place}"
    assert Source(f"hdfs:///x/{file.name}").form is form
    assert Source(f"hdfs:///x/{file.name}").place == f"hdfs:///x/{file.name}"


@pytest.mark.unit
def test_names_that_say_nothing(tmp_path: Path) -> None:
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "1.csv").touch()
    for place in (str(tmp_path), "hdfs:///x"):
        with pytest.raises(ArgumentError, match="say with --format which of parquet, orc, csv,"):
            Source(place)
    assert Source("db.table", Form.table).place == "db.table"


@pytest.mark.unit
def test_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b.csv").touch()
    assert placed("a b.csv") == uri("a b.csv") == f"file://{tmp_path}/a b.csv"
    assert placed("a*.csv") == f"file://{tmp_path}/a*.csv"
    assert placed("s3a://bucket/x") == "s3a://bucket/x"
    assert uri("gone") == f"file://{tmp_path}/gone"
    for given in ("gone.csv", "gone"):
        with pytest.raises(FileError, match=f"{given}: no such file or folder on this machine"):
            placed(given)
        with pytest.raises(FileError, match=f"{given}: no such file or folder on this machine"):
            Source(given)


@pytest.mark.unit
def test_columns_by_names_and_patterns() -> None:
    columns = ["id", "x1", "x10", "y", "label"]
    assert chosen("y", columns) == ["y"]
    assert chosen("y,x*", columns) == ["y", "x1", "x10"]
    assert chosen("x1,x*", columns) == ["x1", "x10"]
    assert chosen("a[1]", ["a[1]", "a1"]) == ["a[1]"]
    with pytest.raises(ArgumentError, match="no column 'lable'; did you mean label"):
        chosen("y,lable", columns)
    with pytest.raises(ArgumentError, match=r"no column 'q'; there are c0, c1, .*, c7, \.\.\.$"):
        chosen("q", [f"c{number}" for number in range(9)])


@pytest.mark.unit
def test_the_shape_that_a_net_says() -> None:
    assert own_shape(of_input(32, 3, 8, 8)) == (3, 8, 8)
    assert own_shape(of_input(32)) is None
    assert own_shape(EMPTY) is None
    fed = 'layer { type: "JavaData" java_data_param { shape { dim: 5 dim: 7 } } }'
    assert own_shape(spec.net(fed)) == (7,)
    memory = 'layer { type: "MemoryData" memory_data_param { channels: 1 height: 2 width: 3 } }'
    assert own_shape(spec.net(memory)) == (1, 2, 3)
    # What reads files does not say it, and what comes after it are labels.
    reads = 'layer { type: "Data" top: "data" } layer { type: "Input" top: "label" }'
    assert own_shape(spec.net(reads)) is None


@pytest.mark.spark
def test_tables(spark: SparkSession, tmp_path: Path) -> None:
    rows = [(n, [float(n), 2.0, 3.0, 4.0], n % 2) for n in range(6)]
    frame = spark.createDataFrame(rows, "id int, features array<float>, label int")
    frame.write.parquet(str(tmp_path / "t.parquet"))
    mean = np.array([2.5, 2, 3, 4], dtype=np.float32)
    items = Items("features", "label")
    for net, shape in ((EMPTY, (4,)), (of_input(8, 2, 2), (2, 2))):
        held = Source(str(tmp_path / "t.parquet")).dataset(spark, items, net)
        assert (held.count(), held.shape) == (6, shape)
        assert np.array_equal(held.mean().ravel(), mean)
    said = items._replace(shape=(1, 4))
    assert Source(str(tmp_path / "t.parquet")).dataset(spark, said, EMPTY).shape == (1, 4)
    (tmp_path / "t.csv").write_text("x1,x2,label,name\n1,10,0,a\n3,20,1,b\n,30,1,c\n")
    table = Source(str(tmp_path / "t.csv"))
    assert table.frame(spark).dtypes[0] == ("x1", "int")
    skipped = table.dataset(spark, Items("x*", "label", skip=True), EMPTY)
    assert (skipped.count(), skipped.mean().tolist()) == (2, [2, 15])
    one = table.dataset(spark, Items("x2", "label"), EMPTY)
    assert (one.shape, one.mean().tolist()) == ((1,), [20])
    frame.createOrReplaceTempView("held")
    assert Source("held", Form.table).frame(spark).count() == 6


@pytest.mark.spark
def test_vectors(spark: SparkSession) -> None:
    from pyspark.ml.linalg import Vectors

    frame = spark.createDataFrame([(Vectors.dense(1, 2, 3), 1.0)], ["features", "label"])
    frame.createOrReplaceTempView("vectors")
    held = Source("vectors", Form.table).dataset(spark, Items("features", "label"), EMPTY)
    assert (held.shape, held.mean().tolist()) == ((3,), [1, 2, 3])


@pytest.mark.spark
def test_images(spark: SparkSession, tmp_path: Path) -> None:
    for kind, colour in (("blue", (0, 0, 200)), ("red", (200, 0, 0))):
        (tmp_path / kind).mkdir()
        Image.new("RGB", (20, 10), colour).save(tmp_path / kind / f"{kind}.PNG")
    source = Source(str(tmp_path))
    assert source.form is Form.images
    found = source.frame(spark).collect()
    assert sorted(row["path"].rsplit("/", 1)[1] for row in found) == ["blue.PNG", "red.PNG"]
    assert all(bytes(row["content"]).startswith(b"\x89PNG") for row in found)

    def shape(net: caffe_pb2.NetParameter, crops: bool = False, **said: Any) -> tuple[int, ...]:
        items = Items("features", "label", **said)
        return source.dataset(spark, items, net, crops=crops).shape

    assert shape(of_input(4, 3, 6, 6)) == (3, 6, 6)
    assert shape(of_input(4, 3, 6, 6), image_size=(8, 9)) == (3, 8, 9)
    # The net sees a part of images of some other size.
    assert shape(of_input(4, 3, 6, 6), crops=True, image_size=(8,)) == (3, 8, 8)
    assert shape(of_input(4, 3, 6, 6), crops=True) == (3, 256, 256)
    held = source.dataset(spark, Items("features", "label", image_size=(4,)), EMPTY)
    assert held.mean()[:, 0, 0].tolist() == [100, 0, 100]


@pytest.mark.spark
def test_cifar(spark: SparkSession, tmp_path: Path) -> None:
    cifar_files.write(tmp_path, records=10)
    source = Source(str(tmp_path))
    assert source.form is Form.cifar
    items = Items("features", "label")
    train, test = (source.dataset(spark, items, EMPTY, train) for train in (True, False))
    assert (train.count(), train.shape, test.count()) == (50, (3, 32, 32), 10)


@pytest.mark.unit
def test_data_that_are_no_rows(tmp_path: Path) -> None:
    (tmp_path / "a.tar").touch()
    (tmp_path / "test_batch.bin").touch()
    nothing: Any = type("Session", (), {"read": None})
    with pytest.raises(ArgumentError, match=r"a\.tar: images in tars are no rows"):
        Source(str(tmp_path / "a.tar")).frame(nothing)
    with pytest.raises(ArgumentError, match="CIFAR-10's own files are no table"):
        Source(str(tmp_path), Form.cifar).frame(nothing)
