"""HDF5 files: what h5py writes is read, and h5py reads what is written."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import golden
import h5py
import numpy as np
import pytest

from sparknet.errors import ParseError, SparkNetError
from sparknet.local import TEST, TRAIN, Net, Solver

pytestmark = pytest.mark.boundary

DATA = """
layer {{ name: "rows" type: "HDF5Data" top: "x" top: "y"
        hdf5_data_param {{ source: "list.txt" batch_size: {batch} shuffle: {shuffle} }} }}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_rows(batch: int, shuffle: str = "false") -> tuple[np.ndarray, np.ndarray]:
    """Two files of several types and ways of packing, and the net; all rows, in order."""
    generator = np.random.default_rng(3)
    x = generator.normal(size=(7, 2, 3))
    y = np.arange(7)
    for name, rows in (("a.h5", slice(0, 4)), ("b.h5", slice(4, 7))):
        with h5py.File(name, "w") as file:
            if name == "a.h5":
                file.create_dataset("x", data=x[rows], chunks=(2, 2, 3), compression="gzip")
                file.create_dataset("y", data=y[rows].astype(np.uint8), maxshape=(None,))
            else:
                file.create_dataset("x", data=x[rows].astype(">f4"), shuffle=True, fletcher32=True)
                file.create_dataset("y", data=y[rows].astype(np.int64))
    Path("list.txt").write_text("a.h5\nb.h5\n")
    Path("net.prototxt").write_text(DATA.format(batch=batch, shuffle=shuffle))
    return x.astype(np.float32), y.astype(np.float32)


def test_rows_of_h5py_come_in_order(folder: Path) -> None:
    x, y = write_rows(batch=3)
    net = Net("net.prototxt", TRAIN)
    for step in range(5):
        net.forward()
        rows = (3 * step + np.arange(3)) % 7
        np.testing.assert_array_equal(net.blobs["x"].data, x[rows])
        np.testing.assert_array_equal(net.blobs["y"].data, y[rows])


def test_shuffled_rows_keep_their_labels(folder: Path) -> None:
    x, _ = write_rows(batch=7, shuffle="true")
    net = Net("net.prototxt", TRAIN)
    net.forward()
    rows = net.blobs["y"].data.astype(int)
    assert sorted(rows) == list(range(7))
    np.testing.assert_array_equal(net.blobs["x"].data, x[rows])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([b"a", b"b"]), "'x' holds no numbers"),
        (np.zeros((4, 3)), "'y' has 3 rows, and 'x' has 4"),
        (h5py.Empty("f"), "'x' has no extents"),
    ],
)
def test_files_that_do_not_fit_are_named(folder: Path, values: object, message: str) -> None:
    write_rows(batch=1)
    with h5py.File("b.h5", "w") as file:
        file["x"], file["y"] = values, np.zeros(3)
    Path("list.txt").write_text("b.h5")
    with pytest.raises(SparkNetError, match=message) as caught:
        Net("net.prototxt", TRAIN)
    assert "layer 'rows' (HDF5Data)" in str(caught.value)
    assert "'b.h5'" in str(caught.value)


def test_h5py_reads_the_output_layer(folder: Path) -> None:
    Path("net.prototxt").write_text("""
layer { name: "in" type: "Input" top: "data" top: "label"
        input_param { shape { dim: 4 dim: 2 dim: 3 } shape { dim: 4 } } }
layer { name: "out" type: "HDF5Output" bottom: "data" bottom: "label"
        hdf5_output_param { file_name: "out.h5" } }
""")
    net = Net("net.prototxt", TEST)
    data = np.random.default_rng(1).normal(size=(4, 2, 3)).astype(np.float32)
    net.forward(data=data, label=np.arange(4))
    with h5py.File("out.h5") as file:
        assert sorted(file) == ["data", "label"]
        assert file["data"].dtype == np.float32
        np.testing.assert_array_equal(file["data"], data[..., np.newaxis])
        np.testing.assert_array_equal(file["label"], np.arange(4).reshape(4, 1, 1, 1))


