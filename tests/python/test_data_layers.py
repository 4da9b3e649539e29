"""Data and ImageData on databases and images that other libraries wrote; MemoryData on arrays."""

from __future__ import annotations

from pathlib import Path

import lmdb
import numpy as np
import plyvel
import pytest
from PIL import Image

from sparknet import errors
from sparknet.local import TEST, TRAIN, Net, Solver
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


MEMORY = """
layer { name: "mem" type: "MemoryData" top: "data" top: "label"
        memory_data_param { batch_size: 4 channels: 2 height: 1 width: 3 } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param { num_output: 1 bias_term: false weight_filler { value: 0.5 } } }
"""


@pytest.fixture
def items() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(4)
    return generator.normal(size=(12, 2, 1, 3)), generator.normal(size=12)


def memory_net(folder: Path, text: str = MEMORY) -> Net:
    (folder / "net.prototxt").write_text(text)
    return Net(folder / "net.prototxt", TRAIN)


def test_arrays_of_the_caller(tmp_path: Path, items: tuple[np.ndarray, np.ndarray]) -> None:
    net = memory_net(tmp_path)
    data, labels = items
    # Neither of the engine's type nor in its order: what counts are values.
    net.set_input_arrays(np.asfortranarray(data), labels)
    for batch in (0, 4, 8, 0, 4):  # and from the start again
        outputs = net.forward()
        rows = data[batch : batch + 4].astype(np.float32)
        np.testing.assert_array_equal(net.blobs["data"].data, rows)
        np.testing.assert_array_equal(
            outputs["label"].ravel(), labels[batch : batch + 4].astype(np.float32)
        )
        expected = 0.5 * rows.reshape(4, -1).sum(1, keepdims=True)
        np.testing.assert_allclose(outputs["ip"], expected, rtol=1e-5, atol=1e-6)
    kept = np.ascontiguousarray(data[8:], dtype=np.float32)
    net.set_input_arrays(kept, labels[8:].reshape(4, 1, 1, 1), "mem")  # from its first item on
    before = kept.copy()
    kept[...] = 0  # it has a copy
    net.forward()
    np.testing.assert_array_equal(net.blobs["data"].data, before)


def test_a_solver_learns_from_arrays(
    tmp_path: Path, items: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against gradient descent in NumPy, batch by batch."""
    monkeypatch.chdir(tmp_path)
    loss = 'layer { name: "l" type: "EuclideanLoss" bottom: "ip" bottom: "flat" top: "l" }'
    flat = 'layer { name: "f" type: "Flatten" bottom: "label" top: "flat" }'
    (tmp_path / "net.prototxt").write_text(MEMORY + flat + loss)
    (tmp_path / "solver.prototxt").write_text('net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed"')
    data, _ = items
    rows = data.reshape(12, 6)
    labels = rows @ np.arange(6.0)  # there are weights that explain them
    solver = Solver("solver.prototxt")
    solver.net.set_input_arrays(data, labels)
    weights = np.full(6, 0.5)
    losses = []
    for step in range(30):
        batch = slice(4 * step % 12, 4 * step % 12 + 4)
        difference = rows[batch] @ weights - labels[batch]
        losses.append(solver.step(1))
        assert losses[-1] == pytest.approx((difference**2).sum() / 8, rel=1e-3, abs=1e-5)
        weights -= 0.1 * difference @ rows[batch] / 4
    np.testing.assert_allclose(solver.net.params["ip"][0].data[0], weights, rtol=1e-3)
    assert sum(losses[-3:]) < sum(losses[:3]) / 4  # of the same three batches


def test_arrays_that_do_not_fit(tmp_path: Path, items: tuple[np.ndarray, np.ndarray]) -> None:
    net = memory_net(tmp_path)
    data, labels = items
    with pytest.raises(errors.StateError, match=r"'mem' \(MemoryData\): has no data"):
        net.forward()
    net.set_input_arrays(data, labels)
    for count in (0, 3, 6):
        with pytest.raises(errors.ArgumentError, match=rf"'mem'.* got {count} .*batch_size 4"):
            net.set_input_arrays(data[:count], labels[:count])
    for wrong in (data[:, :1], data[..., 0], data.reshape(12, 2, 3, 1)):
        with pytest.raises(errors.ShapeError, match=r"'mem' takes .*\(N, 2, 1, 3\)") as failure:
            net.set_input_arrays(wrong, labels)
        assert str(wrong.shape) in str(failure.value)
    with pytest.raises(errors.ShapeError, match=r"'mem' takes labels .*\(12,\).*, \(8,\) given"):
        net.set_input_arrays(data, labels[:8])
    with pytest.raises(errors.ArgumentError, match="layer 'ip' is of type InnerProduct"):
        net.set_input_arrays(data, labels, "ip")
    with pytest.raises(errors.ArgumentError, match="no layer 'nowhere'"):
        net.set_input_arrays(data, labels, "nowhere")
    net.forward()  # what it had is there
    np.testing.assert_array_equal(net.blobs["data"].data, data[:4].astype(np.float32))
    none = memory_net(
        tmp_path,
        MEMORY.replace("MemoryData", "Input").split('top: "label"')[0]
        + "input_param { shape { dim: 1 } } }",
    )
    with pytest.raises(errors.ArgumentError, match="the net has no MemoryData layer"):
        none.set_input_arrays(data, labels)
