"""Trained nets by the names that users give them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from sparknet.commands.options import Form, Order
from sparknet.commands.places import Source
from sparknet.commands.trained import View, given, names_in
from sparknet.errors import ArgumentError, FileError

pytestmark = pytest.mark.unit

NOTHING = View(None, None, None, None, None, None, None, False)


def test_a_model_or_a_net_with_its_weights(tmp_path: Path) -> None:
    weights, net = tmp_path / "net.caffemodel", str(tmp_path / "net.prototxt")
    weights.touch()
    Path(net).touch()
    found = given([net, str(weights), "data.csv"])
    assert found == (None, net, str(weights), "data.csv")
    (tmp_path / "model" / "metadata").mkdir(parents=True)
    found = given([str(tmp_path / "model"), "data.csv"])
    assert (found.model, found.data) == (f"file://{tmp_path}/model", "data.csv")
    assert given(["hdfs:///model", "data.csv"]).model == "hdfs:///model"


def test_neither(tmp_path: Path) -> None:
    for what in (["a"], ["a", "b", "c", "d"]):
        with pytest.raises(typer.BadParameter, match="MODEL DATA, or NET WEIGHTS DATA"):
            given(what)
    with pytest.raises(FileError, match="gone: no such file or folder"):
        given([str(tmp_path / "gone"), "data.csv"])
    with pytest.raises(FileError, match="no folder that a model was saved to"):
        given([str(tmp_path), "data.csv"])
    net = str(tmp_path / "a.prototxt")
    with pytest.raises(FileError, match=r"a\.prototxt: No such file"):
        given([net, str(tmp_path / "gone.caffemodel"), "data.csv"])
    Path(net).touch()
    with pytest.raises(FileError, match=r"gone\.caffemodel: no such file or folder"):
        given([net, str(tmp_path / "gone.caffemodel"), "data.csv"])
    with pytest.raises(ArgumentError, match=r"a\.prototxt: not a \.caffemodel"):
        given([net, net, "data.csv"])


def params(view: View, own: bool, place: str = "hdfs:///a.csv") -> dict[str, Any]:
    return view.params(Source(place), ["a", "b", "features", "content"], own)


def test_what_nobody_says() -> None:
    # A net knows none of it, and a saved stage all.
    assert params(NOTHING, own=False) == {"features_col": "features", "channel_order": "rgb"}
    assert params(NOTHING, own=False, place="hdfs:///a.jpg")["features_col"] == "content"
    assert params(NOTHING, own=True) == {}


def test_what_is_said() -> None:
    means = np.array([1, 2, 3], dtype=np.float32)
    said = View("a,b", (8, 9), means, 0.5, (4,), Order.bgr, 7, True)
    for own in (True, False):
        found = params(said, own)
        assert found.pop("mean") is means
        assert found == {
            "features_col": ["a", "b"],
            "image_size": [8, 9],
            "scale": 0.5,
            "crop": [4],
            "channel_order": "bgr",
            "batch_size": 7,
            "handle_invalid": "skip",
        }
    one = NOTHING._replace(features="a")
    assert params(one, own=True) == {"features_col": "a"}
    with pytest.raises(ArgumentError, match="no column 'q-q'; there are a, b, features, c"):
        params(NOTHING._replace(features="q-q"), own=True)
    assert Source("hdfs:///a.csv").form is Form.csv


def test_names_of_classes(tmp_path: Path) -> None:
    assert names_in(None) == []
    file = tmp_path / "names.txt"
    file.write_text("a cat\na dög\n", encoding="utf-8")
    assert names_in(str(file)) == ["a cat", "a dög"]
    file.write_bytes(b"\xff\n")
    with pytest.raises(FileError, match="no text in UTF-8"):
        names_in(str(file))
    with pytest.raises(FileError, match=r"gone: No such file"):
        names_in(str(tmp_path / "gone"))
