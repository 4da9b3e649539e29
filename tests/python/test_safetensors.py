"""Weights as safetensors files: names, types, and files that are none."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from sparknet import safetensors
from sparknet.errors import FileError, ParseError, ShapeError, UnsupportedError

pytestmark = pytest.mark.unit


def draws(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).standard_normal(shape, np.float32)


LAYERS = {
    "conv1": [draws(4, 3, 2, 2), draws(4)],
    "inception_3a/1x1": [draws(4, 3)],
    "lstm": [draws(8, 3), draws(8), draws(8, 2)],
    "norm": [draws(5), draws(5) ** 2, np.array([4], np.float32)],
    "slope": [np.float32(0.25)],
}


def raw(path: Path, kind: str, shape: list[int], content: bytes, name: str = "ip.weight") -> Path:
    """A file written by hand: the header's length, the header, the values."""
    entry = {"dtype": kind, "shape": shape, "data_offsets": [0, len(content)]}
    header = json.dumps({name: entry}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + content)
    return path


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    safetensors.save(LAYERS, tmp_path / "w.safetensors")
    found = safetensors.load(tmp_path / "w.safetensors")
    assert set(found) == set(LAYERS)
    for layer, blobs in LAYERS.items():
        assert len(found[layer]) == len(blobs)
        for ours, theirs in zip(found[layer], blobs):
            assert ours.dtype == np.float32
            assert ours.flags.writeable
            # By a power of 2, dividing and multiplying is exact.
            np.testing.assert_array_equal(ours, theirs)


def test_names_are_those_of_pytorch(tmp_path: Path) -> None:
    safetensors.save(LAYERS, tmp_path / "w.safetensors")
    tensors = load_file(tmp_path / "w.safetensors")
    assert {name: array.shape for name, array in tensors.items()} == {
        "conv1.weight": (4, 3, 2, 2),
        "conv1.bias": (4,),
        "inception_3a/1x1.weight": (4, 3),
        "lstm.0": (8, 3),
        "lstm.1": (8,),
        "lstm.2": (8, 2),
        "norm.running_mean": (5,),
        "norm.running_var": (5,),
        "norm.scale_factor": (1,),
        "slope.weight": (),
    }
    np.testing.assert_array_equal(tensors["norm.running_mean"], LAYERS["norm"][0] / 4)
    np.testing.assert_array_equal(tensors["norm.running_var"], LAYERS["norm"][1] / 4)


def test_statistics_of_any_scale_come_back_to_the_last_bit_or_one(tmp_path: Path) -> None:
    layer = [draws(50), draws(50) ** 2, np.array([999.98], np.float32)]
    safetensors.save({"norm": layer}, tmp_path / "w.safetensors")
    found = safetensors.load(tmp_path / "w.safetensors")["norm"]
    np.testing.assert_array_max_ulp(found[0], layer[0], maxulp=1)
    np.testing.assert_array_max_ulp(found[1], layer[1], maxulp=1)
    np.testing.assert_array_equal(found[2], layer[2])


def test_statistics_of_a_net_that_never_trained(tmp_path: Path) -> None:
    layer = [np.zeros(3, np.float32), np.zeros(3, np.float32), np.zeros(1, np.float32)]
    safetensors.save({"norm": layer}, tmp_path / "w.safetensors")
    found = safetensors.load(tmp_path / "w.safetensors")["norm"]
    assert [blob.tolist() for blob in found] == [[0, 0, 0], [0, 0, 0], [0]]


def test_statistics_of_pytorch(tmp_path: Path) -> None:
    tensors = {
        "layer1.0.bn1.running_mean": draws(3),
        "layer1.0.bn1.running_var": draws(3),
        "layer1.0.bn1.num_batches_tracked": np.array(7),
    }
    save_file(tensors, tmp_path / "w.safetensors")
    (layer,) = safetensors.load(tmp_path / "w.safetensors").items()
    assert layer[0] == "layer1.0.bn1"
    np.testing.assert_array_equal(layer[1][0], tensors["layer1.0.bn1.running_mean"])
    np.testing.assert_array_equal(layer[1][2], [1])


def test_arrays_in_another_order(tmp_path: Path) -> None:
    turned = draws(4, 3).T
    safetensors.save({"ip": [turned, [1, 2, 3]]}, tmp_path / "w.safetensors")
    found = safetensors.load(tmp_path / "w.safetensors")["ip"]
    np.testing.assert_array_equal(found[0], turned)
    np.testing.assert_array_equal(found[1], [1, 2, 3])


def test_halves_are_widened_and_doubles_rounded(tmp_path: Path) -> None:
    values = np.array([[1.5, -2, 0.09375], [65504, 2**-24, -0.0]])
    for kind in (np.float16, np.float64):
        save_file({"ip.weight": values.astype(kind)}, tmp_path / "w.safetensors")
        found = safetensors.load(tmp_path / "w.safetensors")["ip"][0]
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, values.astype(np.float32))


def test_bfloat16(tmp_path: Path) -> None:
    # Sign, 8 bits of exponent, 7 of fraction: 1, -2.5, the largest, infinity.
    content = struct.pack("<4H", 0x3F80, 0xC020, 0x7F7F, 0x7F80)
    found = safetensors.load(raw(tmp_path / "w.safetensors", "BF16", [2, 2], content))["ip"][0]
    largest = (2 - 2**-7) * 2.0**127
    np.testing.assert_array_equal(found, np.array([[1, -2.5], [largest, np.inf]], np.float32))


def test_a_bias_alone(tmp_path: Path) -> None:
    save_file({"b.bias": draws(3)}, tmp_path / "w.safetensors")
    assert len(safetensors.load(tmp_path / "w.safetensors")["b"]) == 1


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["weight"], r"tensor 'weight' is not named <layer>\.weight or alike"),
        (["ip.weights"], r"tensor 'ip\.weights' .*; did you mean weight\?"),
        (["fc.kernel"], r"tensor 'fc\.kernel' is not named"),
        (["bn.weight", "bn.running_mean", "bn.running_var"], "'bn': both .* are its blob 0;"),
        (["ip.weight", "ip.0"], "'ip': both .* are its blob 0"),
        (["lstm.0", "lstm.2"], "'lstm': it has 0, 2, and blobs before are missing"),
    ],
)
def test_names_that_are_wrong(names: list[str], reason: str, tmp_path: Path) -> None:
    save_file({name: draws(3) for name in names}, tmp_path / "w.safetensors")
    with pytest.raises(ShapeError, match=rf"w\.safetensors: .*{reason}"):
        safetensors.load(tmp_path / "w.safetensors")


def test_integers_are_no_weights(tmp_path: Path) -> None:
    save_file({"ip.weight": np.arange(3)}, tmp_path / "w.safetensors")
    with pytest.raises(UnsupportedError, match=r"'ip\.weight': it is of type I64"):
        safetensors.load(tmp_path / "w.safetensors")


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", struct.pack("<Q", 2**40)])
def test_files_that_are_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(content)
    with pytest.raises(ParseError, match=r"w\.safetensors: not a safetensors file"):
        safetensors.load(tmp_path / "w.safetensors")


def test_places_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        safetensors.load(tmp_path / "w.safetensors")
    with pytest.raises(FileError, match=r"nowhere/w\.safetensors: "):
        safetensors.save(LAYERS, tmp_path / "nowhere/w.safetensors")


def test_a_missing_package_says_what_to_install() -> None:
    code = "import sys; sys.modules['safetensors'] = None; import sparknet.safetensors"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "SetupError: sparknet.safetensors needs safetensors: pip install" in told.stderr
