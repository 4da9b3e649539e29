"""What the libraries in the wheel ask of a machine, measured: the wheel's tag tells pip."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

__all__ = ["glibc", "needs", "tag"]

# Loaded only where a machine lacks them, or has older ones: what they ask for is asked of nobody.
SPARE = ".spare"
# libstdc++'s version of its interface, and the glibc of the oldest system that has it: a tag of
# that glibc promises this libstdc++ (PEP 600; auditwheel's policies say the same).
GLIBCXX = {
    (3, 4, 19): (2, 17),
    (3, 4, 22): (2, 24),
    (3, 4, 24): (2, 27),
    (3, 4, 28): (2, 31),
    (3, 4, 29): (2, 34),
    (3, 4, 30): (2, 35),
    (3, 4, 33): (2, 39),
}

Version = tuple[int, ...]


def needs(library: Path) -> dict[str, dict[str, list[str]]]:
    """The versions that a library asks for: by file it wants them of, and by name (GLIBC)."""
    read = subprocess.run(
        ["readelf", "--version-info", "--wide", str(library)],
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    if read.returncode != 0:
        raise SystemExit(f"readelf cannot read {library}: {read.stderr.strip()}")
    found: dict[str, dict[str, list[str]]] = {}
    file = ""
    for line in read.stdout.partition("Version needs section")[2].splitlines():
        named = re.search(r"\bFile: (\S+)", line)
        if named:
            file = named[1]
        asked = re.search(r"\bName: (([A-Z]+)_\S+)", line)
        if asked:
            found.setdefault(file, {}).setdefault(asked[2], []).append(asked[1])
    return found


def glibc(library: Path) -> Version:
    """The oldest glibc whose systems, as they come, can load the library."""
    oldest: Version = (2, 17)
    for versions in needs(library).values():
        for name in versions.get("GLIBC", []):
            oldest = max(oldest, _numbers(name))
        for name in versions.get("GLIBCXX", []):
            least = [glibc for cxx, glibc in GLIBCXX.items() if cxx >= _numbers(name)]
            if not least:
                raise SystemExit(f"{library} wants {name}, which wheel_platform.py does not know")
            oldest = max(oldest, min(least))
    return oldest


def tag(libraries: Iterable[Path]) -> str:
    """The tag of the platform on which all of these load, for instance manylinux_2_34_x86_64."""
    asked = [glibc(path) for path in libraries if path.suffix != SPARE]
    if not asked:
        raise SystemExit("there are no libraries to measure: build libccaffe.so first")
    major, minor = max(asked)[:2]
    return f"manylinux_{major}_{minor}_x86_64"


def _numbers(name: str) -> Version:
    return tuple(int(number) for number in re.findall(r"\d+", name))
