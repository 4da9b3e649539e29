"""What the wheel's tag says of the libraries in it."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def platform() -> ModuleType:
    """python/wheel_platform.py, which no package has."""
    spec = importlib.util.spec_from_file_location(
        "wheel_platform", ROOT / "python" / "wheel_platform.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compiled(folder: Path, source: str) -> Path:
    """A shared library of so much C."""
    (folder / "made.c").write_text(source)
    library = folder / "libmade.so"
    build = ["cc", "-shared", "-fPIC", "-o", library, folder / "made.c", "-lm"]
    subprocess.run(build, check=True)
    return library


def test_versions_are_those_of_the_symbols_used(platform: ModuleType, tmp_path: Path) -> None:
    # glibc 2.29 has a new exp: this asks for it by name, whatever the compiler's default is.
    library = compiled(
        tmp_path,
        """
        double exp(double);
        __asm__(".symver exp,exp@GLIBC_2.29");
        double made(double x) { return exp(x); }
        """,
    )
    needs = platform.needs(library)
    assert needs["libm.so.6"] == {"GLIBC": ["GLIBC_2.29"]}
    assert platform.glibc(library) == (2, 29)
    assert platform.tag([library]) == "manylinux_2_29_x86_64"


def test_the_newest_of_all_counts_but_for_spares(platform: ModuleType, tmp_path: Path) -> None:
    old = compiled(tmp_path, "int made(void) { return 1; }").rename(tmp_path / "libold.so")
    assert platform.tag([old]) == "manylinux_2_17_x86_64"
    new = ROOT / "target" / "native" / "lib" / "libdnnl.so.3"
    assert platform.tag([old, new]) == platform.tag([new]) != platform.tag([old])
    spare = tmp_path / "libdnnl.so.3.spare"
    shutil.copy(new, spare)
    assert platform.tag([old, spare]) == platform.tag([old])


def test_systems_of_a_glibc_have_the_libstdcxx_that_policies_say(platform: ModuleType) -> None:
    package = importlib.util.find_spec("auditwheel")
    if package is None or package.origin is None:
        pytest.skip("auditwheel is not installed")
    file = Path(package.origin).parent / "policy" / "manylinux-policy.json"
    allowed = {}
    for policy in json.loads(file.read_text()):
        versions = policy["symbol_versions"].get("x86_64", {}).get("GLIBCXX")
        if versions:
            _, major, minor = policy["name"].split("_")
            newest = max(tuple(map(int, v.split("."))) for v in versions if v[0].isdigit())
            allowed[int(major), int(minor)] = newest
    for cxx, glibc in platform.GLIBCXX.items():
        assert allowed[glibc] >= cxx, f"{glibc} has {allowed[glibc]}"
        older = [version for version, newest in allowed.items() if version < glibc]
        assert all(allowed[version] < cxx for version in older), f"{cxx} is older than {glibc}"


def test_what_is_no_library_is_refused(platform: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "libtext.so").write_text("text")
    with pytest.raises(SystemExit, match=r"libtext\.so"):
        platform.glibc(tmp_path / "libtext.so")
