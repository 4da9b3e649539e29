"""Programs as subprocesses, and everything that they start, found by a mark in the environment."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from sparknet.s3 import settings

ROOT = Path(__file__).resolve().parents[2]
MARK = "SPARKNET_E2E_RUN"
EXECUTOR = "CoarseGrainedExecutorBackend"
# With what a machine may be slower than is usual, and what else it may have to do.
PATIENCE = 600.0
# Frames of ours, or the JVM's own word for an exception that nobody caught. Spark logs traces too:
# when it stops while executors are starting, its workers fail to delete folders that still change.
OURS = r"(?:org\.apache\.spark\.)?(?:apps|libs|loaders|preprocessing|sparknet)\."
TRACE = re.compile(rf"^\tat {OURS}|Exception in thread", re.MULTILINE)


def _other_pyspark() -> list[str]:
    """The folder of the PySpark that these tests run with, if it is not the environment's own."""
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        return []
    folder = str(Path(found.origin).parents[1])
    return [] if folder == sysconfig.get_path("purelib") else [folder]


def python_path(*folders: str | Path) -> str:
    """PYTHONPATH for programs that shall find these, and the PySpark of the tests."""
    return os.pathsep.join([*_other_pyspark(), *map(str, folders)])


def environment(**changes: str) -> dict[str, str]:
    """This process's environment with the Python of the tests in front and no SparkNet in it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SPARKNET_", "PYSPARK_", "PYTEST_")) and name != "PYTHONPATH"
    }
    folders = [*(f"{each}/bin" for each in _other_pyspark()), str(Path(sys.executable).parent)]
    kept.update(
        PATH=os.pathsep.join([*folders, kept.get("PATH", os.defpath)]),
        PYSPARK_PYTHON=sys.executable,
        PYSPARK_DRIVER_PYTHON=sys.executable,
        COLUMNS="100",
    )
    kept.pop("SPARK_HOME", None)
    if python_path():
        kept["PYTHONPATH"] = python_path()
    return {**kept, **changes}


class Program:
    """A program in a process group of its own; ``out`` and ``err`` are read at any time."""

    def __init__(
        self, command: Sequence[str | Path], folder: Path, variables: Mapping[str, str]
    ) -> None:
        self.mark = uuid.uuid4().hex
        self._out = tempfile.NamedTemporaryFile("w+", suffix=".out")  # noqa: SIM115 - see close()
        self._err = tempfile.NamedTemporaryFile("w+", suffix=".err")  # noqa: SIM115 - see close()
        self.process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env={**variables, MARK: self.mark},
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            start_new_session=True,
        )

    @property
    def out(self) -> str:
        return Path(self._out.name).read_text(errors="replace")

    @property
    def err(self) -> str:
        return Path(self._err.name).read_text(errors="replace")

    @property
    def text(self) -> str:
        """Both; spark-submit prints a Python program's errors on its own stdout."""
        return self.out + self.err

    def wait(self, seconds: float = PATIENCE) -> int:
        """Its exit status; what it printed goes to the test's output, for when the test fails."""
        try:
            return self.process.wait(seconds)
        finally:
            print(f"--- stdout\n{self.out}\n--- stderr\n{self.err}")

    def until(self, condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
        """Waits for a condition while the program runs."""
        end = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, f"ended before {what}:\n{self.out}\n{self.err}"
            assert time.monotonic() < end, f"no {what} in {seconds} s:\n{self.out}\n{self.err}"
            time.sleep(0.1)

    def interrupt(self) -> None:
        """Ctrl-C, as a terminal sends it: to the whole process group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def descendants(self, named: str = "") -> list[int]:
        """Living processes that it started, directly or not, whose command has ``named``."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                mine = f"{MARK}={self.mark}".encode() in (folder / "environ").read_bytes()
                state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
                command = (folder / "cmdline").read_bytes().decode(errors="replace")
                if mine and state != "Z" and named in command:
                    found.append(int(folder.name))
        return sorted(found)

    def cpu_seconds(self, pid: int) -> float:
        """What a process has computed so far, all its threads together."""
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def leftovers(self, seconds: float = 120.0) -> list[int]:
        """Processes that are still there some time after the program's end."""
        end = time.monotonic() + seconds
        while self.descendants() and time.monotonic() < end:
            time.sleep(0.2)
        return self.descendants()

    def close(self) -> None:
        for pid in self.descendants():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self._out.close()
        self._err.close()


@contextlib.contextmanager
def running(command: Sequence[str | Path], folder: Path, **variables: str) -> Iterator[Program]:
    """A program that is gone, with all that it started, when the block ends."""
    program = Program(command, folder, environment(**variables))
    try:
        yield program
    finally:
        program.close()


def python(
    jar: Path, folder: Path, source: str, *arguments: str | Path, **variables: str
) -> contextlib.AbstractContextManager[Program]:
    """A Python program, given as its text, that makes a session of its own."""
    script = folder / "program.py"
    script.write_text(source)
    own = {"SPARKNET_JAR": str(jar), "PYTHONPATH": python_path(ROOT / "python")}
    return running([sys.executable, script, *arguments], folder, **own, **variables)


def s3_jar() -> str:
    """S3A for the Spark of the tests, which build/test has made."""
    return settings()["spark.jars"]


def submit(
    jar: Path,
    *arguments: str | Path,
    workers: int = 2,
    memory_mb: int = 1024,
    s3: bool = False,
) -> list[str | Path]:
    """A spark-submit command with two executor JVMs, the jar on both paths. s3: and S3A's jar."""
    master = f"local-cluster[{workers},1,{memory_mb}]"
    memory = ["--conf", f"spark.executor.memory={memory_mb}m", "--driver-memory", f"{memory_mb}m"]
    jars = f"{jar},{s3_jar()}" if s3 else jar
    options = ["--master", master, *memory, "--jars", jars]
    return ["spark-submit", *options, "--py-files", jar, *arguments]
