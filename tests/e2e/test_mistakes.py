"""What users are told of their mistakes in a program, in a shell and in a notebook: one line, that
says what is wrong, and nothing of the JVM. And what Ctrl-C shows there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from mistakes import GONE, MISTAKES, PRELUDE, Mistake
from processes import ROOT, TRACE, python
from terminals import Kernel, Shell

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.xdist_group("mistakes")]

# Frames of the JVM or of Py4J, and errors while errors were handled.
FOREIGN = re.compile(
    rf"^\s+at |{TRACE.pattern}|Caused by|Py4JJavaError|py4j/|During handling|direct cause"
    r"|while sending command",
    re.MULTILINE,
)
SESSION = """
import sparknet
spark = sparknet.session(master="local[2]", config={"spark.driver.memory": "512m"})
"""

# Shows what Python itself shows of an exception that nobody caught, and goes on.
PROGRAM = """
import json, sys
exec(open("prelude.py").read())
of_before = trainer()

def show(mistakes):
    for name, line in mistakes:
        print(f"\\n=== {name}", file=sys.stderr, flush=True)
        try:
            exec(compile(line, "typed", "single"))
        except Exception:
            sys.excepthook(*sys.exc_info())

mistakes, gone = json.load(open("lines.json"))
show(mistakes)
spark.stop()
show(gone)
"""


def check(mistake: Mistake, shown: str) -> None:
    last = shown.rstrip().splitlines()[-1]
    expected = rf"(sparknet\.errors\.)?{mistake.error}: {mistake.told}"
    assert re.fullmatch(expected, last), f"{mistake.name}: {last}"
    foreign = FOREIGN.search(shown)
    assert foreign is None, f"{mistake.name}: {shown[foreign.start() :]}"


def lines(mistakes: list[Mistake]) -> list[tuple[str, str]]:
    return [(mistake.name, mistake.line) for mistake in mistakes]


ELSEWHERE = [
    Mistake(
        "no jar",
        "data.from_numpy(np.zeros((4, 2)), np.zeros(4))",
        "SetupError",
        r"SparkNet's classes are not on the class path of this Spark session\. Start it with"
        r" --jars \S+\.jar \(spark-submit or pyspark\), or create the session with"
        r" sparknet\.session\(\)",
    ),
    Mistake(
        "Spark Connect",
        "sparknet.session()",
        "SetupError",
        r"this session is Spark Connect's, whose driver is elsewhere: .*",
    ),
]
WITHOUT = """
import os
import numpy as np
import sparknet
from pyspark.sql import SparkSession
from sparknet import data
spark = SparkSession.builder.master("local[1]").getOrCreate()
"""
CONNECTED = """
spark.stop()
os.environ["SPARK_REMOTE"] = "local"
"""


def test_sessions_of_others(jar: Path, tmp_path: Path) -> None:
    shows = PROGRAM[PROGRAM.index("def show") : PROGRAM.index("mistakes, gone")]
    one, other = (f"show({lines([mistake])!r})" for mistake in ELSEWHERE)
    source = "\n".join(["import sys", WITHOUT, shows, one, CONNECTED, other])
    with python(jar, tmp_path, source) as program:
        assert program.wait() == 0
        shown = dict(part.split("\n", 1) for part in program.err.split("\n=== ")[1:])
    for mistake in ELSEWHERE:
        check(mistake, shown[mistake.name])


def test_in_a_program(jar: Path, tmp_path: Path) -> None:
    (tmp_path / "prelude.py").write_text(PRELUDE)
    (tmp_path / "lines.json").write_text(json.dumps([lines(MISTAKES), lines(GONE)]))
    with python(jar, tmp_path, SESSION + PROGRAM) as program:
        assert program.wait() == 0
        shown = dict(part.split("\n", 1) for part in program.err.split("\n=== ")[1:])
    for mistake in [*MISTAKES, *GONE]:
        check(mistake, shown[mistake.name])


@pytest.fixture(scope="module")
def shell(jar: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    folder = tmp_path_factory.mktemp("shell")
    (folder / "prelude.py").write_text(PRELUDE)
    options = ["--master", "local[2]", "--driver-memory", "512m"]
    shell = Shell(["pyspark", *options, "--jars", jar, "--py-files", jar], folder)
    try:
        shell.typed("exec(open('prelude.py').read())")
        yield shell
    finally:
        shell.close()


@pytest.fixture(scope="module")
def kernel(jar: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    own = {"SPARKNET_JAR": str(jar), "PYTHONPATH": str(ROOT / "python")}
    kernel = Kernel(tmp_path_factory.mktemp("notebook"), **own)
    try:
        assert "Traceback" not in kernel.run(SESSION + PRELUDE)
        yield kernel
    finally:
        kernel.close()


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_in_a_shell(shell: Shell, mistake: Mistake) -> None:
    shown = shell.typed(mistake.line)
    check(mistake, shown[shown.rindex("Traceback") :] if mistake.logged else shown)


def test_details_are_all_that_is_known(shell: Shell) -> None:
    shell.typed("trainer(data=data.from_numpy(items, labels + 1, spark=spark))")
    shell.typed("import sys")
    assert re.search(r"^\s+at sparknet\.", shell.typed("print(sys.last_value.details)"), re.M)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_in_a_notebook(kernel: Kernel, mistake: Mistake) -> None:
    shown = kernel.run(mistake.line)
    check(mistake, shown)
    # Of the frames only the user's own.
    assert "sparknet/" not in shown.replace("sparknet/errors", "")


# What is typed, and what is shown once it works. It never ends by itself.
WORK = {
    "a training": ("trainer().fit(10**6, tau=1)", "training "),
    "rounds by hand": ("while by_hand.train(1): say_once(); by_hand.average()\n", "begun"),
    "data": ("slow = data.from_rdd(working(0)); say_once(); slow.count()", "begun"),
    "a first item": ("slow = working(10**6); say_once(); data.from_rdd(slow)", "begun"),
}
BEFORE = """
by_hand, said = trainer(), []
def say_once():
    if len(said) == 0:
        print('be' + 'gun', flush=True)
        said.append(1)
