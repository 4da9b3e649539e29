"""The scripts of build/ in a tree of their own, where programs are stand-ins."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60
# What the scripts themselves call.
_TOOLS = [
    "awk",
    "bash",
    "cat",
    "dirname",
    "env",
    "find",
    "flock",
    "grep",
    "head",
    "mkdir",
    "mv",
    "nproc",
    "paste",
    "readlink",
    "rm",
    "sed",
    "sleep",
    "sort",
    "stty",
    "tail",
    "touch",
    "tr",
    "uniq",
]


def tree(folder: Path) -> Path:
    """A tree that has build/ alone; its PATH is `bin`, in which there is no compiler and no package
    manager."""
    build = folder / "build"
    build.mkdir(parents=True)
    for path in (ROOT / "build").iterdir():
        if path.is_file() and path.suffix != ".so":
            shutil.copy2(path, build)
    programs = folder / "bin"
    programs.mkdir()
    for tool in _TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (programs / tool).symlink_to(found)
    return folder


def stand_in(folder: Path, name: str, body: str = "true") -> None:
    """A program of the tree that does what the lines of shell say."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(f"#!{shutil.which('bash')}\nset -eu\n{body}\n")
    path.chmod(0o755)


def variables(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a script in the tree."""
    return {"PATH": str(folder / "bin"), "HOME": str(folder), "LC_ALL": "C.UTF-8", **(more or {})}


def command(folder: Path, script: str) -> list[str]:
    """Lines of shell that know what every script in build/ knows."""
    return [str(folder / "bin/bash"), "-c", f"source {folder}/build/environment.sh\n{script}"]


def shell(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Runs such lines to their end."""
    return subprocess.run(
        command(folder, script),
        env=variables(folder),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
