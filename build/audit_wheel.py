"""Asks auditwheel whether a wheel's libraries want no more than its tag says: audit_wheel.py WHEEL.

auditwheel looks for libraries among a wheel's files, and ours are in jars: it gets a wheel of them.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

# JNA's own, for the same machines.
NATIVE = re.compile(r"(?:native|com/sun/jna)/linux-x86-64/(.*\.so[.\d]*)")


def main(wheel: Path) -> None:
    """Says what auditwheel found; SystemExit if the tag promises more machines than that."""
    name, version, _, _, tag = wheel.stem.split("-")
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder, f"{name}-{version}-py3-none-linux_x86_64.whl")
        libraries = _repack(wheel, bare)
        command = [sys.executable, "-m", "auditwheel", "show", str(bare)]
        shown = subprocess.run(command, capture_output=True, text=True)
    if shown.returncode != 0:
        raise SystemExit(f"auditwheel failed:\n{shown.stdout}{shown.stderr}")
    text = " ".join(shown.stdout.split())
    found = re.search(r'platform tag: "(\w+)"', text)
    if found is None or _glibc(found[1]) > _glibc(tag):
        raise SystemExit(f"{wheel.name} says {tag}, auditwheel:\n{shown.stdout}")
    print(f"{tag}: auditwheel says {found[1]} of {len(libraries)} libraries")


def _repack(wheel: Path, bare: Path) -> list[str]:
    """Writes a wheel that has the libraries of ``wheel``'s jars as files; gives their names."""
    found: dict[str, bytes] = {}
    with zipfile.ZipFile(wheel) as packed, zipfile.ZipFile(bare, "w") as target:
        info = next(n.split("/")[0] for n in packed.namelist() if n.endswith(".dist-info/WHEEL"))
        for entry in packed.namelist():
            if entry.endswith(".jar"):
                with packed.open(entry) as jar, zipfile.ZipFile(jar) as content:
                    for inner in content.namelist():
                        library = NATIVE.fullmatch(inner)
                        if library:
                            found[library[1]] = content.read(inner)
        for each, data in found.items():
            target.writestr(f"sparknet/{each}", data)
        target.writestr(f"{info}/METADATA", packed.read(f"{info}/METADATA"))
        target.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-linux_x86_64\n")
        record = "".join(f"{each.filename},,\n" for each in target.infolist())
        target.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return sorted(found)


def _glibc(tag: str) -> tuple[int, int]:
    """Of manylinux_2_34_x86_64; what has no such tag needs more than all that have."""
    numbers = re.match(r"manylinux_(\d+)_(\d+)_x86_64", tag)
    return (int(numbers[1]), int(numbers[2])) if numbers else (sys.maxsize, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
