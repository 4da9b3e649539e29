"""The user data run in hosts of our own: a master and two workers become a cluster, on which nets
are trained. Only systemd, which these hosts have not, has a stand-in (services.sh)."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import cloud_init
import hosts
import pytest
import small_cluster
from hosts import HOME, Host
from small_cluster import SECRET, Files, cifar_files
from sparknet_ec2 import deploy
from sparknet_ec2.machines import user_data
from sparknet_ec2.remote import Remote, on_all
from sparknet_ec2.submit import Options, submit

WHY_NOT = hosts.missing()
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.xdist_group("ec2_hosts"),
    pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT)),
]

ROOT = Path(__file__).resolve().parents[2]
JAR = f"{HOME}/SparkNet/target/scala-2.10/sparknet-assembly-0.1-SNAPSHOT.jar"
OWN = b"#!/bin/sh\ntouch /var/own-script-ran\nexit 1\n"
TRAINED = re.compile(r"^test accuracy +[\d.]+%$", re.MULTILINE)


class Cluster(NamedTuple):
    remote: Remote
    master: Host
    workers: list[Host]
    stages: dict[str, list[str]]  # by address
    counted: list[int]

    @property
    def hosts(self) -> list[Host]:
        return [self.master, *self.workers]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    made = Files(tmp_path_factory.mktemp("files"))
    yield made
    made.archive.unlink()  # pytest keeps the folders of its last runs.


@pytest.fixture(scope="module")
def cluster(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Launched as the launcher does it, from the moment when machines boot."""
    folder = tmp_path_factory.mktemp("cluster")
    key = small_cluster.key(folder)
    remote = small_cluster.remote(key)
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(hosts.hosts(folder, key, 3))
        url = stack.enter_context(small_cluster.serving(files.folder))
        master, *workers = made
        # Disks of the first worker: two are blank, one has somebody's data.
        for name in ("f", "g", "h"):
            path = folder / f"volume-{name}"
            stack.enter_context(hosts.volume(workers[0], path, f"/dev/xvd{name}"))
        workers[0].ask("mkfs.ext4 -q -L theirs /dev/xvdg && ln -s xvdf /dev/sdf")
        stack.callback(_unmount, workers[0])
        booted = []
        for host in made:
            small_cluster.let_pip_find(host, url)
            swap = 16 if host is workers[0] else 0
            given = small_cluster.machine(
                files, url, None if host is master else master, swap_mb=swap
            )
            data = user_data(given, OWN)
            booted.append(threading.Thread(target=cloud_init.boot, args=(host, data)))
            booted[-1].start()
        stages: dict[str, list[str]] = {host.address: [] for host in made}
        try:
            on_all(stages, lambda host: remote.await_ready(host, 900, stages[host].append, 0.1))
        finally:
            for thread in booted:
                thread.join()
            for host in made:
                print(host.address, host.ask("cat /var/log/sparknet-setup.log", check=False))
        deploy.deploy(remote, master.address, files.version)
        counted: list[int] = []
        deploy.await_workers(remote, master.address, 2, counted.append)
        yield Cluster(remote, master, workers, stages, counted)


def _unmount(host: Host) -> None:
    """A disk that is in use cannot be taken away."""
    host.ask(
        "swapoff /mnt/spark.swap; pkill -f 'org[.]apache.spark'; sleep 1; umount -l /mnt /mnt2",
        check=False,
    )


