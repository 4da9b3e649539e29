"""Fresh Python environments with a PySpark in them, made side by side while other tests run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

FIRST, LAST = 9, 14  # Python 3.9 to 3.14
UV = [sys.executable, "-m", "uv"]
# Only the Pythons of this machine.
VARIABLES = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}


class Wish(NamedTuple):
    """spark: PySpark's version; pythons: minor versions that it runs on; oldest: whether the oldest
    Python here is wanted, with the oldest of all other packages, or the newest."""

    spark: str
    pythons: range
    oldest: bool


# The ends of both lines.
WISHES = [
    Wish("3.5.0", range(9, 12), oldest=True),
    Wish("3.5.9", range(9, 13), oldest=False),
    Wish("4.0.0", range(9, 14), oldest=True),
    Wish("4.3.0", range(11, 15), oldest=False),
]


def pythons() -> dict[int, Path]:
    """The Pythons of this machine that make environments, by their minor version."""
    found = {}
    for minor in range(FIRST, LAST + 1):
        versions = Path.home() / ".pyenv" / "versions"
        candidates = [shutil.which(f"python3.{minor}"), *versions.glob(f"3.{minor}.*/bin/python")]
        if sys.version_info[1] == minor:
            candidates.append(sys.executable)
        for name in filter(None, candidates):
            ask = [name, "-c", "import sys, venv, ensurepip; print(*sys.version_info[:2])"]
            asked = subprocess.run(ask, capture_output=True, text=True)
            if asked.returncode == 0 and asked.stdout.split() == ["3", str(minor)]:
                found[minor] = Path(name)
                break
    return found


def pip_wheels(package: str) -> list[str]:
    """Options that let uv take what pip has built here already: a PySpark is 300 MB and more."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "cache", "list", "--format=abspath", package],
        capture_output=True,
        text=True,
    )
    folders = {str(Path(line).parent) for line in listed.stdout.split() if line.endswith(".whl")}
    return [part for folder in sorted(folders) for part in ("--find-links", folder)]


def requirements(wheel: Path, extras: Sequence[str]) -> list[str]:
    """What a wheel asks for, by itself and for its extras."""
    with zipfile.ZipFile(wheel) as packed:
        name = next(name for name in packed.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = packed.read(name).decode()
    asked = re.findall(r"^Requires-Dist: (.*)$", metadata, re.MULTILINE)
    for extra in extras:
        condition = rf"(?:; | and )extra == ['\"]{extra}['\"]"
        asked = [re.sub(condition, "", requirement) for requirement in asked]
    return [requirement for requirement in asked if "extra ==" not in requirement]


class Environment:
    """An environment that is being made; ``ready`` waits for it."""

    def __init__(self, wish: Wish, folder: Path) -> None:
        self.wish = wish
        self.folder = folder
        self.python = folder / "bin" / "python"
        fitting = {minor: path for minor, path in pythons().items() if minor in wish.pythons}
        self._making: subprocess.Popen[str] | None = None
        if not fitting:
            return
        self.minor = (min if wish.oldest else max)(fitting)
        subprocess.run(
            [*UV, "venv", "--clear", "--python", fitting[self.minor], folder],
            env=VARIABLES,
            check=True,
        )
        self._making = subprocess.Popen(
            [*self._install(), f"pyspark=={wish.spark}"],
            env=VARIABLES,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ready(self) -> str | None:
        """Waits until PySpark is installed; why it cannot be, or None."""
        if self._making is None:
            return f"there is no Python for Spark {self.wish.spark} on this machine"
        said, _ = self._making.communicate()
        return (
            f"PySpark {self.wish.spark} was not installed: {said}" if self._making.wait() else None
        )

    def install(self, wheel: Path, *extras: str) -> None:
        """Installs a wheel with its dependencies, as old as they may be, or as new."""
        # What it asks for is asked for here as well: of what others ask for uv takes the newest.
        bounds = ["--resolution", "lowest-direct" if self.wish.oldest else "highest"]
        # What has no wheel for this Python is no choice of a user's either.
        binary = [part for name in ("numpy", "pandas") for part in ("--only-binary", name)]
        wanted = [f"sparknet[{','.join(extras)}] @ {wheel.as_uri()}", *requirements(wheel, extras)]
        done = subprocess.run(
            [*self._install(), *bounds, *binary, *wanted, f"pyspark=={self.wish.spark}"],
            env=VARIABLES,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def installed(self) -> dict[str, str]:
        """Versions by name of package."""
        listed = subprocess.run(
            [*UV, "pip", "freeze", "--python", self.python],
            env=VARIABLES,
            check=True,
            capture_output=True,
            text=True,
        )
        return dict(re.findall(r"^([\w.-]+)==(\S+)$", listed.stdout, re.MULTILINE))

    def remove(self) -> None:
        """Ends what is still being installed; deletes everything."""
        if self._making is not None and self._making.poll() is None:
            self._making.kill()
            self._making.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _install(self) -> list[str]:
        install = [*UV, "pip", "install", "--python", str(self.python)]
        return [*install, *pip_wheels("pyspark")]


def make(folder: Path, wishes: Sequence[Wish]) -> dict[str, Environment]:
    """Begins to make all of them, by Spark's version."""
    return {wish.spark: Environment(wish, folder / f"spark-{wish.spark}") for wish in wishes}
