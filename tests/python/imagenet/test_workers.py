"""Processes that write tars: results, errors, and an end when they are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import ilsvrc
import pytest

from sparknet.errors import FileError, StateError
from sparknet.imagenet import sources, workers
from sparknet.imagenet.images import Conversion
from sparknet.imagenet.shards import Shard

pytestmark = pytest.mark.boundary


@pytest.fixture
def todo(tmp_path: Path) -> list[Shard]:
    images = sources.scan([ilsvrc.train(tmp_path)]).images
    named = [(image.name, image) for image in images]
    return [
        Shard(tmp_path / f"{i}.part", named[3 * i : 3 * i + 3], Conversion(16)) for i in range(4)
    ]


@pytest.mark.parametrize("jobs", [1, 2, 9])
def test_all_tars_are_written(todo: list[Shard], jobs: int) -> None:
    shown: list[int] = []
    for shard, written in workers.write(todo, jobs, shown.append):
        assert written.names == [name for name, _ in shard.images]
        assert list(ilsvrc.contents(shard.path)) == written.names
    assert all(shard.path.exists() for shard in todo)
    assert shown[-1] == 12
    assert shown == sorted(shown)


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_first_error_ends_the_others(todo: list[Shard], jobs: int, tmp_path: Path) -> None:
    lost = Shard(tmp_path / "none" / "x", todo[0].images, Conversion(16))
    with pytest.raises(FileError, match="none/x"):
        list(workers.write([lost, *todo], jobs, lambda _: None))


def children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def test_a_worker_that_was_killed(todo: list[Shard]) -> None:
    before = set(children(os.getpid()))
    killed: list[int] = []

    def kill(_: int) -> None:
        # One alone: with the first one the pool ends the others itself.
        for child in set(children(os.getpid())) - before:
            if not killed and b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(child, signal.SIGKILL)
                killed.append(child)

    with pytest.raises(StateError, match="run the command again"):
        list(workers.write(todo * 500, 2, kill))
    assert killed


def started(folder: Path, until: str) -> subprocess.Popen[str]:
    """The train command with two workers, when it has written a file of such a name."""
    archive = ilsvrc.train(folder, {"n00000001": 400})
    command = [sys.executable, "-m", "sparknet.imagenet", "train", "--from", archive]
    command += ["--out", folder / "out", "--size", "64", "--images-per-tar", "10", "--jobs", "2"]
    program = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    end = time.monotonic() + 60
    while not list((folder / "out").glob(until)):
        assert program.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)
    return program


@pytest.mark.parametrize("until", ["train.plan.json", "train-*.tar"])
def test_ctrl_c_shows_no_trace_of_any_process(tmp_path: Path, until: str) -> None:
    program = started(tmp_path, until)
    os.killpg(program.pid, signal.SIGINT)
    _, error = program.communicate(timeout=60)
    assert program.returncode == 130
    assert "Traceback" not in error
    assert not list((tmp_path / "out").glob(".*"))
    assert not (tmp_path / "out" / "train.txt").exists()


def test_no_worker_outlives_the_program(tmp_path: Path) -> None:
    program = started(tmp_path, "train-*.tar")
    end = time.monotonic() + 60
    try:
        workers_of = children(program.pid)
        assert len(workers_of) >= 2
    finally:
        program.kill()
        program.wait()
    while any(Path(f"/proc/{pid}").exists() and not zombie(pid) for pid in workers_of):
        assert time.monotonic() < end + 60
        time.sleep(0.1)


def zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True
