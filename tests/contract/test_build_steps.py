"""Steps of the scripts in build/: side by side, what is shown of them, and how they end."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from build_scripts import PATIENCE, command, shell, stand_in, tree, variables

# Each waits for what the other one does.
MEETING = """
setup_left() { start_step left meet a b; }
setup_right() { start_step right meet b a; }
meet() {
  touch "$ROOT/$1"
  for _ in {1..150}; do
    if [[ -e "$ROOT/$2" ]]; then return; fi
    sleep 0.1
  done
  echo "$2 never came"
  return 1
}
"""


def until(done: Callable[[], bool], what: str) -> None:
    """Waits for something to be so."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether there is such a process, which has not ended."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1][:3]
    except FileNotFoundError:
        return False


def test_steps_run_side_by_side(tmp_path: Path) -> None:
    run = shell(tree(tmp_path / "tree"), MEETING + "run_steps 1 left right")
    assert run.returncode == 0, run.stdout + run.stderr
    assert sorted(re.findall(r"^(\w+) +done in \d+ s$", run.stdout, re.MULTILINE)) == [
        "left",
        "right",
    ]


def test_one_after_the_other_where_there_is_no_room(tmp_path: Path) -> None:
    script = """
    setup_left() { start_step left work; }
    setup_right() { start_step right work; }
    work() { mkdir "$ROOT/busy"; sleep 0.5; rm -r "$ROOT/busy"; }
    run_steps 0 left right
    """
    run = shell(tree(tmp_path / "tree"), script)
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_step_comes_after_those_that_it_needs(tmp_path: Path) -> None:
    script = """
    step_needs=([last]="first missing" [first]=)
    setup_first() { start_step first first; }
    setup_last() { start_step last test -e "$ROOT/told"; }
    first() { sleep 0.5; touch "$ROOT/made"; }
    after_first() { [[ -e "$ROOT/made" ]]; touch "$ROOT/told"; }
    run_steps 1 last first
    """
    run = shell(tree(tmp_path / "tree"), script)
    assert run.returncode == 0, run.stdout + run.stderr
    assert [line.split()[0] for line in run.stdout.splitlines() if "done" in line] == [
        "first",
        "last",
    ]


def test_a_failure_shows_the_end_of_its_log_and_ends_the_others(tmp_path: Path) -> None:
    root = tree(tmp_path / "tree")
    script = """
    setup_long() { start_step long long; }
    setup_bad() { start_step bad bad; }
    long() { sleep 1000 & echo $! >"$ROOT/pid"; wait; }
    bad() {
      until [[ -s "$ROOT/pid" ]]; do sleep 0.1; done
      echo "the reason"
      false
      touch "$ROOT/went-on"
    }
    run_steps 1 long bad
    """
    run = shell(root, script)
    assert run.returncode == 1
    assert re.search(r"^bad +failed after \d+ s$", run.stdout, re.MULTILINE)
    assert run.stderr.splitlines() == [
        "the reason",
        "error: bad failed; the whole log is target/logs/bad.log",
    ]
    assert not (root / "went-on").exists()
    assert not alive(int((root / "pid").read_text()))


@pytest.mark.parametrize(
    ("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_all_that_was_started(
    tmp_path: Path, sent: signal.Signals, status: int
) -> None:
    root = tree(tmp_path / "tree")
    script = """
    setup_one() { start_step one work one; }
    setup_two() { start_step two work two; }
    work() { trap '' INT; sleep 1000 & echo $! >"$ROOT/$1"; wait; }
    run_steps 1 one two
    """
    pids = [root / "one", root / "two"]
    with subprocess.Popen(
        command(root, script),
        env=variables(root),
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        until(lambda: all(path.exists() and path.read_text() for path in pids), "steps")
        program.send_signal(sent)
        _, err = program.communicate(timeout=PATIENCE)
    assert program.returncode == status
    assert err == ""
    assert [alive(int(path.read_text())) for path in pids] == [False, False]


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ("-- Detecting CXX compile features - done\n", ""),
        ("-- Fetching org.bytedeco:dnnl:3.8.1 with Maven\n", "Fetching org.bytedeco:dnnl:3.8.1"),
        ("[  3%] Building CXX object a.o\n[ 42%] Linking CXX shared library b.so\n", "42%"),
        ("Collecting numpy>=1.21 (from sparknet==0.2.0)\n", "Collecting numpy"),
        ("  Downloading scipy-1.15-cp311.whl (37.6 MB)\n", "Downloading scipy-1.15-cp311.whl"),
        ("Installing collected packages: py4j, pyspark\n", "Installing collected packages"),
        ("\x1b[0m\x1b[0m[info] welcome to sbt\n", "welcome to sbt"),
        ("[info] welcome\n[info] compiling 9 Scala sources to x ...\n", "compiling 9 Scala"),
        ("Get:7 https://deb.example stable/main amd64 cmake amd64 3.25 [8 MB]\n", "Downloading"),
        ("Unpacking cmake (3.25.1-1) ...\n", "Unpacking cmake"),
        ("Setting up cmake (3.25.1-1) ...\r\n", "Setting up cmake"),
    ],
)
def test_how_far_a_step_is(tmp_path: Path, log: str, shown: str) -> None:
    root = tree(tmp_path / "tree")
    (root / "log").write_text(log)
    run = shell(root, 'how_far "$ROOT/log"')
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.strip().startswith(shown)
    assert bool(run.stdout.strip()) == bool(shown)


