"""Options of programs, from a command line or a file of options to spark-submit's line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aws import KEYS, Aws, Ran, launch, run
from sparknet_ec2.options import specs
from ssh_stand_in import Machines

pytestmark = pytest.mark.boundary

SPARK_SUBMIT = """#!/usr/bin/env python3
import json, sys
print(json.dumps(sys.argv[1:]))
"""
# By option: what is given, the same in a file, and what spark-submit is given.
OPTIONS: dict[str, tuple[list[str], str, list[str]]] = {
    "--workers": (
        ["3"],
        "3",
        ["--total-executor-cores", "3", "--executor-cores", "1", "--conf", "spark.task.cpus=1"],
    ),
    "--cores": (["2"], "2", ["--executor-cores", "2", "--conf", "spark.task.cpus=2"]),
    "--memory": (["1.5g"], '"1.5g"', ["--executor-memory", "1536m"]),
    "--driver-memory": (["700"], "700", ["--driver-memory", "700m"]),
    "--name": (["a name"], '"a name"', ["--name", "a name"]),
    "--jars": (
        ["one.jar", "two.jar"],
        '["one.jar", "two.jar"]',
        ["--jars", "/h/a.jar,FOLDER/one.jar,FOLDER/two.jar"],
    ),
    "--py-files": (["one.py"], '"one.py"', ["--py-files", "/h/a.jar,FOLDER/one.py"]),
    "--conf": (
        ["spark.a=b c", "spark.d=true"],
        '{ "spark.a" = "b c", "spark.d" = true }',
        ["--conf", "spark.a=b c", "--conf", "spark.d=true"],
    ),
}


@pytest.fixture
def master(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    """That of a cluster."""
    machines = Machines(tmp_path, monkeypatch)
    assert launch().status == 0
    address = run("-r", "eu-west-1", "get-master", "sparknet").out.strip()
    home = machines.start(address) / "home/root/SparkNet/target"
    home.mkdir(parents=True)
    (home / "spark_jars").write_text("/h/a.jar")
    machines.program("spark-submit", SPARK_SUBMIT)
    for name in ("app.py", "one.py", "one.jar", "two.jar"):
        Path(name).touch()
    return machines


def submitted(capfd: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """What spark-submit was given; the folder of what was brought is FOLDER."""
    capfd.readouterr()
    done: Ran = run(*KEYS, *words, "submit", "sparknet", "app.py", "--", "--epochs", "1")
    assert (done.status, done.err) == (0, "")
    line: list[str] = json.loads(capfd.readouterr().out)
    folder = line[-3].rpartition("/")[0]
    assert line[-3:] == [f"{folder}/app.py", "--epochs", "1"]
    return [word.replace(folder, "FOLDER") for word in line]


def test_there_are_no_others() -> None:
    assert {spec.names[-1] for spec in specs() if spec.group == "submit"} == set(OPTIONS)


@pytest.mark.usefixtures("master")
def test_each_reaches_spark_submit(capfd: pytest.CaptureFixture[str]) -> None:
    every = []
    for option, (given, _, wanted) in OPTIONS.items():
        words = [word for value in given for word in (option, value)]
        line = submitted(capfd, *words)
        places = range(len(line) - len(wanted) + 1)
        assert any(line[at : at + len(wanted)] == wanted for at in places), (option, line)
        every += words
    lines = [f"{option[2:]} = {in_file}\n" for option, (_, in_file, _) in OPTIONS.items()]
    Path("cluster.toml").write_text("".join(lines))
    assert submitted(capfd, "--config", "cluster.toml") == submitted(capfd, *every)


@pytest.mark.usefixtures("master")
def test_a_file_is_for_all_actions_and_the_command_line_comes_last(
    capfd: pytest.CaptureFixture[str],
) -> None:
    Path("cluster.toml").write_text('slaves = 1\nworkers = 7\n[conf]\n"spark.a" = 1\n')
    config = ["--config", "cluster.toml"]
    assert run(*KEYS, *config, "--resume", "launch", "sparknet").status == 0
    line = submitted(capfd, *config, "--workers", "2", "--conf", "spark.b=2")
    assert line[1] == "2"
    assert "spark.b=2" in line
    assert "spark.a=1" not in line


def test_what_a_dry_run_would_do_on_machines(master: Machines) -> None:
    machines = run("-r", "eu-west-1", "describe", "sparknet").out.splitlines()
    addresses = [line.split()[5] for line in machines if line.startswith(("master", "worker"))]
    done = run(*KEYS, "--dry-run", "run-command", "sparknet", "--", "rm", "-r", "/a b")
    assert done.out == "".join(f"{each}: rm -r '/a b'\n" for each in addresses)
    done = run(*KEYS, "--dry-run", "copy-file", "sparknet", "app.py", "/mnt")
    assert done.out == "".join(f"{each}: app.py to /mnt\n" for each in addresses)
    assert master.asked == []
