"""Tars and label files from beginning to end, and runs that were ended."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ilsvrc
import numpy as np
import pytest
from PIL import Image

from sparknet.errors import ArgumentError, StateError
from sparknet.imagenet import labels, prepare, shards, sources
from sparknet.imagenet.images import Conversion
from sparknet.imagenet.plan import Wish
from sparknet.imagenet.prepare import Summary

pytestmark = pytest.mark.unit


def run(source: Path, out: Path, wish: Wish, **labelling: Any) -> Summary:
    found = sources.scan([source])
    return prepare.prepare(found, labels.assign(found, **labelling), wish, out, 1)


SMALL = Conversion(32)


def train(how: Conversion = SMALL, count: int = 5, seed: int | None = 1) -> Wish:
    return Wish("train", how, count, seed)


def files(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def entries(out: Path) -> list[str]:
    return [name for tar in sorted(out.glob("*.tar")) for name in ilsvrc.contents(tar)]


def test_train_tars(tmp_path: Path) -> None:
    done = run(ilsvrc.train(tmp_path), tmp_path / "out", train())
    assert (done.images, done.tars, done.rejected) == (12, 3, {})
    out = tmp_path / "out"
    assert sorted(files(out)) == [
        "classes.txt",
        *(f"train-0000{i}.tar" for i in range(3)),
        "train.plan.json",
        "train.txt",
    ]
    assert done.size == sum(path.stat().st_size for path in out.glob("*.tar"))
    lines = ilsvrc.label_lines(out / "train.txt")
    assert list(lines) == entries(out)
    expected = {f"{wnid}_{i}.JPEG" for wnid, count in ilsvrc.CLASSES.items() for i in range(count)}
    assert set(lines) == expected
    classes = (out / "classes.txt").read_text().split()
    assert classes == sorted(ilsvrc.CLASSES)
    assert all(name.startswith(f"{classes[label]}_") for name, label in lines.items())
    originals = {n: d for inner in ilsvrc.train_files().values() for n, d in inner.items()}
    for tar in out.glob("*.tar"):
        for name, data in ilsvrc.contents(tar).items():
            picture = Image.open(io.BytesIO(data))
            assert picture.size == (32, 32)
            before = np.asarray(Image.open(io.BytesIO(originals[name])))[0, 0].astype(int)
            assert np.abs(np.asarray(picture)[0, 0] - before).max() <= 4


def test_a_seed_repeats_to_the_byte_and_another_changes_the_order(tmp_path: Path) -> None:
    archive = ilsvrc.train(tmp_path)
    run(archive, tmp_path / "a", train())
    run(archive, tmp_path / "b", train())
    run(archive, tmp_path / "c", train(seed=2))
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert entries(tmp_path / "a") != entries(tmp_path / "c")
    assert sorted(entries(tmp_path / "a")) == sorted(entries(tmp_path / "c"))


def test_validation_images_in_their_order_with_the_devkits_labels(tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="SciPy, which writes meta.mat, is not installed")
    kit = ilsvrc.devkit(tmp_path, [1, 2, 3, 3, 2, 1])
    out = tmp_path / "out"
    run(ilsvrc.val(tmp_path), out, Wish("val", Conversion(), 4, None), kit=kit)
    assert ilsvrc.label_lines(out / "val.txt") == {
        f"ILSVRC2012_val_0000000{n}.JPEG": label for n, label in enumerate([1, 0, 2, 2, 0, 1], 1)
    }
    together = [ilsvrc.contents(out / f"val-0000{i}.tar") for i in range(2)]
    assert {**together[0], **together[1]} == ilsvrc.contents(tmp_path / "ILSVRC2012_img_val.tar")
    # Training tars beside them: the classes are numbered in the same way.
    run(ilsvrc.train(tmp_path), out, train())
    assert (out / "train.txt").exists()


class KilledError(Exception):
    """Stands in for whatever ends a run."""


def killed_after(tars: int) -> Callable[..., Any]:
    real, written = shards.write, 0

    def write(shard: shards.Shard, tick: Callable[[], None]) -> shards.Written:
        nonlocal written
        if written == tars:
            shard.path.write_bytes(b"half a tar")
            raise KilledError
        written += 1
        return real(shard, tick)

    return write


def broken_archive(folder: Path) -> Path:
    """Twelve images, three of them unusable."""
    inner = ilsvrc.train_files()
    noise = np.random.default_rng(1).integers(0, 256, (90, 90, 3)).astype(np.uint8)
    inner["n01000001"]["n01000001_0.JPEG"] = ilsvrc.encoded(Image.fromarray(noise))[:3000]
    inner["n01000001"]["n01000001_1.JPEG"] = b""
    inner["n03000002"]["n03000002_0.JPEG"] = b"<html>404</html>"
    path = folder / "broken.tar"
    path.write_bytes(
        ilsvrc.tar_bytes({f"{w}.tar": ilsvrc.tar_bytes(found) for w, found in inner.items()})
    )
    return path


REASONS = {
    "n01000001_0.JPEG": "truncated",
    "n01000001_1.JPEG": "empty file",
    "n03000002_0.JPEG": "not an image",
}


@pytest.mark.parametrize("how", [SMALL, Conversion()])
def test_damaged_images_are_kept_out_and_counted(tmp_path: Path, how: Conversion) -> None:
    done = run(broken_archive(tmp_path), tmp_path / "out", train(how))
    assert (done.images, done.rejected) == (9, REASONS)
    assert done.reasons() == {"truncated": 1, "empty file": 1, "not an image": 1}
    listed = (tmp_path / "out" / "train.rejected.tsv").read_text().splitlines()
    assert dict(line.split("\t") for line in listed) == REASONS
    lines = ilsvrc.label_lines(tmp_path / "out" / "train.txt")
    assert list(lines) == entries(tmp_path / "out")
    assert not set(lines) & set(REASONS)


@pytest.mark.parametrize("tars", [0, 1, 3])
def test_a_run_that_was_killed_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tars: int
) -> None:
    archive = broken_archive(tmp_path)
    run(archive, tmp_path / "whole", train(count=3))
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(shards, "write", killed_after(tars))
        with pytest.raises(KilledError):
            run(archive, out, train(count=3))
    assert len(list(out.glob("train-*.tar"))) == tars
    assert not (out / "train.txt").exists()
    before = {path: path.stat().st_mtime_ns for path in out.glob("train-*.tar")}
    done = run(archive, out, train(count=3))
    assert done.rejected == REASONS
    assert files(out) == files(tmp_path / "whole")
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_a_run_that_is_complete_writes_nothing_again(tmp_path: Path) -> None:
    archive = ilsvrc.train(tmp_path)
    first = run(archive, tmp_path / "out", train())
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.tar")}
    assert run(archive, tmp_path / "out", train()) == first
    assert times == {path: path.stat().st_mtime_ns for path in times}


def test_images_without_a_label_are_kept_out(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(ilsvrc.tar_bytes({f"{i}.JPEG": ilsvrc.jpeg(i) for i in range(4)}))
    text = tmp_path / "labels.txt"
    text.write_text("0.JPEG 5\n2.JPEG 6\n")
    done = run(path, tmp_path / "out", train(), labels=text)
    assert done.rejected == {"1.JPEG": prepare.NO_LABEL, "3.JPEG": prepare.NO_LABEL}
    assert ilsvrc.label_lines(tmp_path / "out" / "train.txt") == {"0.JPEG": 5, "2.JPEG": 6}


def test_nothing_usable(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(ilsvrc.tar_bytes({"n01.tar": ilsvrc.tar_bytes({"n01_1.JPEG": b"x"})}))
    with pytest.raises(ArgumentError, match="all 1 images were kept out"):
        run(path, tmp_path / "out", train())


def test_classes_that_would_be_numbered_in_two_ways(tmp_path: Path) -> None:
    run(ilsvrc.train(tmp_path), tmp_path / "out", train())
    part = tmp_path / "part"
    part.mkdir()
    archive = ilsvrc.train(part, {"n03000002": 3})
    wish = Wish("val", Conversion(), 4, None)
    with pytest.raises(ArgumentError, match=r"give --classes .*classes\.txt"):
        run(archive, tmp_path / "out", wish)
    run(archive, tmp_path / "out", wish, classes=tmp_path / "out" / "classes.txt")
    assert set(ilsvrc.label_lines(tmp_path / "out" / "val.txt").values()) == {2}


def test_one_run_at_a_time(tmp_path: Path) -> None:
    archive = ilsvrc.train(tmp_path)
    with prepare._owned(tmp_path / "out", "train"):
        with pytest.raises(StateError, match="another run is writing train tars"):
            run(archive, tmp_path / "out", train())
        run(archive, tmp_path / "out", Wish("val", Conversion(), 4, None))


def test_tars_of_about_a_size(tmp_path: Path) -> None:
    found = sources.scan([ilsvrc.train(tmp_path)])
    labelling = labels.assign(found)
    mean = np.mean([image.size for image in found.images]) + 768
    count = prepare.images_for(0.01, found, labelling, Conversion())
    assert count == round(10_000 / mean)
    assert prepare.images_for(1e-9, found, labelling, Conversion(8)) == 1
    assert prepare.images_for(0.01, found, labelling, Conversion(256)) < count


def test_a_list_of_rejected_images_without_its_tars_is_not_believed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(broken_archive(tmp_path), out, train())
    for path in [*out.glob("*.tar"), out / "train.txt", out / "train.plan.json"]:
        path.unlink()
    assert run(ilsvrc.train(tmp_path), out, train()).rejected == {}
    assert not (out / "train.rejected.tsv").exists()