def test_in_a_file_there_is_a_line_now_and_then(tmp_path: Path) -> None:
    script = """
    step_news_every=1
    work() { echo "[ 17%] Building"; until [[ -e "$ROOT/seen" ]]; do sleep 0.1; done; }
    logged native work
    """
    root = tree(tmp_path / "tree")
    with subprocess.Popen(
        command(root, script), env=variables(root), stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout
        assert program.stdout.readline() == "native     begun; its log is target/logs/native.log\n"
        assert re.fullmatch(r"native +\d+ s  17%\n", program.stdout.readline())
        (root / "seen").touch()
        assert re.search(r"^native +done in \d+ s\n", program.stdout.read(), re.MULTILINE)


def test_on_a_terminal_a_line_is_drawn_again(tmp_path: Path) -> None:
    script = """
    setup_one() { start_step one work; }
    setup_two() { start_step two work; }
    work() {
      echo "[info] compiling $(printf 'x%.0s' {1..100})"
      until [[ -e "$ROOT/seen" ]]; do sleep 0.1; done
    }
    run_steps 1 one two
    """
    root = tree(tmp_path / "tree")
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    program = subprocess.Popen(
        command(root, script), env=variables(root, {"TERM": "xterm"}), stdout=slave, stderr=slave
    )
    os.close(slave)
    text = ""
    try:
        while piece := os.read(master, 65536):
            text += piece.decode()
            # Both lines, and once more after the cursor went up over them.
            if re.search(r"compiling(.|\n)*\x1b\[2A\r\x1b\[J(.|\n)*compiling", text):
                (root / "seen").touch()
    except OSError:  # It has ended.
        pass
    finally:
        os.close(master)
    assert program.wait(PATIENCE) == 0, text
    lines = [re.sub(r"\x1b\[\d*[AJ]", "", line).strip("\r") for line in text.split("\n")]
    assert max(map(len, lines)) == 39
    assert sum("begun" in line for line in lines) == 0
    assert sorted(line.split()[0] for line in lines if "done in" in line) == ["one", "two"]


def test_what_is_unchanged_is_not_done_again(tmp_path: Path) -> None:
    root = tree(tmp_path / "tree")
    (root / "source").write_text("1")
    script = """
    setup_made() { start_if_changed made "$ROOT/made" "$ROOT/source" -- make_it; }
    make_it() { echo "$(<"$ROOT/source")" >>"$ROOT/made"; eval "$(cat "$ROOT/meanwhile" || true)"; }
    run_steps 1 made
    """

    def made() -> str:
        # Times of files are told apart by more than the clock's tick.
        time.sleep(0.02)
        run = shell(root, script)
        assert run.returncode == 0, run.stderr
        return (root / "made").read_text()

    assert made() == "1\n"
    assert made() == "1\n"
    (root / "source").write_text("2")
    # What is edited while the step runs, it may not have read.
    (root / "meanwhile").write_text('sleep 0.1; printf 3 >"$ROOT/source"')
    assert made() == "1\n2\n"
    (root / "meanwhile").unlink()
    assert made() == "1\n2\n3\n"
    assert made() == "1\n2\n3\n"
    (root / "made").unlink()
    assert made() == "3\n"


def test_the_jar_is_compiled_beside_the_native_library(tmp_path: Path) -> None:
    """And it is put together when that is there: sbt waits for a file, whose name it is given."""
    root = tree(tmp_path / "tree")
    for folder in ("libccaffe", "caffe", "src/main", "python/sparknet", "project"):
        (root / folder).mkdir(parents=True)
    for folder in ("build/cmake", "build/origin", "build/licenses"):
        (root / folder).mkdir(parents=True)
    for folder in ("src/caffe/proto", "include", "tools", "examples", "models"):
        (root / "caffe" / folder).mkdir(parents=True)
    for name in ("build.sbt", "project/build.properties", "project/a.scala", "project/a.sbt"):
        (root / name).touch()
    stand_in(
        root / "bin",
        "cmake",
        f"""
        [[ "$1" == --build ]] || exit 0
        for _ in {{1..150}}; do if [[ -e {root}/compiled ]]; then break; fi; sleep 0.1; done
        [[ -e {root}/compiled ]]
        mkdir -p {root}/target/native/lib
        touch {root}/target/native/lib/FILES {root}/build/libccaffe.so
        """,
    )
    stand_in(
        root / "build",
        "sbt",
        f"""
        echo "$@" >>{root}/tasks
        for task in "$@"; do
          case "$task" in
            *ompile) touch {root}/compiled ;;
            awaitFile*) until [[ -e "${{task#* }}" ]]; do sleep 0.1; done ;;
            *assembly)
              [[ -e {root}/target/native/lib/FILES ]]
              mkdir -p "$(dirname "$JAR")"
              touch "$JAR" ;;
          esac
        done
        """,
    )

    def setup() -> str:
        run = shell(root, 'export JAR SPARKNET_SIDE_BY_SIDE=1; "$ROOT/build/setup" native jar')
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    assert re.findall(r"^(\w+) +done", setup(), re.MULTILINE) == ["native", "jar"]
    assert (root / "tasks").read_text().startswith("sparknet/compile awaitFile ")
    assert setup() == ""  # Though the jar's step began before the library was there.
    (root / "src/main/New.scala").touch()
    assert re.findall(r"^(\w+) +done", setup(), re.MULTILINE) == ["jar"]
    assert (root / "tasks").read_text().splitlines()[1:] == ["sparknet/assembly"]
