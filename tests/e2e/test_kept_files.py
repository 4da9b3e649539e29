"""Disks that are full, folders that cannot be written to, and checkpoints that are not what was
written: nothing is lost, and the next run goes on from the last whole checkpoint."""

from __future__ import annotations

import ast
import contextlib
import re
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from crews import PRELUDE, go, reach
from processes import Program, python

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

DISTURBED = (
    PRELUDE
    + """
spark = sparknet.session(2)
train = data.from_numpy(images, labels, partitions)
disk = folder / "disk"


def run():
    return sparknet.Trainer(SOLVER, train, workers=2, seed=1)


def fit(trainer, rounds, **where):
    trainer.fit(rounds, tau=5, progress=False, **where)


def kept(trainer):
    fit(trainer, 6, checkpoint=disk / "kept", every=2, keep=2)


def waiting(trainer, rounds):
    # Its next fit waits after so many rounds: before their checkpoint.
    begin = trainer._handle.fit

    def begun(plan):
        fit, done = begin(plan), []
        follow = fit.next

        def next():
            event = follow()
            if hasattr(event, "loss"):  # A round.
                done.append(event)
                if len(done) == rounds:
                    await_go(0)
            return event

        fit.next = next
        return fit

    trainer._handle.fit = begun


def refused(number, call, *args):
    try:
        call(*args)
        say("refused", number, repr("not at all"))
    except sparknet.errors.FileError as error:
        say("refused", number, repr(str(error)))


with run() as first:
    waiting(first, 4)
    refused(0, kept, first)
    refused(1, first.snapshot, disk / "net")
    say("iteration", first.iteration)
    await_go(1)
    np.save(folder / "first.npy", flat(first))
    first.snapshot(disk / "net")
with run() as again:
    kept(again)
    say("rounds", len(again.history.rounds), again.iteration)
    np.save(folder / "again.npy", flat(again))
with run() as whole:
    fit(whole, 4)
    np.save(folder / "four.npy", flat(whole))
    fit(whole, 2)
    np.save(folder / "six.npy", flat(whole))
spark.stop()
"""
)


@contextlib.contextmanager
def small_disk(program: Program, disk: Path) -> Iterator[str]:
    """A file may have 20 kB; the driver alone writes some."""
    (driver,) = program.descendants("org.apache.spark.deploy.SparkSubmit")
    limits = resource.prlimit(driver, resource.RLIMIT_FSIZE)
    resource.prlimit(driver, resource.RLIMIT_FSIZE, (20_000, limits[1]))
    yield "File too large"
    resource.prlimit(driver, resource.RLIMIT_FSIZE, limits)


@contextlib.contextmanager
def full_disk(program: Program, disk: Path) -> Iterator[str]:
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as out:
        while True:
            out.write(bytes(4096))
    yield "No space left on device"
    filler.unlink()


@contextlib.contextmanager
def no_folder(program: Program, disk: Path) -> Iterator[str]:
    """A file is where the folder was, which keeps out root too."""
    aside = disk.with_name("aside")
    disk.rename(aside)
    disk.touch()
    yield "[Nn]ot a directory"
    disk.unlink()
    aside.rename(disk)


Way = Callable[[Program, Path], contextlib.AbstractContextManager[str]]


@pytest.fixture
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The folder; one that can be full is a file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if "full_disk" not in request.node.name:
        yield folder
        return
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize(("way", "partitions"), [(small_disk, 2), (full_disk, 7), (no_folder, 2)])
def test_what_cannot_be_written(
    jar: Path, tmp_path: Path, disk: Path, way: Way, partitions: int
) -> None:
    with python(jar, tmp_path, DISTURBED, tmp_path, str(partitions)) as program:
        reach(program, 0)
        before = content(disk)
        with way(program, disk) as why:
            go(tmp_path, 0)
            reach(program, 1)
        after = content(disk)
        go(tmp_path, 1)
        assert program.wait() == 0
        told = re.findall(r"^refused \d (.*)$", program.out, re.MULTILINE)
        lines = program.out.splitlines()
        going_on = re.findall(r"SparkNet: going on from iteration (\d+) of (.*)", program.err)
    checkpoint, snapshot = (ast.literal_eval(text) for text in told)
    for message, file in ((checkpoint, f"{disk}/kept/iter_20"), (snapshot, f"{disk}/net_iter_20")):
        assert file in message
        assert re.search(why, message), message
        assert "\n" not in message
    # Nothing half-written is left, and what was there is as it was.
    assert after == before
    assert {name.split("/")[1] for name in before} == {"iter_10"}
    assert "iteration 20" in lines
    assert going_on == [("10", f"file:{disk}/kept/iter_10")]
    assert "rounds 4 30" in lines
    first, again, four, six = (
        np.load(tmp_path / f"{name}.npy") for name in ("first", "again", "four", "six")
    )
    np.testing.assert_array_equal(first, four)
    np.testing.assert_array_equal(again, six)
    kept = ["kept", "net_iter_20.caffemodel", "net_iter_20.solverstate"]
    assert sorted(path.name for path in disk.iterdir()) == kept


