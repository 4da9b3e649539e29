"""Values of options as people write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import typer

from sparknet.commands.values import extents, master, mean_of, megabytes, setting
from sparknet.errors import ArgumentError, FileError, ParseError
from sparknet.proto import caffe_pb2

pytestmark = pytest.mark.unit


def test_shapes() -> None:
    assert extents("3,32,16") == (3, 32, 16)
    assert extents("227x200") == (227, 200)
    assert extents("8") == (8,)
    for text in ("", "3,,2", "a", "3,0", "-1"):
        with pytest.raises(typer.BadParameter, match="is not like 3,32,32"):
            extents(text)


def test_sizes() -> None:
    assert megabytes("1500") == megabytes("1500m") == megabytes("1500MB") == 1500
    assert megabytes("1.5g") == 1536
    assert megabytes("2T") == 2 * 1024 * 1024
    for text in ("", "g", "0", "0.5m", "2k", "-1g"):
        with pytest.raises(typer.BadParameter, match="is not like 1500m or 2g"):
            megabytes(text)


def test_settings() -> None:
    assert setting("spark.a=b=c") == ("spark.a", "b=c")
    assert setting("spark.a=") == ("spark.a", "")
    for text in ("spark.a", "=b"):
        with pytest.raises(typer.BadParameter, match="key=value"):
            setting(text)


def test_masters() -> None:
    for text in (
        *("yarn", "local", "local[4]", "local[*]", "local[2,3]", "local-cluster[2, 1, 1024]"),
        *("spark://host:7077", "spark://one:7077,two:7077", "k8s://https://host:6443"),
    ):
        assert master(text) == text
    for text in ("", "foo", "local[x]", "local-cluster[2,1]", "spark://host", "yarn-client"):
        with pytest.raises(typer.BadParameter, match="is none of yarn, spark://host:port"):
            master(text)


def test_a_mean_of_numbers() -> None:
    assert mean_of("0.5").tolist() == [0.5]
    assert mean_of("104,117,123").tolist() == [104, 117, 123]
    with pytest.raises(ArgumentError, match=r"--mean mean\.jpg: neither numbers"):
        mean_of("mean.jpg")


def test_a_mean_of_a_file(tmp_path: Path) -> None:
    mean = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    np.save(tmp_path / "mean.npy", mean)
    assert np.array_equal(mean_of(str(tmp_path / "mean.npy")), mean)
    blob = caffe_pb2.BlobProto(num=1, channels=3, height=2, width=2, data=mean.ravel().tolist())
    file = tmp_path / "mean.binaryproto"
    file.write_bytes(blob.SerializeToString())
    # Caffe's file begins with blue.
    assert np.array_equal(mean_of(str(file), "bgr"), mean)
    assert np.array_equal(mean_of(str(file)), mean[::-1])
    grey = caffe_pb2.BlobProto(shape={"dim": [1, 2, 2]}, data=[1, 2, 3, 4])
    file.write_bytes(grey.SerializeToString())
    assert mean_of(str(file)).tolist() == [[[1, 2], [3, 4]]]


@pytest.mark.parametrize("name", ["mean.npy", "mean.binaryproto"])
def test_a_file_without_a_mean(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    with pytest.raises(FileError, match=f"{name}: No such file"):
        mean_of(str(file))
    file.write_bytes(b"\xff no mean")
    with pytest.raises(ParseError, match=f"{name}: no mean is in it"):
        mean_of(str(file))