@pytest.fixture(scope="module")
def home(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """SPARKNET_HOME on the master, with small files in place of CIFAR-10."""
    folder = tmp_path_factory.mktemp("small")
    cifar_files.write(folder, records=200)
    place = deploy.home(cluster.remote, cluster.master.address)
    cluster.remote.copy(
        cluster.master.address, sorted(folder.iterdir()), f"{place}/caffe/data/cifar10/"
    )
    return place


def until(done: Callable[[], bool], what: str, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"no {what} in {seconds} s"
        time.sleep(0.2)


def workers_of(cluster: Cluster) -> set[str]:
    page = cluster.master.ask(f"curl -fsS http://{cluster.master.address}:8080/json/")
    return {each["host"] for each in json.loads(page)["workers"] if each["state"] == "ALIVE"}


def test_all_stages_are_told_and_all_workers_counted(cluster: Cluster) -> None:
    for stages in cluster.stages.values():
        assert stages[0] == "ssh"
        assert stages[-1] == "ready"
        assert {"spark", "python"} <= set(stages)
    assert cluster.counted[-1] == 2
    assert workers_of(cluster) == {host.address for host in cluster.workers}


def test_the_users_own_script_ran_first_and_its_failure_ends_nothing(cluster: Cluster) -> None:
    for host in cluster.hosts:
        order = host.ask("stat -c %Y /var/own-script-ran /etc/sparknet/settings").split()
        assert int(order[0]) <= int(order[1])


def test_disks_are_mounted_and_no_data_are_lost(cluster: Cluster) -> None:
    host = cluster.workers[0]
    mounts = {line.split()[1]: line.split() for line in host.ask("cat /proc/mounts").splitlines()}
    assert mounts["/mnt"][2] == mounts["/mnt2"][2] == "ext4"
    assert "noatime" in mounts["/mnt"][3]
    assert host.ask("blkid -p -s LABEL -o value /dev/xvdg").strip() == "theirs"
    assert "/dev/xvdg" not in host.ask("cat /proc/mounts")
    found = host.ask("grep SPARK_LOCAL_DIRS /opt/spark/conf/spark-env.sh")
    assert found == "export SPARK_LOCAL_DIRS=/mnt/spark,/mnt2/spark\n"
    assert host.ask("stat -c '%a %U' /mnt/spark /mnt2/spark") == "700 root\n700 root\n"
    # Without a disk the folder is there all the same.
    assert cluster.workers[1].ask("stat -c '%a %U' /mnt/spark") == "700 root\n"


def test_hosts_know_their_own_names(cluster: Cluster) -> None:
    """DNS does not: there is none."""
    for host in cluster.hosts:
        assert host.ask("getent hosts $(uname -n)").split()[0] == host.address
        assert host.ask("grep -c $(uname -n) /etc/hosts") == "1\n"


def test_swap(cluster: Cluster) -> None:
    swaps = cluster.workers[0].ask("cat /proc/swaps; stat -c %s /mnt/spark.swap")
    assert re.search(r"spark\.swap +file\s+163\d\d", swaps)
    assert swaps.endswith(f"{16 << 20}\n")


def test_the_secret_is_roots_alone(cluster: Cluster) -> None:
    for host in cluster.hosts:
        # cloud-init keeps the user data, too.
        places = f"/etc /opt/spark/conf /run /usr/local /var/lib /var/log {HOME}"
        found = host.ask(f"grep -rl {SECRET} {places}").split()
        assert {"/etc/sparknet/settings", "/opt/spark/conf/spark-defaults.conf"} <= set(found)
        modes = host.ask(f"stat -c '%a %U' {' '.join(found)}").splitlines()
        assert set(modes) <= {"600 root", "700 root"}
        other = f"setpriv --reuid 65534 --clear-groups cat {' '.join(found)}"
        assert SECRET not in host.ask(other, check=False)
        assert SECRET not in host.ask("ps axww -o args")


def test_units_are_those_of_systemd(cluster: Cluster) -> None:
    wanted = {"sparknet-setup", "sparknet-master", "sparknet-history", "sparknet-worker-1"}
    seen = set()
    for host in cluster.hosts:
        units = host.ask("ls /etc/systemd/system/sparknet-*.service").split()
        seen |= {Path(unit).stem for unit in units}
        if host.ask("command -v systemd-analyze", check=False):
            said = host.ask(f"systemd-analyze verify {' '.join(units)} 2>&1")
            assert "sparknet" not in said
    assert seen == wanted


def test_a_second_run_changes_nothing(cluster: Cluster) -> None:
    settings = ["/opt/spark/conf/spark-defaults.conf", "/opt/spark/conf/spark-env.sh"]
    seen = f"pgrep -f 'org[.]apache.spark.deploy'; cat {' '.join(settings)} /proc/mounts"
    before = []
    for host in cluster.hosts:
        host.ask("touch -d '-1 second' /run/before; touch -d '-1 hour' /mnt/spark/kept")
        before.append(host.ask(seen))
    on_all([host.address for host in cluster.hosts], cluster.remote.set_up_again)
    for host, earlier in zip(cluster.hosts, before):
        assert host.ask("cat /run/sparknet/status") == "ready\n"
        assert host.ask(seen) == earlier
        folders = "/opt/spark /opt/sparknet /mnt"
        written = host.ask(f"find {folders} -type f -newer /run/before").split()
        assert sorted(written) == settings
        assert host.ask("ls /mnt/spark/kept")


@pytest.mark.parametrize(
    "given",
    [
        ["spark.authenticate=false", "spark.network.crypto.enabled=false"],
        ["spark.authenticate.secret=another"],
    ],
    ids=["none", "another"],
)
def test_without_the_secret_nobody_is_let_in(cluster: Cluster, given: list[str]) -> None:
    settings = [word for setting in given for word in ("--conf", setting)]
    program = subprocess.Popen(
        cluster.master.inside(
            "spark-submit", *settings,
            "--conf", "spark.eventLog.enabled=false",
            "--class", "apps.CifarApp", JAR, "1", "1",
        ),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert program.stdout is not None
        said = ""
        for line in program.stdout:
            said += line
            if "Failed to connect to master" in line:
                break
            assert "Connected to Spark cluster" not in line
        assert "Failed to connect to master" in said, said
    finally:
        program.kill()
        program.wait()
        cluster.master.ask("pkill -f CifarApp", check=False)


def test_python_trains_on_both_workers(
    cluster: Cluster, home: str, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--workers", "2", "--batch-size", "20", "--tau", "5", "--epochs", "0.6"]
    master = cluster.master.address
    app = str(ROOT / "python/apps/cifar.py")
    status = submit(cluster.remote, master, app, arguments, Options(workers=2))
    said = capfd.readouterr()
    assert status == 0, said.out + said.err
    assert "1,000 images to train on, 200 to test on" in said.out
    assert TRAINED.search(said.out)
    for host in cluster.workers:
        assert host.ask("ls -d /mnt/spark/work/app-*/*/stderr")
    # What the program left is where it ran; what was brought for it is gone.
    assert cluster.master.ask(f"ls {HOME}/*.caffemodel")
    assert "submitted" not in cluster.master.ask(f"ls -A {HOME}")
    # Its events are with the history server.
    history = f"curl -fsS http://{master}:18080/api/v1/applications"
    until(lambda: "cifar10_quick" in cluster.master.ask(history), "page of what has run")
    assert SECRET not in cluster.master.ask("cat /var/lib/sparknet/events/*")


def test_the_readmes_line_works_as_it_stands(cluster: Cluster, home: str) -> None:
    assert home == f"{HOME}/SparkNet"
    assert "no arguments" in cluster.master.ask(
        f"{home}/caffe/data/cifar10/get_cifar10.sh now 2>&1", check=False
    )
    assert cluster.remote.run(cluster.master.address, "echo $SPARKNET_HOME").strip() == home
    cluster.remote.run(cluster.master.address, f"spark-submit --class apps.CifarApp {JAR} 2 2")
    log = cluster.master.ask(f"cat {HOME}/training_log*.txt")
    assert "i = 1" in log


def test_an_exit_status_comes_back(cluster: Cluster, tmp_path: Path) -> None:
    program = tmp_path / "fails.py"
    program.write_text("import sys\nprint('about to fail', flush=True)\nsys.exit(1)\n")
    assert submit(cluster.remote, cluster.master.address, str(program), [], Options()) == 1


def test_ctrl_c_ends_the_program_there(cluster: Cluster, tmp_path: Path) -> None:
    program = tmp_path / "waits_long.py"
    program.write_text("import time\nprint('waiting', flush=True)\ntime.sleep(1000)\n")
    known = cluster.remote.known_hosts
    ours = tmp_path / "ours.py"
    ours.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from sparknet_ec2.remote import Remote\n"
        "from sparknet_ec2.submit import Options, submit\n"
        f"remote = Remote('root', Path({str(known.with_name('key'))!r}), Path({str(known)!r}))\n"
        f"sys.exit(submit(remote, {cluster.master.address!r}, {str(program)!r}, [], Options()))\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(ours)], stdout=subprocess.PIPE, text=True,
        env={"PYTHONPATH": str(ROOT / "ec2"), "PATH": hosts.PLAIN["PATH"]},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        assert cluster.master.processes("waits_long[.]py")
        process.send_signal(2)
        assert process.wait(120) != 0
        until(lambda: not cluster.master.processes("waits_long[.]py"), "end of the program", 60)
    finally:
        process.kill()
        process.wait()


def test_credentials_are_in_a_file_of_roots(cluster: Cluster, tmp_path: Path) -> None:
    master = cluster.master
    deploy.copy_credentials(cluster.remote, master.address, "AKIATEST", "se'cret key", "a token")
    assert master.ask("stat -c '%a %U' /etc/sparknet/credentials") == "600 root\n"
    found = master.ask("grep -rl AKIATEST /etc /opt /var /root /usr/local /run", check=False)
    assert found.split() == ["/etc/sparknet/credentials"]
    for worker in cluster.workers:
        assert not worker.ask("ls /etc/sparknet/credentials", check=False)
    program = tmp_path / "keys.py"
    program.write_text(
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.config('spark.eventLog.enabled', 'true').getOrCreate()\n"
        "hadoop = spark.sparkContext._jsc.hadoopConfiguration()\n"
        "names = ('access.key', 'secret.key', 'session.token')\n"
        "open('keys', 'w').write('|'.join(hadoop.get('fs.s3a.' + n) for n in names))\n"
    )
    assert submit(cluster.remote, master.address, str(program), [], Options()) == 0
    assert master.ask(f"cat {HOME}/keys") == "AKIATEST|se'cret key|a token"


def test_a_folder_is_laid_over_the_root(cluster: Cluster, tmp_path: Path) -> None:
    folder = tmp_path / "laid"
    (folder / "etc/of-mine").mkdir(parents=True)
    (folder / "etc").chmod(0o700)
    (folder / "lib").mkdir()
    (folder / "lib/of-mine").write_text("mine")
    (folder / "etc/of-mine/file").write_text("mine")
    address = cluster.master.address
    deploy.deploy_root(cluster.remote, address, f"{folder}/")
    assert cluster.master.ask("cat /etc/of-mine/file /usr/lib/of-mine") == "minemine"
    # What was there is as it was.
    assert cluster.master.ask("stat -c %a /etc; readlink /lib") == "755\nusr/lib\n"
    deploy.deploy_root(cluster.remote, address, str(folder))
    assert cluster.master.ask("cat /laid/etc/of-mine/file") == "mine"


def test_services_come_back_with_the_machine(cluster: Cluster) -> None:
    for host in cluster.hosts:
        host.ask(
            "pkill -KILL -f 'org[.]apache.spark'; rm -r /run/sparknet; umount /mnt2", check=False
        )
    until(
        lambda: not any(host.processes("org.apache.spark.deploy") for host in cluster.hosts),
        "end of all daemons",
    )
    for host in cluster.hosts:
        # What systemd starts at a boot.
        unit = host.ask("cat /etc/systemd/system/sparknet-setup.service")
        command = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)
        assert command
        host.ask(f"SPARKNET_SERVICES=/run/services.sh {command[1]}")
    told: list[int] = []
    deploy.await_workers(cluster.remote, cluster.master.address, 2, told.append)
    assert told[-1] == 2
    assert "/mnt2" in cluster.workers[0].ask("cat /proc/mounts")
