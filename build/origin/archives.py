"""Whether two jars or wheels are the same, and what a build machine has left in one."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path


def differences(first: Path, second: Path) -> list[str]:
    """Nothing for files that are equal byte for byte; else the entries that differ, or why not."""
    if first.read_bytes() == second.read_bytes():
        return []
    with zipfile.ZipFile(first) as one, zipfile.ZipFile(second) as two:
        names = [info.filename for info in one.infolist()]
        others = [info.filename for info in two.infolist()]
        found = [f"{name} is only in one" for name in sorted(set(names) ^ set(others))]
        for name in names:
            if name in others:
                mine, theirs = one.getinfo(name), two.getinfo(name)
                if mine.CRC != theirs.CRC:
                    found.append(f"{name} has another content")
                elif mine.date_time != theirs.date_time:
                    found.append(f"{name} has another date")
                elif mine.external_attr != theirs.external_attr:
                    found.append(f"{name} has other rights")
        if names != others and sorted(names) == sorted(others):
            found.append("the entries are in another order")
    return found or ["the entries are the same, packed in another way"]


def mentions(archive: Path, words: bytes) -> list[str]:
    """The entries in which these bytes are, for instance the path of the folder of the build."""
    with zipfile.ZipFile(archive) as content:
        return [name for name in content.namelist() if words in content.read(name)]


if __name__ == "__main__":
    found = differences(Path(sys.argv[1]), Path(sys.argv[2]))
    print("\n".join(found))
    sys.exit(bool(found))
