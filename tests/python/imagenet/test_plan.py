"""Orders, tars, names, and what an earlier run's plan refuses."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from sparknet.errors import ArgumentError, ParseError
from sparknet.imagenet.images import Conversion
from sparknet.imagenet.plan import Plan, Wish, output_names
from sparknet.imagenet.sources import Image

pytestmark = pytest.mark.unit

IMAGES = [Image(f"{i}.JPEG", None, "x.tar", 512 * i, 9) for i in range(100)]
NAMES = [image.name for image in IMAGES]
LABELS: list[int | None] = [None if i % 10 == 0 else i % 7 for i in range(100)]
WISH = Wish("train", Conversion(256), 20, seed=1)


def plan(wish: Wish = WISH, labels: list[int | None] = LABELS) -> Plan:
    return Plan.make(wish, IMAGES, NAMES, labels)


def test_every_labelled_image_is_in_one_tar() -> None:
    made = plan()
    tars = [list(made.positions(index)) for index in range(made.tars)]
    assert [len(tar) for tar in tars] == [20, 20, 20, 20, 10]
    flat = [position for tar in tars for position in tar]
    assert sorted(flat) == [i for i in range(100) if i % 10]
    assert flat != sorted(flat)
    assert made.tar(4) == "train-00004.tar"


def test_a_seed_is_an_order_and_none_that_of_the_source() -> None:
    assert list(plan().order) == list(plan().order)
    assert plan().digest == plan().digest
    other = plan(dataclasses.replace(WISH, seed=2))
    assert list(other.order) != list(plan().order)
    assert list(plan(dataclasses.replace(WISH, seed=None)).order) == sorted(other.order)


def test_the_same_plan_goes_on_and_another_is_refused(tmp_path: Path) -> None:
    plan().settle(tmp_path)
    plan().settle(tmp_path)
    assert json.loads((tmp_path / "train.plan.json").read_text())["seed"] == 1
    for changed, message in (
        (dataclasses.replace(WISH, seed=2), "with seed 1 has begun here, this one has 2"),
        (dataclasses.replace(WISH, images_per_tar=5), "with images_per_tar 20"),
        (dataclasses.replace(WISH, how=Conversion(128)), "with size 256 .* this one has 128"),
    ):
        with pytest.raises(ArgumentError, match=message):
            plan(changed).settle(tmp_path)
    relabelled = [None if label is None else 6 - label for label in LABELS]
    with pytest.raises(ArgumentError, match="with other images or labels"):
        plan(labels=relabelled).settle(tmp_path)
    plan(dataclasses.replace(WISH, kind="val", seed=None)).settle(tmp_path)
    (tmp_path / "train.plan.json").write_text("[1")
    with pytest.raises(ParseError, match="not a plan"):
        plan().settle(tmp_path)


def test_files_of_others_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "train-00000.tar").write_bytes(b"precious")
    with pytest.raises(ArgumentError, match=r"train-00000\.tar is there already"):
        plan().settle(tmp_path)


def test_names_are_unique_and_fit_label_files() -> None:
    def named(*pairs: str, resized: bool = False) -> list[str]:
        images = [Image(p.split("/")[1], p.split("/")[0], "x", 0, 1) for p in pairs]
        return output_names(images, resized)

    assert named("c/a b.jpg", "c/x.png") == ["a_b.jpg", "x.png"]
    assert named("c/a.jpg", "c/x.png", "c/y.JpEg", resized=True) == ["a.jpg", "x.JPEG", "y.JpEg"]
    assert named("my cat/1.jpg", "dog/1.JPG") == ["my_cat_1.jpg", "dog_1.JPG"]
    with pytest.raises(ArgumentError, match=r"two images have the name c_1\.jpeg"):
        named("c/1.png", "c/1.bmp", resized=True)