def described(path: Path) -> dict[str, object]:
    """Types, extents and memory layouts of all that a file holds."""
    found: dict[str, object] = {}

    def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Group):
            found[name] = None
        elif name == "learned_net":
            found[name] = (item.shape, item.id.get_type().get_strpad(), item.asstr()[()])
        else:
            layout = item.id.get_create_plist().get_layout()
            found[name] = (item.shape, item.dtype, layout)

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


@pytest.mark.parametrize("model", ["lenet", "cifar10_quick"])
def test_snapshots_look_as_caffes(model: str, shared: Path, folder: Path) -> None:
    source = shared / "golden/nets" / model
    for name in ("net.prototxt", "solver_hdf5.prototxt"):
        shutil.copy(source / name, folder)
    weights, state = (f"{model}_iter_5.{kind}.h5" for kind in ("caffemodel", "solverstate"))
    solver = Solver("solver_hdf5.prototxt")
    solver.restore(source / state)
    assert solver.iter == 5
    assert [Path(path).name for path in solver.snapshot()] == [weights, state]
    for name in (weights, state):
        found = described(folder / name)
        if name == state:
            assert found.pop("learned_net_checksum")  # Which Caffe passes over.
        assert found == described(source / name)
        with h5py.File(name) as ours, h5py.File(source / name) as theirs:
            names: list[str] = []

            def keep(path: str, item: object, names: list[str] = names) -> None:
                if isinstance(item, h5py.Dataset):
                    names.append(path)

            theirs.visititems(keep)
            for path in names:
                assert ours[path][()] == pytest.approx(theirs[path][()], abs=0), path


def test_weights_that_h5py_changed_have_no_checksum(folder: Path) -> None:
    Path("net.prototxt").write_text("""
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y"
        inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
""")
    net = Net("net.prototxt", TEST)
    net.save("w.h5")
    content = Path("w.h5").read_bytes()
    assert content[-12:-4] == b"SparkCRC"
    assert int.from_bytes(content[-4:], "little") == zlib.crc32(content[:-12])
    with h5py.File("w.h5", "r+") as file:
        file["data/ip/1"][...] = [4, 5]
    net.copy_from("w.h5")
    np.testing.assert_array_equal(net.params["ip"][1].data, [4, 5])
    Path("w.h5").write_bytes(content[:-40] + b"?" + content[-39:])
    with pytest.raises(ParseError, match=r"w\.h5' is damaged: its checksum"):
        net.copy_from("w.h5")


@pytest.mark.parametrize("model", ["lenet", "cifar10_quick"])
def test_both_forms_of_caffes_weights_are_the_same(model: str, shared: Path) -> None:
    source = shared / "golden/nets" / model
    binary, hdf5 = (
        Net(source / "net.prototxt", TRAIN, weights=source / f"{model}_iter_5.caffemodel{ending}")
        for ending in ("", ".h5")
    )
    with h5py.File(source / f"{model}_iter_5.caffemodel.h5") as file:
        for layer, blobs in binary.params.items():
            for index, blob in enumerate(blobs):
                np.testing.assert_array_equal(hdf5.params[layer][index].data, blob.data)
                golden.assert_close(blob.data, file[f"data/{layer}/{index}"], layer)


@pytest.mark.parametrize("first", ["h5py", "sparknet"])
def test_two_hdf5_libraries_in_one_process(first: str, folder: Path) -> None:
    x, _ = write_rows(batch=7)
    parts = {
        "h5py": "import h5py; h5py.File('h5pys.h5', 'w')['x'] = [1.0, 2.0]",
        "sparknet": "import sparknet.local as s; net = s.Net('net.prototxt'); net.forward(); "
        "print(net.blobs['x'].data.sum())",
    }
    lines = [parts[first], *(part for name, part in parts.items() if name != first)]
    lines.append("print(h5py.File('h5pys.h5')['x'][1])")
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    total, second = done.stdout.split()
    assert float(total) == pytest.approx(float(x.sum()), rel=1e-4)
    assert float(second) == 2.0