def idle():
    for _ in range(300):
        if not sc.statusTracker().getActiveJobsIds():
            return True
        time.sleep(0.1)
"""


@pytest.mark.parametrize("work", WORK)
def test_ctrl_c_in_a_shell(shell: Shell, work: str) -> None:
    shell.typed(f"exec({BEFORE!r})")
    line, begun = WORK[work]
    shell.send(line + "\n")
    shell.shown(begun)
    if work == "a training":
        # Our bar is drawn anew ten times a second, and Spark's after half of one.
        drawn = "".join(shell.shown("images/s") for _ in range(20))
        assert "[Stage" not in drawn
    shell.send("\x03")
    shown = shell.shown()
    assert shown.rstrip().endswith("KeyboardInterrupt")
    assert not FOREIGN.search(shown)
    # What ran has ended, and what is there is of use.
    assert "True" in shell.typed("idle()")
    assert "Round(" in shell.typed("trainer().train(1)")


@pytest.mark.parametrize("work", WORK)
def test_ctrl_c_in_a_notebook(kernel: Kernel, work: str) -> None:
    kernel.run(BEFORE)
    line, begun = WORK[work]
    cell = kernel.start(line)
    kernel.shown(cell, begun)
    kernel.interrupt()
    shown = kernel.shown(cell)
    assert "KeyboardInterrupt" in shown
    assert not FOREIGN.search(shown)
    assert "True" in kernel.run("idle()")
    assert "Round(" in kernel.run("trainer().train(1)")


@pytest.mark.parametrize("mistake", GONE, ids=lambda mistake: mistake.name)
def test_a_session_that_is_gone(shell: Shell, kernel: Kernel, mistake: Mistake) -> None:
    """The last test: those before need a session."""
    before = "if not sc._jsc is None: of_before = trainer(); spark.stop()"
    shell.typed(before + "\n")
    check(mistake, shell.typed(mistake.line))
    kernel.run(before)
    check(mistake, kernel.run(mistake.line))
