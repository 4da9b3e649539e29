"""Drawings: what Graphviz is given, and what it makes of it."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from sparknet import Net
from sparknet.errors import ArgumentError, FileError, SetupError

SVG = "{http://www.w3.org/2000/svg}"


def small() -> Net:
    net = Net('a "small" net', inputs={"data": (4, 2, 8, 8), "label": (4,)})
    data, label = net.inputs
    conv = data.Convolution("conv", num_output=6, kernel_size=3, pad=1, stride=[2, 1], group=2)
    pool = conv.ReLU("relu", in_place=True).Pooling("pool", pool="AVE", kernel_h=2, kernel_w=3)
    scores = pool.Dropout("drop").InnerProduct("scores", num_output=5)
    scores.SoftmaxWithLoss("loss", label, include="TRAIN")
    scores.Accuracy("accuracy", label, include="TEST")
    return net


def texts(group: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in group.iter(f"{SVG}text")]


def groups(svg: str, kind: str) -> list[ElementTree.Element]:
    """In the order of their numbers, in which the source has them."""
    found = [g for g in ElementTree.fromstring(svg).iter(f"{SVG}g") if g.get("class") == kind]
    return sorted(found, key=lambda group: int(str(group.get("id"))[len(kind) :]))


@pytest.mark.boundary
def test_boxes_say_what_layers_do_and_arrows_what_they_read(tmp_path: Path) -> None:
    drawing = small().draw(tmp_path / "small.svg")
    boxes = [texts(group) for group in groups(drawing.svg, "node")]
    assert boxes == [
        ["data", "Input"],
        ["label", "Input"],
        ["conv", "Convolution 3x3, stride 2x1, pad 1, 2 groups, 6 outputs"],
        ["relu", "ReLU"],
        ["pool", "Pooling AVE, 2x3"],
        ["drop", "Dropout 0.5"],
        ["scores", "InnerProduct 5 outputs"],
        ["accuracy", "Accuracy"],
    ]
    titles = [group.findtext(f"{SVG}title") for group in groups(drawing.svg, "node")]
    names = dict(zip(titles, (box[0] for box in boxes)))
    arrows = {
        "{} {} {}".format(*(names[end] for end in title.split("->")), *texts(group))
        for group in groups(drawing.svg, "edge")
        if (title := group.findtext(f"{SVG}title"))
    }
    assert arrows == {
        "data conv 4 x 2 x 8 x 8",
        "conv relu 4 x 6 x 4 x 8",
        "relu pool 4 x 6 x 4 x 8",
        "pool drop 4 x 6 x 3 x 6",
        "drop scores 4 x 6 x 3 x 6",
        "scores accuracy 4 x 5",
        "label accuracy 4",
    }
    assert (tmp_path / "small.svg").read_text() == drawing.svg
    assert drawing._repr_svg_().startswith("<svg ")
    ElementTree.fromstring(drawing._repr_svg_())


@pytest.mark.unit
def test_without_the_engine_there_are_no_shapes(tmp_path: Path) -> None:
    drawing = small().draw(shapes=False, phase="TRAIN")
    boxes = [texts(group)[0] for group in groups(drawing.svg, "node")]
    assert boxes == ["data", "label", "conv", "relu", "pool", "drop", "scores", "loss"]
    assert all(texts(group) == [] for group in groups(drawing.svg, "edge"))
    # A layer's file need not be there.
    database = 'layer { name: "d" type: "Data" top: "d" data_param { source: "nowhere" } }'
    assert "Data" in Net.load(database).draw(shapes=False).svg


@pytest.mark.unit
def test_files_are_of_the_kind_that_their_names_say(tmp_path: Path) -> None:
    drawing = small().draw(shapes=False)
    for name, start in (("n.png", b"\x89PNG"), ("n.PDF", b"%PDF")):
        drawing.save(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)
    with pytest.raises(ArgumentError, match=r"n\.jpg: .*\.svg, \.png or \.pdf"):
        drawing.save(tmp_path / "n.jpg")
    with pytest.raises(FileError, match=r"nowhere/n\.svg: No such file"):
        drawing.save(tmp_path / "nowhere/n.svg")


@pytest.mark.unit
def test_missing_programs_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match=r"program dot, .* apt-get install graphviz"):
        small().draw(shapes=False)
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(SetupError, match=r"pip install 'sparknet\[draw\]'"):
        small().draw(shapes=False)
