"""Command lines of spark-submit on a master."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sparknet_ec2.errors import OptionError, SetupError
from sparknet_ec2.options import Options
from sparknet_ec2.remote import Remote
from sparknet_ec2.submit import submit
from ssh_stand_in import Machines

pytestmark = pytest.mark.boundary

JARS = "/h/SparkNet/target/a.jar,/h/natives.jar"
# Says where it is and with what, and whether the files are there.
SPARK_SUBMIT = """#!/usr/bin/env python3
import json, os, sys
there = [each for each in ",".join(sys.argv).split(",") if os.path.isfile(each)]
print(json.dumps([os.getcwd(), sys.argv[1:], there[1:]]))
sys.exit(3)
"""


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    return Machines(tmp_path, monkeypatch)


@pytest.fixture
def home(machines: Machines) -> Path:
    """Of who logs in to the master."""
    home = machines.start("m1") / "home/root"
    (home / "SparkNet/target").mkdir(parents=True)
    (home / "SparkNet/target/spark_jars").write_text(JARS)
    machines.program("spark-submit", SPARK_SUBMIT)
    return home


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote("root", None, tmp_path / "known")


def line(
    capfd: pytest.CaptureFixture[str],
    remote: Remote,
    home: Path,
    program: str,
    options: Options,
    *arguments: str,
) -> list[str]:
    """What spark-submit is given; the folder of what was brought is FOLDER."""
    assert submit(remote, "m1", program, arguments, options) == 3
    folder, given, there = json.loads(capfd.readouterr().out)
    assert folder == str(home)
    brought = {Path(each).parent for each in there}
    assert len(brought) <= 1
    for each in brought:
        assert each.parent == home
        assert not each.exists()  # It is gone with the program.
        given = [word.replace(str(each), "FOLDER") for word in given]
    return given


def test_a_python_file(
    capfd: pytest.CaptureFixture[str], remote: Remote, home: Path, tmp_path: Path
) -> None:
    program, module = tmp_path / "my app.py", tmp_path / "module.py"
    program.touch()
    module.touch()
    given = line(
        capfd, remote, home, str(program), Options(py_files=(module,)), "--epochs", "a b", "$HOME"
    )
    assert given == [
        *("--jars", JARS, "--py-files", f"{JARS.split(',')[0]},FOLDER/module.py"),
        *("FOLDER/my app.py", "--epochs", "a b", "$HOME"),
    ]


def test_a_class_of_sparknets(
    capfd: pytest.CaptureFixture[str], remote: Remote, home: Path
) -> None:
    classes, natives = JARS.split(",")
    given = line(capfd, remote, home, "apps.CifarApp", Options(), "5")
    assert given == ["--jars", natives, "--class", "apps.CifarApp", classes, "5"]


def test_a_class_of_ones_own(
    capfd: pytest.CaptureFixture[str], remote: Remote, home: Path, tmp_path: Path
) -> None:
    own, other = tmp_path / "own.jar", tmp_path / "other.jar"
    own.touch()
    other.touch()
    given = line(capfd, remote, home, f"{own}:my.App", Options(jars=(other,)), "5")
    jars = f"{JARS},FOLDER/other.jar"
    assert given == ["--jars", jars, "--class", "my.App", "FOLDER/own.jar", "5"]


def test_size_and_settings(capfd: pytest.CaptureFixture[str], remote: Remote, home: Path) -> None:
    options = Options(
        name="n", workers=5, cores=8, memory="4g", driver_memory="2g", conf=("spark.a=b c",)
    )
    given = line(capfd, remote, home, "apps.CifarApp", options)
    before = given[: given.index("--jars")]
    assert before == [
        *("--total-executor-cores", "40", "--executor-cores", "8"),
        *("--conf", "spark.task.cpus=8", "--name", "n", "--executor-memory", "4g"),
        *("--driver-memory", "2g", "--conf", "spark.a=b c"),
    ]
    given = line(capfd, remote, home, "apps.CifarApp", Options(workers=5))
    assert given[:4] == ["--total-executor-cores", "5", "--executor-cores", "1"]


def test_a_dry_run_prints_the_command(
    machines: Machines,
    capfd: pytest.CaptureFixture[str],
    remote: Remote,
    home: Path,
    tmp_path: Path,
) -> None:
    program = tmp_path / "app.py"
    program.touch()
    options = Options(dry_run=True, workers=2)
    assert submit(remote, "m1", str(program), ["--epochs", "a b"], options) == 0
    classes = JARS.split(",")[0]
    assert capfd.readouterr().out == (
        "m1: spark-submit --total-executor-cores 2 --executor-cores 1 --conf spark.task.cpus=1"
        f" --jars {JARS} --py-files {classes} .submitted/app.py --epochs 'a b'\n"
    )
    assert not any("mktemp" in asked or asked.startswith("scp") for asked in machines.asked)


@pytest.mark.parametrize(
    ("program", "options", "said"),
    [
        ("gone.py", Options(), "gone.py: no such file"),
        ("my.jar", Options(), "my.jar: name a class of it, my.jar:my.App"),
        ("my-app", Options(), "'my-app' is neither a .py file nor a class"),
        ("own.jar:my app", Options(), "'my app' is neither a .py file nor a class"),
        ("gone.jar:my.App", Options(), "gone.jar: no such file"),
        ("my.App", Options(jars=(Path("gone.jar"),)), "gone.jar: no such file"),
        ("app.py", Options(py_files=(Path("gone.py"),)), "gone.py: no such file"),
        ("my.App", Options(py_files=(Path("app.py"),)), "--py-files goes with a Python file"),
        ("app.py", Options(py_files=(Path("other/app.py"),)), "two files are called app.py"),
    ],
)
def test_what_cannot_be_run(
    machines: Machines,
    remote: Remote,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    options: Options,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("app.py", "other/app.py", "own.jar"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    with pytest.raises(OptionError, match=re.escape(said)):
        submit(remote, "m1", program, [], options)
    assert machines.asked == []


def test_a_master_without_sparknet(machines: Machines, remote: Remote) -> None:
    machines.start("m1")
    with pytest.raises(SetupError, match="m1: SparkNet is not there: launch --resume brings it"):
        submit(remote, "m1", "apps.CifarApp", [], Options())
