"""The tools that write and read databases, against databases of the formats' own libraries."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
import plyvel
import pytest
from PIL import Image
from tools import done, refused

from sparknet.proto import caffe_pb2

pytestmark = pytest.mark.e2e

BACKENDS = ["lmdb", "leveldb"]


def records(backend: str, path: Path) -> dict[str, Any]:
    """Data of a database by their keys, in its order."""
    if backend == "lmdb":
        with lmdb.open(str(path), readonly=True, lock=False) as env, env.begin() as transaction:
            pairs = [(bytes(key), bytes(value)) for key, value in transaction.cursor()]
    else:
        db = plyvel.DB(str(path))
        pairs = list(db)
        db.close()
    return {key.decode(): caffe_pb2.Datum.FromString(value) for key, value in pairs}


def write(backend: str, path: Path, data: Iterable[Any]) -> None:
    values = {f"{i:08d}".encode(): datum.SerializeToString() for i, datum in enumerate(data)}
    if backend == "lmdb":
        with lmdb.open(str(path), map_size=1 << 26) as env, env.begin(write=True) as transaction:
            for key, value in values.items():
                transaction.put(key, value)
    else:
        db = plyvel.DB(str(path), create_if_missing=True)
        for key, value in values.items():
            db.put(key, value)
        db.close()


def pixels(datum: Any) -> np.ndarray:
    """Channels (blue, green, red), rows, columns."""
    shape = (datum.channels, datum.height, datum.width)
    return np.frombuffer(datum.data, np.uint8).reshape(shape)


def planes(image: np.ndarray) -> np.ndarray:
    """An RGB image of rows, columns, channels as a datum has it."""
    return image[:, :, ::-1].transpose(2, 0, 1)


@pytest.fixture
def photos(tmp_path: Path) -> dict[str, np.ndarray]:
    """PNGs of noise in a folder `photos`, and their list with labels."""
    generator = np.random.default_rng(4)
    images = {
        name: generator.integers(0, 256, (6, 8, 3), np.uint8)
        for name in ("a.png", "in a folder/b b.png", "c.PNG")
    }
    for name, image in images.items():
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    lines = [f"{name} {3 * i}\n" for i, name in enumerate(images)]
    (tmp_path / "list.txt").write_text("".join(lines))
    return images


@pytest.mark.parametrize("backend", BACKENDS)
def test_images_and_labels_arrive(
    backend: str, photos: dict[str, np.ndarray], tmp_path: Path
) -> None:
    flags = [] if backend == "lmdb" else ["--backend", backend]
    _, log = done("convert_imageset", *flags, "photos/", "list.txt", "db", folder=tmp_path)
    assert "A total of 3 images." in log
    assert "'db': all 3 images written" in log
    data = records(backend, tmp_path / "db")
    assert list(data) == [f"{i:08d}_{name}" for i, name in enumerate(photos)]
    for i, (datum, image) in enumerate(zip(data.values(), photos.values())):
        assert datum.label == 3 * i
        assert not datum.encoded
        np.testing.assert_array_equal(pixels(datum), planes(image))


def test_a_database_is_not_written_over(photos: dict[str, np.ndarray], tmp_path: Path) -> None:
    done("convert_imageset", "photos/", "list.txt", "db", folder=tmp_path)
    again = refused("convert_imageset", "photos/", "list.txt", "db", folder=tmp_path)
    assert "the LMDB 'db' cannot be made: File exists" in again
    assert len(records("lmdb", tmp_path / "db")) == len(photos)


def test_grey_and_resized(photos: dict[str, np.ndarray], tmp_path: Path) -> None:
    flat = np.full((8, 8, 3), (10, 100, 200), np.uint8)
    Image.fromarray(flat).save(tmp_path / "photos/flat.png")
    (tmp_path / "list.txt").write_text("flat.png 1\na.png 2\n")
    flags = ["-gray", "--resize_height=4", "--resize_width", "2", "--check_size"]
    done("convert_imageset", *flags, "photos/", "list.txt", "db", folder=tmp_path)
    first, second = records("lmdb", tmp_path / "db").values()
    assert pixels(first).shape == pixels(second).shape == (1, 4, 2)
    assert np.all(pixels(first) == round(0.299 * 10 + 0.587 * 100 + 0.114 * 200))


def test_files_go_in_as_they_are(photos: dict[str, np.ndarray], tmp_path: Path) -> None:
    done("convert_imageset", "--encoded", "photos/", "list.txt", "db", folder=tmp_path)
    for name, datum in zip(photos, records("lmdb", tmp_path / "db").values()):
        assert datum.encoded
        assert datum.data == (tmp_path / "photos" / name).read_bytes()


@pytest.mark.parametrize("flags", [["--encode_type=png"], ["--encoded"]])
def test_resized_images_are_encoded_again(
    flags: list[str], photos: dict[str, np.ndarray], tmp_path: Path
) -> None:
    size = ["--resize_height=3", "--resize_width=5"]
    done("convert_imageset", *size, "photos/", "list.txt", "plain", folder=tmp_path)
    done("convert_imageset", *size, *flags, "photos/", "list.txt", "db", folder=tmp_path)
    plain, encoded = (records("lmdb", tmp_path / name).values() for name in ("plain", "db"))
    for raw, datum in zip(plain, encoded):
        assert (datum.encoded, datum.label) == (True, raw.label)
        image = Image.open(io.BytesIO(datum.data))
        assert image.format == "PNG"
        np.testing.assert_array_equal(planes(np.asarray(image)), pixels(raw))


def test_jpegs_of_pngs_are_close(photos: dict[str, np.ndarray], tmp_path: Path) -> None:
    ramp = np.add.outer(np.arange(32), np.arange(48)).astype(np.uint8)
    colors = np.stack([ramp, ramp * 2, 200 - ramp], 2)
    Image.fromarray(colors).save(tmp_path / "photos/ramp.png")
    (tmp_path / "list.txt").write_text("ramp.png 7\n")
    for flags, mode in ([], "RGB"), (["--gray"], "L"):
        arguments = ["--encode_type=jpg", *flags, "photos/", "list.txt", f"db{mode}"]
        done("convert_imageset", *arguments, folder=tmp_path)
        (datum,) = records("lmdb", tmp_path / f"db{mode}").values()
        image = Image.open(io.BytesIO(datum.data))
        assert (image.format, image.mode, image.size) == ("JPEG", mode, (48, 32))
        expected = np.asarray(Image.fromarray(colors).convert(mode), float)
        assert np.abs(np.asarray(image, float) - expected).mean() < 4


def test_shuffled_lists_have_the_same_images(tmp_path: Path) -> None:
    for i in range(40):
        Image.fromarray(np.full((2, 2, 3), i, np.uint8)).save(tmp_path / f"{i}.png")
    (tmp_path / "list").write_text("".join(f"{i}.png {i}\n" for i in range(40)))
    done("convert_imageset", "--shuffle", f"{tmp_path}/", "list", "db", folder=tmp_path)
    data = records("lmdb", tmp_path / "db")
    labels = [datum.label for datum in data.values()]
    assert labels != sorted(labels)
    assert sorted(labels) == list(range(40))
    assert [key.split("_") for key in data] == [
        [f"{i:08d}", f"{label}.png"] for i, label in enumerate(labels)
    ]
    assert all(np.all(pixels(datum) == datum.label) for datum in data.values())


def test_what_cannot_be_read_is_told_and_left_out(
    photos: dict[str, np.ndarray], tmp_path: Path
) -> None:
    (tmp_path / "photos/bad.png").write_bytes(b"\x89PNG and then nothing")
    (tmp_path / "list.txt").write_text("a.png 1\nbad.png 2\ngone.png 3\nc.PNG 4\n")
    _, log = done("convert_imageset", "photos/", "list.txt", "db", folder=tmp_path)
    assert "'photos/bad.png'" in log
    assert "'photos/gone.png' cannot be opened" in log
    assert "2 of 4 images are left out" in log
    assert list(records("lmdb", tmp_path / "db")) == ["00000000_a.png", "00000003_c.PNG"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_mean_is_that_of_all_images(backend: str, tmp_path: Path) -> None:
    images = np.random.default_rng(5).integers(0, 256, (7, 3, 4, 5), np.uint8)
    data = [
        caffe_pb2.Datum(channels=3, height=4, width=5, label=1, data=image.tobytes())
        for image in images[:5]
    ]
    data.append(caffe_pb2.Datum(channels=3, height=4, width=5, float_data=images[5].flat))
    file = io.BytesIO()
    Image.fromarray(images[6][::-1].transpose(1, 2, 0)).save(file, "PNG")
    data.append(caffe_pb2.Datum(encoded=True, data=file.getvalue()))
    write(backend, tmp_path / "db", data)
    out, log = done(
        "compute_image_mean", f"--backend={backend}", "db", "mean.binaryproto", folder=tmp_path
    )
    mean = caffe_pb2.BlobProto.FromString((tmp_path / "mean.binaryproto").read_bytes())
    assert (mean.num, mean.channels, mean.height, mean.width) == (1, 3, 4, 5)
    expected = images.astype(np.float64).mean(0)
    np.testing.assert_allclose(np.array(mean.data).reshape(3, 4, 5), expected, rtol=1e-6)
    assert "All 7 images" in log
    lines = out.splitlines()
    assert lines[0] == "Number of channels: 3"
    for channel in range(3):
        name, value = lines[1 + channel].rsplit(" ", 1)
        assert name == f"mean_value channel [{channel}]:"
        assert float(value) == pytest.approx(expected[channel].mean(), rel=1e-5)


FEATURES = """
layer { name: "data" type: "Data" top: "x" top: "label"
  data_param { source: "db" backend: LMDB batch_size: 2 } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y"
  inner_product_param { num_output: 3 } }
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_features_are_those_of_the_net(backend: str, tmp_path: Path) -> None:
    generator = np.random.default_rng(6)
    images = generator.integers(0, 256, (5, 2, 3, 4), np.uint8)
    write(
        "lmdb",
        tmp_path / "db",
        [
            caffe_pb2.Datum(channels=2, height=3, width=4, label=i, data=image.tobytes())
            for i, image in enumerate(images)
        ],
    )
    (tmp_path / "net.prototxt").write_text(FEATURES)
    w, b = generator.normal(size=(3, 24)), generator.normal(size=3)
    net = caffe_pb2.NetParameter()
    layer = net.layer.add(name="ip", type="InnerProduct")
    layer.blobs.add(data=w.flat).shape.dim.extend(w.shape)
    layer.blobs.add(data=b.flat).shape.dim.extend(b.shape)
    (tmp_path / "net.caffemodel").write_bytes(net.SerializeToString())
    arguments = ["net.caffemodel", "net.prototxt", "y,x", "out_y,out_x", "3", backend]
    _, log = done("extract_features", *arguments, "CPU", folder=tmp_path)
    assert "'out_y': all 6 features of y written" in log
    # Three batches of two: after the fifth image comes the first one again.
    seen = images[[0, 1, 2, 3, 4, 0]].astype(np.float64)
    for name, shape, expected in (
        ("out_y", (3, 1, 1), seen.reshape(6, 24) @ w.T + b),
        ("out_x", (2, 3, 4), seen.reshape(6, 24)),
    ):
        data = records(backend, tmp_path / name)
        assert list(data) == [f"{i:010d}" for i in range(6)]
        assert {(d.channels, d.height, d.width) for d in data.values()} == {shape}
        values = np.array([datum.float_data for datum in data.values()])
        np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["convert_imageset", "photos/", "list.txt"], "usage: convert_imageset"),
        (["convert_imageset", "photos/", "none", "db"], "'none' cannot be opened"),
        (
            ["convert_imageset", "photos/", "no_label", "db"],
            "'no_label' line 2: 'b.png' is not a path",
        ),
        (["convert_imageset", "photos/", "odd_label", "db"], "line 1: 'a.png cat' is not a path"),
        (["convert_imageset", "photos/", "empty", "db"], "'empty' lists no images"),
        (["convert_imageset", "photos/", "list.txt", "photos"], "'photos'"),
        (["convert_imageset", "nowhere/", "list.txt", "db"], "none of the 3 images"),
        (["convert_imageset", "--backend=hdf5", "photos/", "list.txt", "db"], "not 'hdf5'"),
        (["convert_imageset", "--resize_width=3", "photos/", "list.txt", "db"], "go together"),
        (["convert_imageset", "--encode_type=gif", "photos/", "list.txt", "db"], "not 'gif'"),
        (["convert_imageset", "--check_size", "photos/", "sizes", "db"], "'big.png' has 192"),
        (["compute_image_mean"], "usage: compute_image_mean"),
        (["compute_image_mean", "none"], "none"),
        (["compute_image_mean", "unlike"], "record 00000001: is 1x1x3, but the first"),
        (["compute_image_mean", "nothing"], "'nothing' has no images"),
        (["extract_features", "w", "n"], "usage: extract_features"),
        (["extract_features", "w", "none", "y", "d", "1", "lmdb"], "'none' cannot be opened"),
        (["extract_features", "w", "net", "y", "d", "none", "lmdb"], "whole number, not 'none'"),
        (["extract_features", "w", "net", "y", "d", "1", "lmdb", "TPU"], "not 'TPU'"),
        (["extract_features", "none", "net", "y", "d", "1", "lmdb"], "'none' cannot be opened"),
        (["extract_features", "w", "net", "z", "d", "1", "lmdb"], "the net has no blob 'z'"),
        (["extract_features", "w", "net", "y,x", "d", "1", "lmdb"], "2 blobs, 1 databases"),
        (["extract_features", "w", "net", "y", "d", "1", "sqlite"], "not 'sqlite'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_told_in_a_line(
    photos: dict[str, np.ndarray], tmp_path: Path, arguments: list[str], message: str
) -> None:
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "photos/big.png")
    for name, text in {
        "no_label": "a.png 1\nb.png\n",
        "odd_label": "a.png cat\n",
        "empty": "\n",
        "sizes": "a.png 1\nbig.png 2\n",
        "net": 'input: "x" input_shape { dim: 1 } layer { name: "y" type: "ReLU" '
        'bottom: "x" top: "y" }',
        "w": "\n\1n",  # the name "n", in binary form
    }.items():
        (tmp_path / name).write_text(text)
    two = caffe_pb2.Datum(channels=1, height=1, width=2, data=b"ab")
    three = caffe_pb2.Datum(channels=1, height=1, width=3, data=b"abc")
    write("lmdb", tmp_path / "unlike", [two, three])
    write("lmdb", tmp_path / "nothing", [])
    assert message in refused(*arguments, folder=tmp_path)
