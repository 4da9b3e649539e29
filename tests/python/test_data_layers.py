"""Data and ImageData on databases and images that other libraries wrote."""

from __future__ import annotations

from pathlib import Path

import lmdb
import numpy as np
import plyvel
import pytest
from PIL import Image

from sparknet import errors
from sparknet.local import TEST, Net
from sparknet.proto import caffe_pb2

pytestmark = pytest.mark.boundary

Records = dict[bytes, bytes]


def write_lmdb(path: Path, records: Records) -> None:
    with lmdb.open(str(path), map_size=1 << 28) as environment, environment.begin(write=True) as t:
        for key, value in records.items():
            t.put(key, value)


def write_leveldb(path: Path, records: Records) -> None:
    with plyvel.DB(str(path), create_if_missing=True) as database:
        for key, value in records.items():
            database.put(key, value)


WRITERS = {"LMDB": write_lmdb, "LEVELDB": write_leveldb}


def data_net(folder: Path, layer: str) -> Net:
    path = folder / "net.prototxt"
    path.write_text(f'name: "n" layer {{ name: "d" top: "data" top: "label" {layer} }}')
    return Net(path, TEST)


@pytest.fixture
def images() -> np.ndarray:
    """600 items: more than one page, of sizes below and above a page's."""
    return np.random.default_rng(1).integers(0, 256, (600, 3, 20, 24), np.uint8)


@pytest.mark.parametrize("backend", sorted(WRITERS))
def test_databases(tmp_path: Path, backend: str, images: np.ndarray) -> None:
    records = {}
    for i, image in enumerate(images):
        datum = caffe_pb2.Datum(channels=3, height=20, width=24, label=i, data=image.tobytes())
        records[f"{i:08}".encode()] = datum.SerializeToString()
    # Written from the last to the first: the layer goes by keys.
    WRITERS[backend](tmp_path / "db", dict(reversed(records.items())))
    net = data_net(
        tmp_path,
        f'type: "Data" data_param {{ source: "{tmp_path}/db" backend: {backend} batch_size: 250 }}'
        " transform_param { crop_size: 16 scale: 0.5 mean_value: 1 mean_value: 2 mean_value: 3 }",
    )
    expected = (images[:, :, 2:18, 4:20] - np.array([1, 2, 3.0]).reshape(3, 1, 1)) * 0.5
    for batch in range(5):  # twice around, and half
        outputs = net.forward()
        order = np.arange(250 * batch, 250 * batch + 250) % 600
        np.testing.assert_array_equal(outputs["label"], order)
        np.testing.assert_array_equal(outputs["data"], expected[order])


@pytest.mark.parametrize("backend", sorted(WRITERS))
def test_a_broken_record_is_named(tmp_path: Path, backend: str) -> None:
    WRITERS[backend](tmp_path / "db", {b"one\0": b"\xff\xff\xff"})
    with pytest.raises(errors.SparkNetError, match=r"'d' \(Data\): '.*/db', key 'one\\x00'"):
        data_net(
            tmp_path,
            f'type: "Data" data_param {{ source: "{tmp_path}/db" backend: {backend}'
            " batch_size: 1 }",
        )


@pytest.mark.parametrize("kind", ["png", "jpg"])
@pytest.mark.parametrize("color", [True, False])
def test_folders_of_images(tmp_path: Path, kind: str, color: bool, images: np.ndarray) -> None:
    expected, lines = [], []
    for i, pixels in enumerate(images[:3]):
        image = Image.fromarray(pixels.transpose(1, 2, 0)).resize((24, 20))
        image.save(tmp_path / f"im age{i}.{kind}")
        lines.append(f"im age{i}.{kind} {i - 1}\n")
        seen = Image.open(tmp_path / f"im age{i}.{kind}").convert("RGB" if color else "L")
        values = np.asarray(seen, dtype=np.float32)
        expected.append(values.transpose(2, 0, 1)[::-1] if color else values[None])
    (tmp_path / "list.txt").write_text("".join(lines))
    net = data_net(
        tmp_path,
        f'type: "ImageData" image_data_param {{ source: "{tmp_path}/list.txt" batch_size: 3'
        f' root_folder: "{tmp_path}/" is_color: {str(color).lower()} }}',
    )
    outputs = net.forward()
    np.testing.assert_array_equal(outputs["label"], [-1, 0, 1])
    # Grey is rounded once more than in Pillow, and a JPEG's once more than that.
    assert np.abs(outputs["data"] - expected).max() <= (1 if kind == "jpg" or not color else 0)


def test_linear_resizing(tmp_path: Path) -> None:
    """Against linear interpolation in floating point, at pixels' centres."""
    pixels = np.random.default_rng(2).integers(0, 256, (11, 17), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    (tmp_path / "list.txt").write_text(f"{tmp_path}/a.png 0\n")
    net = data_net(
        tmp_path,
        f'type: "ImageData" image_data_param {{ source: "{tmp_path}/list.txt" new_height: 7'
        " new_width: 40 is_color: false }",
    )

    def centres(old: int, new: int) -> np.ndarray:
        return np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)

    rows = np.array([np.interp(centres(17, 40), np.arange(17), row) for row in pixels])
    expected = np.array([np.interp(centres(11, 7), np.arange(11), column) for column in rows.T]).T
    assert np.abs(net.forward()["data"][0, 0] - expected).max() <= 1
