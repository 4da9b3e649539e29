"""The command line, on small archives and on the sample of real images."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import ilsvrc
import pytest
from PIL import Image

pytestmark = pytest.mark.boundary


def sparknet(*arguments: str | Path, status: int = 0) -> tuple[str, str]:
    """Standard output and standard error of ``python -m sparknet.imagenet``."""
    command = [sys.executable, "-m", "sparknet.imagenet", *map(str, arguments)]
    variables = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def sample() -> Path:
    if not ilsvrc.SAMPLE.exists():
        pytest.skip(f"the sample of real images is not there: {ilsvrc.SAMPLE}")
    return ilsvrc.SAMPLE


def test_the_sample_becomes_tars_of_256_by_256(sample: Path, tmp_path: Path) -> None:
    def prepared(out: Path, seed: str, jobs: str) -> dict[str, bytes]:
        options = ("--size", "256", "--images-per-tar", "50", "--seed", seed, "--jobs", jobs)
        said, progress = sparknet("train", "--from", sample, "--out", out, *options)
        assert "200 images in 4 tars" in said
        assert "writing train tars 100% 200 of 200 images, 0 kept out" in progress
        return {path.name: path.read_bytes() for path in out.iterdir()}

    out = tmp_path / "out"
    files = prepared(out, "1", "2")
    expected = {
        line.split(b" ")[0].decode(): int(line.split(b" ")[1])
        for line in ilsvrc.contents(sample)["labels.txt"].splitlines()
    }
    assert len(expected) == 200
    assert ilsvrc.label_lines(out / "train.txt") == expected
    names = []
    for index in range(4):
        content = ilsvrc.contents(out / f"train-0000{index}.tar")
        assert len(content) == 50
        names += list(content)
        for data in content.values():
            picture = Image.open(io.BytesIO(data))
            picture.load()
            assert (picture.format, picture.size, picture.mode) == ("JPEG", (256, 256), "RGB")
    assert names == list(ilsvrc.label_lines(out / "train.txt"))
    # Labels of the sample rise with its order: a shuffle mixes them over the tars.
    firsts = [expected[name] for name in names[:50]]
    assert min(firsts) < 250
    assert max(firsts) > 750
    assert prepared(tmp_path / "again", "1", "1") == files
    other = prepared(tmp_path / "other", "2", "2")
    assert list(ilsvrc.label_lines(tmp_path / "other" / "train.txt")) != names
    assert other["train-00000.tar"] != files["train-00000.tar"]


def test_the_sample_as_validation_images_stays_as_it_is(sample: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    sparknet("val", "--from", sample, "--out", out, "--mb-per-tar", "5")
    tars = sorted(out.glob("val-*.tar"))
    assert 4 <= len(tars) <= 6  # 22 MB in all.
    together = {name: data for tar in tars for name, data in ilsvrc.contents(tar).items()}
    expected = ilsvrc.contents(sample)
    del expected["labels.txt"]
    assert together == expected
    assert list(together) == list(expected)


def test_archives_of_the_challenge(tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="SciPy, which writes meta.mat, is not installed")
    kit = ilsvrc.devkit(tmp_path, [3, 2, 1, 1, 2, 3])
    train, val = ilsvrc.train(tmp_path), ilsvrc.val(tmp_path)
    said, error = sparknet("check", train, val, kit, status=1)
    assert "training images: 12 in 3 classes" in said
    assert "  12 images, not 1,281,167" in said
    assert error.splitlines()[-1].endswith("problems, see above")
    out = tmp_path / "out"
    sparknet("train", "--from", train, "--out", out, "--devkit", kit, "--jobs", "1")
    sparknet("val", "--from", val, "--out", out, "--devkit", kit, "--jobs", "1")
    assert (out / "classes.txt").read_text().split() == sorted(ilsvrc.CLASSES)
    assert list(ilsvrc.label_lines(out / "val.txt").values()) == [2, 0, 1, 1, 0, 2]
    # The same labels, for images that stay in their archive.
    sparknet("labels", "--from", val, "--devkit", kit, "--out", tmp_path / "val.txt")
    assert (tmp_path / "val.txt").read_text() == (out / "val.txt").read_text()


def test_kept_out_images_are_told_by_reason(tmp_path: Path) -> None:
    path = tmp_path / "n01.tar"
    files = {f"n01_{i}.JPEG": ilsvrc.jpeg(i) if i > 4 else b"" for i in range(8)}
    path.write_bytes(ilsvrc.tar_bytes({"n01.tar": ilsvrc.tar_bytes(files)}))
    said, _ = sparknet("train", "--from", path, "--out", tmp_path / "out", "--jobs", "1")
    assert "5 images kept out, all listed in train.rejected.tsv:\n  5 empty file: n01_" in said


def test_mistakes_are_a_line(tmp_path: Path) -> None:
    archive = ilsvrc.train(tmp_path)
    out = ("--out", tmp_path / "out")
    for arguments, message in (
        (("train", "--from", tmp_path / "gone", *out), "gone: No such file or directory"),
        (("train", "--from", archive, *out, "--shorter"), "--shorter needs --size"),
        (("train", "--from", ilsvrc.val(tmp_path), *out), "give --labels or --devkit"),
        (("train", "--from", archive, "--out", archive), "File exists"),
        (("labels", "--from", archive, "--out", archive / "x"), "File exists"),
        (("upload", tmp_path, "file:/x", "--conf", "x"), "--conf x: not KEY=VALUE"),
        (("upload", tmp_path / "gone", "file:/x"), "gone: no such folder"),
    ):
        _, error = sparknet(*arguments, status=1)
        assert error.splitlines()[-1].startswith("error: ")
        assert message in error
    _, error = sparknet("train", "--from", archive, *out, "--size", "0", status=2)
    assert "0 is not above 0" in error


def test_upload_to_a_folder(tmp_path: Path) -> None:
    out, target = tmp_path / "out", tmp_path / "target"
    sparknet("train", "--from", ilsvrc.train(tmp_path), "--out", out, "--jobs", "1")
    said, progress = sparknet("upload", out, target.as_uri(), "--threads", "2")
    assert "3 files copied" in said
    assert "100%" in progress
    assert {p.name for p in target.iterdir()} == {"train-00000.tar", "train.txt", "classes.txt"}
    said, _ = sparknet("upload", out, target.as_uri())
    assert "2 files copied, 1 were there already" in said