def content(folder: Path) -> dict[str, bytes]:
    """All files at any depth, hidden ones too."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


RUNS = (
    PRELUDE
    + """
spark = sparknet.session(2)
train = data.from_numpy(images, labels, partitions)


def run(name, rounds):
    with sparknet.Trainer(SOLVER, train, workers=2, seed=1) as trainer:
        try:
            trainer.fit(
                rounds, tau=5, checkpoint=folder / name, every=2, keep=3, progress=False
            )
        except sparknet.errors.FileError as error:
            say("refused", name, error)
            return
        np.save(folder / f"{name}.npy", flat(trainer))
        say("ran", name, len(trainer.history.rounds), trainer.iteration)


run("whole", 8)
run("kept", 6)
await_go(0)
for copy in sorted(folder.glob("spoilt-*")):
    run(copy.name, 8)
spark.stop()
"""
)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip(file: Path) -> None:
    """One bit of a byte near the end."""
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)


# Copies of the checkpoints, and what is done to files in them.
SPOILT: dict[str, list[tuple[str, Callable[[Path], None]]]] = {
    "spoilt-weights-cut": [("iter_30/weights.f32", cut)],
    "spoilt-weights-flipped": [("iter_30/weights.f32", flip)],
    "spoilt-momentum-flipped": [("iter_30/momentum-1.f32", flip)],
    "spoilt-momentum-gone": [("iter_30/momentum-0.f32", Path.unlink)],
    "spoilt-notes-cut": [("iter_30/checkpoint.properties", cut)],
    "spoilt-notes-gone": [("iter_30/checkpoint.properties", Path.unlink)],
    "spoilt-two": [("iter_30/weights.f32", cut), ("iter_20/momentum-0.f32", flip)],
    "spoilt-all": [(f"iter_{n}/weights.f32", cut) for n in (10, 20, 30)],
}


def test_spoilt_checkpoints(jar: Path, tmp_path: Path) -> None:
    with python(jar, tmp_path, RUNS, tmp_path, "7") as program:
        reach(program, 0)
        for name, files in SPOILT.items():
            shutil.copytree(tmp_path / "kept", tmp_path / name)
            for file, spoil in files:
                spoil(tmp_path / name / file)
        go(tmp_path, 0)
        assert program.wait() == 0
        ran = dict(re.findall(r"^ran (\S+) (\d+ \d+)$", program.out, re.MULTILINE))
        refused = re.findall(r"^refused (\S+) (.*)$", program.out, re.MULTILINE)
        err = program.err
    whole = np.load(tmp_path / "whole.npy")
    for name, files in SPOILT.items():
        damaged = re.findall(rf"SparkNet: a checkpoint is damaged: \S*/{name}/(\S+): .+", err)
        going_on = re.findall(rf"going on from iteration (\d+) of \S*/{name}/(\S+)", err)
        assert sorted(damaged) == sorted(file for file, _ in files)
        if name == "spoilt-all":
            assert name not in ran
            assert going_on == []
            continue
        last = 30 - 10 * len(files)
        assert going_on == [(str(last), f"iter_{last}")]
        assert ran[name] == f"{8 - last // 5} 40"
        np.testing.assert_array_equal(np.load(tmp_path / f"{name}.npy"), whole)
    ((name, message),) = refused
    assert name == "spoilt-all"
    assert message.startswith("none of the 3 checkpoints beside ")
    assert message.endswith("/spoilt-all/iter_30 is whole")
