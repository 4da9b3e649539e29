"""What build/setup says is missing of the system: told by commands and headers, named for what
package manager there is."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from build_scripts import shell, stand_in, tree

COMMANDS = ["g++", "cmake", "make", "mvn", "protoc", "readelf", "git", "dot"]
HEADERS = [
    "google/protobuf/message.h",
    "turbojpeg.h",
    "png.h",
    "lmdb.h",
    "leveldb/db.h",
    "gtest/gtest.h",
    "zlib.h",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A system with what SparkNet needs, but for a JDK and a Python; no package manager."""
    root = tree(tmp_path / "tree")
    for name in COMMANDS:
        stand_in(root / "bin", name)
    for name in HEADERS:
        header = root / "include" / name
        header.parent.mkdir(parents=True, exist_ok=True)
        header.touch()
    return root


def system(root: Path, script: str, *, java: bool = True, python: bool = True) -> tuple[int, str]:
    """The status and what is said, on a system whose headers are the tree's."""
    run = shell(
        root,
        f"""
        source "$ROOT/build/packages.sh"
        header_folders=("$ROOT/include")
        find_java() {{ {str(java).lower()}; }}
        find_python() {{ {str(python).lower()}; }}
        {script}
        """,
    )
    return run.returncode, run.stdout + run.stderr


def test_nothing_is_missing(root: Path) -> None:
    assert system(root, "require_needs") == (0, "")


def test_each_need_is_told_by_itself(root: Path) -> None:
    table = (root / "build/packages.sh").read_text()
    block = re.search(r'^readonly NEEDS="\n(.*?)^"', table, re.MULTILINE | re.DOTALL)
    assert block
    needs = [line.split() for line in block[1].splitlines()]
    assert [name for name, _, _ in needs] == [*COMMANDS, "java", "python", *HEADERS]
    for name, apt, dnf in needs:
        place = root / ("bin" if name in COMMANDS else "include") / name
        kept = place.rename(root / "hidden") if place.exists() else None
        status, said = system(root, "missing_needs", java=name != "java", python=name != "python")
        assert (status, said.split()) == (0, [name, apt, dnf])
        if kept:
            kept.rename(place)


def test_apt_installs_what_is_missing(root: Path) -> None:
    (root / "bin/cmake").unlink()
    (root / "include/lmdb.h").unlink()
    stand_in(
        root / "bin",
        "apt-get",
        f'echo "$@" >>{root}/asked\n'
        f'[[ "$1" == update ]] || touch {root}/include/lmdb.h {root}/bin/cmake\n'
        f"[[ ! -e {root}/bin/cmake ]] || : >{root}/bin/cmake",
    )
    stand_in(root / "bin", "chmod")
    # To be a program is all that is asked of it.
    status, said = system(root, "command() { [[ -e $ROOT/bin/$2 ]]; }\nrequire_needs")
    assert status == 0, said
    assert (root / "asked").read_text().splitlines() == [
        "update",
        "install -y --no-install-recommends cmake liblmdb-dev",
    ]


def test_what_apt_did_not_bring_is_said(root: Path) -> None:
    (root / "include/lmdb.h").unlink()
    stand_in(root / "bin", "apt-get")
    status, said = system(root, "require_needs")
    assert status == 1
    assert "error: still missing after apt-get" in said
    assert "liblmdb-dev" in said


def test_where_apt_is_its_packages_are_named(root: Path) -> None:
    stand_in(root / "bin", "apt-get", "exit 1")
    stand_in(root / "bin", "dnf", "exit 1")
    (root / "bin/mvn").unlink()
    status, said = system(root, 'name_missing "$(missing_needs)"', java=False)
    assert status == 0
    assert said.splitlines()[1:] == [
        "  sudo apt-get update && sudo apt-get install -y maven openjdk-17-jdk-headless"
    ]


def test_where_dnf_is_its_packages_are_named(root: Path) -> None:
    """Not installed: some of them are in repositories that the user has to allow."""
    stand_in(root / "bin", "dnf", f"touch {root}/called")
    for missing in ("bin/g++", "include/leveldb/db.h", "include/zlib.h"):
        (root / missing).unlink()
    status, said = system(root, "require_needs", java=False, python=False)
    assert status == 1
    assert said.splitlines()[1] == (
        "  sudo dnf install gcc-c++ java-17-openjdk-devel python3.11 leveldb-devel zlib-devel"
    )
    assert re.search(r"CRB and EPEL", said)
    assert "java-17-amazon-corretto-devel" in said
    assert not (root / "called").exists()


def test_elsewhere_commands_and_headers_are_named(root: Path) -> None:
    for missing in ("bin/protoc", "include/gtest/gtest.h"):
        (root / missing).unlink()
    status, said = system(root, "require_needs", java=False)
    assert status == 1
    assert said.splitlines()[1:4] == [
        "  the command protoc",
        "  a JDK 17, with javac (JAVA_HOME names it)",
        "  the header gtest/gtest.h",
    ]
    assert "neither apt nor dnf" in said


@pytest.mark.parametrize(
    ("manager", "step", "named"),
    [
        ("apt-get", "fuzz", "install -y clang libclang-rt-19-dev"),
        ("dnf", "fuzz", "dnf install clang compiler-rt"),
        ("apt-get", "browser", "install -y chromium-headless-shell"),
        ("dnf", "browser", "dnf install chromium-headless"),
        ("apt-get", "ec2", "install -y openssh-server iproute2"),
        ("dnf", "ec2", "dnf install openssh-server iproute"),
        ("none", "ec2", "the command sshd"),
        ("none", "browser", "one of the commands chromium-headless-shell chromium google-chrome"),
    ],
)
def test_needs_of_single_suites(root: Path, manager: str, step: str, named: str) -> None:
    stand_in(root / "bin", manager, "exit 1")
    stand_in(root / "bin", "apt-cache", "echo '  Depends: clang-19'")
    status, said = system(root, f'name_missing "$(missing_needs "$({step}_needs)")"')
    assert status == 0
    assert named in said


def test_headers_are_looked_for_where_compilers_look() -> None:
    """The folders that are looked into are among those of the compiler here."""
    searched = subprocess.run(
        ["g++", "-E", "-v", "-x", "c++", "/dev/null"], check=True, capture_output=True, text=True
    ).stderr
    for folder in ("/usr/include", "/usr/local/include"):
        assert f" {folder}\n" in searched
