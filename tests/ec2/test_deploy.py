"""What is brought to a master: SparkNet as in a clone, folders, keys; and waiting for workers."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from sparknet_ec2 import deploy, jars
from sparknet_ec2.errors import OptionError, SetupError
from sparknet_ec2.remote import Remote
from ssh_stand_in import Machines

pytestmark = pytest.mark.boundary

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    return Machines(tmp_path, monkeypatch)


@pytest.fixture
def master(machines: Machines) -> Path:
    """A master's root; its set-up counts how often it runs."""
    root = machines.start("m1")
    for path, text in {
        "usr/local/lib/sparknet/setup": f"#!/bin/sh\necho >>{root}/set-up\n",
        "opt/spark/conf/spark-env.sh": "SPARK_LOCAL_IP=10.0.0.1\n",
        "opt/spark/jars/hadoop-client-api-3.3.4.jar": "",
    }.items():
        (root / path).parent.mkdir(parents=True)
        (root / path).write_text(text)
        (root / path).chmod(0o755)
    return root


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote("root", None, tmp_path / "known")


@pytest.fixture
def brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> jars.Jars:
    """The jars that there are here."""
    folder = tmp_path / "jars"
    folder.mkdir()
    names = ("sparknet-a.jar", "sparknet-0.2.0-natives.jar", "sparknet-s3-0.2.0-hadoop-3.3.4.jar")
    for name in names:
        (folder / name).write_text(name)
    made = jars.Jars(folder / names[0], folder / names[1], "2.12")
    monkeypatch.setattr(jars, "find", lambda version: made)
    return made


def settings(root: Path, name: str) -> str:
    return (root / "etc/sparknet/added" / f"{name}.conf").read_text()


def test_a_home_like_a_clone(master: Path, remote: Remote, brought: jars.Jars) -> None:
    home = master / "home/root/SparkNet"
    old = home / "target/scala-2.12/sparknet-old.jar"
    data = home / "caffe/data/cifar10/test_batch.bin"
    for path in (old, data):
        path.parent.mkdir(parents=True)
        path.touch()
    assert deploy.deploy(remote, "m1", "3.5.6")
    known = home / "target/scala-2.10/sparknet-assembly-0.1-SNAPSHOT.jar"
    assert known.read_text() == "sparknet-a.jar"
    assert not old.exists()
    assert data.exists()  # What has been fetched there stays.
    for name in (
        "caffe/examples/cifar10/cifar10_full_train_test.prototxt",
        "caffe/models/bvlc_reference_caffenet/train_val.prototxt",
        "python/apps/cifar.py",
    ):
        assert (home / name).read_bytes() == (ROOT / name).read_bytes()
    assert os.access(home / "caffe/data/cifar10/get_cifar10.sh", os.X_OK)
    files = {path.suffix for path in home.rglob("*") if path.is_file() and path != data}
    assert files == {".jar", ".prototxt", ".py", ".sh", ""}
    there = (home / "target/spark_jars").read_text().split(",")
    assert [Path(path).read_text() for path in there] == [
        "sparknet-a.jar",
        "sparknet-0.2.0-natives.jar",
        "sparknet-s3-0.2.0-hadoop-3.3.4.jar",
    ]
    # spark-submit of the first one alone finds the others.
    assert settings(master, "jars") == f"spark.jars {','.join(there[1:])}\n"
    assert (master / "set-up").read_text() == "\n"


def test_one_jar_has_all(
    master: Path, remote: Remote, brought: jars.Jars, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = brought._replace(natives=None)
    monkeypatch.setattr(jars, "find", lambda version: alone)
    (master / "opt/spark/jars/hadoop-client-api-3.3.4.jar").unlink()
    assert not deploy.deploy(remote, "m1", "3.5.6")
    there = (master / "home/root/SparkNet/target/spark_jars").read_text()
    assert there.split(",") == [there]
    assert settings(master, "jars") == ""


def test_keys_are_in_no_command_line(master: Path, machines: Machines, remote: Remote) -> None:
    deploy.copy_credentials(remote, "m1", "AKIATEST", "it's secret", "token")
    path = master / "etc/sparknet/credentials"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == (
        "export AWS_ACCESS_KEY_ID=AKIATEST\n"
        "export AWS_SECRET_ACCESS_KEY='it'\"'\"'s secret'\n"
        "export AWS_SESSION_TOKEN=token\n"
    )
    assert "AKIATEST" not in "".join(machines.asked)
    deploy.copy_credentials(remote, "m1", "AKIAOTHER", "secret")
    assert "TOKEN" not in path.read_text()


def test_no_folder_to_lay_over_the_root(remote: Remote, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"--deploy-root-dir .*nowhere: no such folder"):
        deploy.deploy_root(remote, "m1", str(tmp_path / "nowhere"))


def page(master: Path, machines: Machines, *workers: tuple[str, int]) -> None:
    """What the master's page says: each worker's state and memory."""
    found = [{"state": state, "memory": memory} for state, memory in workers]
    (master / "page").write_text(json.dumps({"workers": found}))
    machines.program(
        "curl",
        f'#!/bin/bash\n[[ "${{*: -1}}" == http://10.0.0.1:8080/json/ ]] && cat {master}/page\n',
    )


def test_waits_for_workers(master: Path, machines: Machines, remote: Remote) -> None:
    page(master, machines, ("ALIVE", 9000), ("DEAD", 100))
    told: list[int] = []

    def hear(number: int) -> None:
        told.append(number)
        if number == 1:
            page(master, machines, ("ALIVE", 9000), ("ALIVE", 7001), ("DEAD", 100))

    deploy.await_workers(remote, "m1", 2, hear, 60, 0.01)
    assert told == [1, 2]
    # Half of the smallest one's memory is for heaps.
    assert settings(master, "executors") == "spark.executor.memory 3500m\n"


def test_workers_that_never_come(master: Path, machines: Machines, remote: Remote) -> None:
    page(master, machines, ("ALIVE", 9000))
    with pytest.raises(SetupError, match=r"m1: Spark's master counts 1 of 2 workers after 0 s$"):
        deploy.await_workers(remote, "m1", 2, lambda number: None, 0)
    (master / "page").write_text("<html>")
    with pytest.raises(SetupError, match="counts 0 of 2 workers after 0 s: Expecting value"):
        deploy.await_workers(remote, "m1", 2, lambda number: None, 0)
    machines.program("curl", "#!/bin/sh\necho 'curl: (7) refused' >&2\nexit 7\n")
    with pytest.raises(SetupError, match=r"counts 0 of 2 workers after 0 s: curl: \(7\) refused$"):
        deploy.await_workers(remote, "m1", 2, lambda number: None, 0)
