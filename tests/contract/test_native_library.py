"""libccaffe.so and the libraries that travel with it: what they export and what they ask for."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "build" / "libccaffe.so"
BUNDLE = ROOT / "target" / "native" / "lib"
# The compiler's own run-time libraries ask for the glibc of the system that they came with: they
# are loaded only where a worker has none.
SPARES = {"libstdc++.so.6.spare", "libgcc_s.so.1.spare"}
# Of libstdc++'s interface, what GCC 11 has: that of the oldest systems with glibc 2.34.
NEWEST_GLIBCXX = (3, 4, 29)
OLDEST_GLIBC = (2, 34)


def tool(*command: str | Path) -> str:
    """Standard output of a program of binutils."""
    return subprocess.run(
        [str(part) for part in command], check=True, capture_output=True, text=True
    ).stdout


def dynamic(library: Path, tag: str) -> list[str]:
    """Values of a tag in the dynamic section."""
    return re.findall(rf"\({tag}\)[^\[]*\[([^\]]*)\]", tool("readelf", "-d", library))


def bundled() -> list[str]:
    """Names in the list of the bundle, in its order."""
    return [line.split()[1] for line in (BUNDLE / "FILES").read_text().splitlines()]


def newest(library: Path, prefix: str) -> tuple[int, ...]:
    """The newest version PREFIX_x.y that a library asks for; () if it asks for none."""
    versions = re.findall(rf"\b{prefix}_([0-9.]+)", tool("objdump", "-T", library))
    return max((tuple(map(int, version.split("."))) for version in versions), default=())


def test_only_the_c_api_is_exported() -> None:
    symbols = [
        line.split()[-1] for line in tool("nm", "-D", "--defined-only", LIBRARY).splitlines()
    ]
    assert symbols
    assert [name for name in symbols if not name.startswith("ccaffe_")] == []


def test_the_name_is_the_one_that_apps_load_by() -> None:
    assert dynamic(LIBRARY, "SONAME") == ["libccaffe.so"]


def test_search_path_is_relative_and_inherited() -> None:
    # RUNPATH would not serve what libprotobuf needs.
    assert dynamic(LIBRARY, "RUNPATH") == []
    assert dynamic(LIBRARY, "RPATH") == ["$ORIGIN:$ORIGIN/../target/native/lib"]


def test_bundle_is_complete_and_in_order() -> None:
    seen: set[str] = set()
    glibc = re.compile(r"(libc|libm|libdl|libpthread|librt|ld-linux-x86-64)\.so\.\d+")
    for name in bundled():
        needed = {other for other in dynamic(BUNDLE / name, "NEEDED") if not glibc.fullmatch(other)}
        assert needed <= seen, f"{name} comes before what it needs"
        seen.add(name.removesuffix(".spare"))
    assert "libccaffe.so" in seen
    assert set(bundled()) >= SPARES


def test_list_tells_the_files() -> None:
    listed = dict(reversed(line.split()) for line in (BUNDLE / "FILES").read_text().splitlines())
    present = {path.name for path in BUNDLE.iterdir()} - {"FILES"}
    assert set(listed) == present
    for name, sha256 in listed.items():
        assert hashlib.sha256((BUNDLE / name).read_bytes()).hexdigest() == sha256, name
    assert (BUNDLE / "libccaffe.so").read_bytes() == LIBRARY.read_bytes()


def test_no_newer_glibc_than_onednn_needs() -> None:
    names = [name for name in bundled() if name not in SPARES]
    asked = {name: newest(BUNDLE / name, "GLIBC") for name in names}
    assert {name: version for name, version in asked.items() if version > OLDEST_GLIBC} == {}


def test_the_libstdcxx_of_old_systems_will_do() -> None:
    names = [name for name in bundled() if name not in SPARES]
    asked = {name: newest(BUNDLE / name, "GLIBCXX") for name in names}
    assert {name: version for name, version in asked.items() if version > NEWEST_GLIBCXX} == {}


@pytest.mark.parametrize("name", ["libccaffe.so", "libdnnl.so.3"])
def test_no_folder_of_the_building_machine_is_inside(name: str) -> None:
    for path in dynamic(BUNDLE / name, "RPATH") + dynamic(BUNDLE / name, "RUNPATH"):
        assert all(part.startswith("$ORIGIN") for part in path.split(":"))
