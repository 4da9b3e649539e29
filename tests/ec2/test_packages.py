"""What a machine's set-up installs, with programs in place of package managers and of Java."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.boundary

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ["bash", "cat", "dirname", "env", "mkdir", "readlink", "sed"]


class System:
    """One that has what is in a folder, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        self.programs.mkdir()
        for tool in TOOLS:
            (self.programs / tool).symlink_to(shutil.which(tool) or tool)

    def program(self, name: str, body: str) -> None:
        path = self.programs / name
        path.write_text(f"#!{shutil.which('bash')}\n{body}\n")
        path.chmod(0o755)

    def java(self, version: str) -> None:
        text = f'openjdk version "{version}" 2024-01-01'
        path = self.folder / f"jdk-{version}/bin/java"
        path.parent.mkdir(parents=True)
        path.write_text(f"#!{shutil.which('bash')}\necho '{text}' >&2\n")
        path.chmod(0o755)
        (self.programs / "java").unlink(missing_ok=True)
        (self.programs / "java").symlink_to(path)

    def run(self, script: str) -> str:
        """What it prints; failures of the set-up begin with `failed`."""
        before = (
            "set -euo pipefail; shopt -s nullglob; SPARKNET_PAUSES='0 0'\n"
            "attempt() { shift; \"$@\" || fail 'attempt'; }\n"
            'fail() { echo "failed $1"; exit 1; }\n'
            "sleep() { :; }\n"
            # Javas of the machine that the tests run on.
            f"source <(sed 's,/usr/lib/jvm,{self.folder}/jvm,; s,/opt/sparknet,{self.folder}/own,'"
            f" '{ROOT}/ec2/machine/packages.sh')\n"
        )
        done = subprocess.run(
            [self.programs / "bash", "-c", before + script],
            env={"PATH": str(self.programs)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    @property
    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().splitlines()


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


@pytest.mark.parametrize("version", ["17.0.11", "21.0.2", "17"])
def test_a_java_that_is_there_is_taken(system: System, version: str) -> None:
    system.java(version)
    assert system.run("require_java; java_home") == f"{system.folder}/jdk-{version}\n"


@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.22"])
def test_an_older_java_is_none(system: System, version: str) -> None:
    system.java(version)
    assert system.run("java_home") == ""


def test_java_by_apt(system: System) -> None:
    """Another Java stays the first of the path."""
    system.java("1.8.0_402")
    new = system.folder / "jvm/java-17-openjdk-amd64/bin/java"
    system.program(
        "apt-get",
        f'echo "$DEBIAN_FRONTEND $*" >>{system.folder}/asked\n'
        f'[[ "$*" != *install* ]] || {{ mkdir -p {new.parent}\n'
        f"echo 'openjdk version \"17.0.1\"' >{system.folder}/said\n"
        f"printf '#!{shutil.which('bash')}\\n{shutil.which('cat')} {system.folder}/said >&2\\n'"
        f" >{new}\n"
        f"{shutil.which('chmod')} 755 {new}; }}",
    )
    said = system.run("require_java; java_home")
    assert said == f"{new.parent.parent}\n"
    update, install = system.asked
    assert update.endswith(" update")
    assert install.startswith("noninteractive ")
    assert install.endswith(" install -y --no-install-recommends openjdk-17-jre-headless")
    assert "DPkg::Lock::Timeout=300" in install


@pytest.mark.parametrize(
    ("listed", "package"),
    [("exit 0", "java-17-amazon-corretto-headless"), ("exit 1", "java-17-openjdk-headless")],
)
def test_java_by_dnf(system: System, listed: str, package: str) -> None:
    system.program("dnf", f'echo "$*" >>{system.folder}/asked\n[[ "$*" != *list* ]] || {listed}\n')
    assert "failed there is no Java 17, though its package is installed" in system.run(
        "require_java"
    )
    assert system.asked[-1] == f"-q -y install {package}"


def test_without_a_package_manager(system: System) -> None:
    said = system.run("require_java")
    assert said == (
        "failed there is neither apt-get nor dnf to install openjdk-17-jre-headless with\n"
    )


def test_mirrors_that_do_not_answer_at_once_are_asked_again(system: System) -> None:
    system.program(
        "apt-get",
        f'echo "$*" >>{system.folder}/asked\n'
        f"mapfile -t lines <{system.folder}/asked; ((${{#lines[@]}} > 2))",
    )
    assert system.run("install_package one two && echo installed") == "installed\n"
    assert [line.rsplit(" ", 1)[1] for line in system.asked] == ["update"] * 3 + ["one"]


def test_packages_suit_the_spark(system: System) -> None:
    three, four = (
        system.run(f"SPARK_VERSION={version}; python_packages").split()
        for version in ("3.5.6", "4.0.1")
    )
    for found in (three, four):
        names = {each.replace("<", ">").split(">")[0] for each in found}
        assert names == {"numpy", "pandas", "pyarrow", "protobuf", "setuptools"}
        # What SparkNet's generated messages need.
        assert "protobuf>=4.25,<8" in found
    # Spark 3.5 is older than NumPy 2.
    assert "numpy>=1.21,<2" in three
    assert "numpy>=1.22,<3" in four


# What a Python of the version 3.$minor does that is asked for, and where it notes that.
PYTHON = """
minor=%s
case "$*" in
  *version_info*) [[ "$*" =~ \\(3,\\ ([0-9]+)\\) ]] && exit "$((minor < BASH_REMATCH[1]))" ;;
  *ensurepip*) exit 0 ;;
  "-m venv"*)
    echo "3.$minor $*" >>%s
    mkdir -p "${*: -1}/bin"
    printf '#!%s\\necho "$*" >>%s\\n' >"${*: -1}/bin/python"
    %s 755 "${*: -1}/bin/python" ;;
esac
"""


def python(system: System, name: str, minor: int) -> None:
    asked, bash, chmod = system.folder / "asked", shutil.which("bash"), shutil.which("chmod")
    system.program(name, PYTHON % (minor, asked, bash, asked, chmod))


@pytest.mark.parametrize(
    ("spark", "minor"), [("3.5.6", 9), ("4.0.1", 9), ("4.1.0", 10), ("4.2.0", 12)]
)
def test_a_python_that_is_there_is_taken(system: System, spark: str, minor: int) -> None:
    python(system, "python3", minor)
    script = f"SPARK_VERSION={spark}; require_python; require_python; python_packages"
    packages = system.run(script).split()
    venv, pip = system.asked  # The second time nothing is done.
    assert venv == f"3.{minor} -m venv --clear {system.folder}/own/python"
    assert pip.startswith("-m pip install ")
    assert pip.split()[-len(packages) :] == packages


def test_another_python_beside_that_of_the_system(system: System) -> None:
    """Amazon Linux has 3.9, which PySpark 4.1 is too new for."""
    python(system, "python3", 9)
    python(system, "made", 11)
    programs = system.programs
    system.program(
        "dnf",
        f'echo "$*" >>{system.folder}/asked\n'
        f'[[ "$*" != *python3.11 ]] || {shutil.which("cp")} {programs}/made {programs}/python3.11',
    )
    assert system.run("SPARK_VERSION=4.2.0; require_python") == ""
    install, venv, _ = system.asked
    assert install == "-q -y install python3.11"
    assert venv.startswith("3.11 -m venv ")


def test_no_python_that_is_new_enough(system: System) -> None:
    python(system, "python3", 9)
    system.program("apt-get", f'echo "$*" >>{system.folder}/asked')
    said = system.run("SPARK_VERSION=4.2.0; require_python")
    assert said == "failed there is no Python 3.10 or newer, which Spark 4.2.0 needs\n"
    assert system.asked[-1].endswith(" python3")
