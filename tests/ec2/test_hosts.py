"""``ec2/spark-ec2`` from its command line: what moto's EC2 is asked to start are hosts of our own.

A master and two workers become a cluster, on which nets are trained. Only systemd, which these
hosts have not, has a stand-in (services.sh)."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import hosts
import pytest
import small_cluster
from aws import REGION, Aws
from booting import Booting
from hosts import HOME, Host
from small_cluster import Files, cifar_files
from sparknet_ec2 import deploy
from sparknet_ec2.machines import secret_of
from sparknet_ec2.remote import Remote, on_all

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


# Of this machine's settings: the launcher is to find jars by itself.
OTHERS = ("AWS_", "SPARKNET_JAR")
# What S3A is given on the cluster.
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIATEST",
    "AWS_SECRET_ACCESS_KEY": "se'cret key",
    "AWS_SESSION_TOKEN": "a-token",
}


class Cluster(NamedTuple):
    """A cluster called sparknet. launched: what its launch said."""

    variables: Mapping[str, str]
    key: Path
    remote: Remote
    master: Host
    workers: list[Host]
    secret: str
    launched: str

    @property
    def hosts(self) -> list[Host]:
        return [self.master, *self.workers]

    @property
    def options(self) -> list[str]:
        return ["-r", REGION, "-i", str(self.key)]

    def type(self, *words: str, given: str = "") -> tuple[int, str, str]:
        """``ec2/spark-ec2 -r REGION -i KEY WORDS``: exit status, output and what it said."""
        done = typed(self.variables, *self.options, *words, given=given)
        return done.returncode, done.stdout, done.stderr


def typed(
    variables: Mapping[str, str], *words: str, given: str = ""
) -> subprocess.CompletedProcess[str]:
    line = [str(ROOT / "ec2/spark-ec2"), *words]
    return subprocess.run(
        line, env=dict(variables), input=given, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    made = Files(tmp_path_factory.mktemp("files"))
    yield made
    made.archive.unlink()  # pytest keeps the folders of its last runs.


@pytest.fixture(scope="module")
def cluster(
    files: Files, server: Aws, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """Launched, and destroyed at the end."""
    folder = tmp_path_factory.mktemp("cluster")
    key = small_cluster.key(folder)
    own = folder / "own.sh"
    own.write_bytes(OWN)
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith(OTHERS)},
        **KEYS,
        "AWS_ENDPOINT_URL": server.endpoint,
        "SPARKNET_PYTHON": sys.executable,
        "XDG_STATE_HOME": str(folder / "state 100%"),
    }
    server.forget()
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
        for host in made:
            small_cluster.let_pip_find(host, url)
        machines = Booting(server, made)
        stack.callback(machines.end)
        done = typed(
            variables,
            *("-r", REGION, "-k", "key", "-i", str(key), "-s", "2", "--swap", "0"),
            *("--spark-version", files.version, "--spark-mirror", url),
            *("--authorized-address", "192.0.2.0/24", "--user-data", str(own)),
            *("--copy-aws-credentials", "launch", "sparknet"),
        )
        for host in made:
            print(host.address, host.ask("cat /var/log/sparknet-setup.log", check=False))
        assert done.returncode == 0, done.stderr
        secret = secret_of(machines.user_data[0])
        remote = small_cluster.remote(key)
        made_cluster = Cluster(variables, key, remote, master, workers, secret, done.stderr)
        yield made_cluster
        status, _, said = made_cluster.type("--assume-yes", "destroy", "sparknet")
        assert (status, server.left()) == (0, []), said


def _unmount(host: Host) -> None:
    """A disk that is in use cannot be taken away."""
    host.ask("pkill -f 'org[.]apache.spark'; sleep 1; umount -l /mnt /mnt2", check=False)


@pytest.fixture(scope="module")
def home(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """SPARKNET_HOME on the master, with small files in place of CIFAR-10."""
    folder = tmp_path_factory.mktemp("small")
    cifar_files.write(folder, records=200)
    place = deploy.home(cluster.remote, cluster.master.address)
    # On all machines, where the master alone has such a folder.
    for host in cluster.workers:
        host.ask(f"mkdir -p {place}/caffe/data/cifar10")
    data = [str(path) for path in sorted(folder.iterdir())]
    status, out, said = cluster.type("copy-file", "sparknet", *data, f"{place}/caffe/data/cifar10/")
    assert (status, out) == (0, ""), said
    return place


def until(done: Callable[[], bool], what: str, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"no {what} in {seconds} s"
        time.sleep(0.2)


def workers_of(cluster: Cluster) -> set[str]:
    page = cluster.master.ask(f"curl -fsS http://{cluster.master.address}:8080/json/")
    return {each["host"] for each in json.loads(page)["workers"] if each["state"] == "ALIVE"}


def test_a_launch_tells_how_far_it_is_and_what_comes_next(cluster: Cluster) -> None:
    for stage, number in (("machines that run", 3), ("machines set up", 3)):
        assert f"{stage:<22} {number}/{number}\n" in cluster.launched
    assert "workers that Spark has 2/2\n" in cluster.launched
    assert workers_of(cluster) == {host.address for host in cluster.workers}
    address = cluster.master.address
    assert f"cluster sparknet: 2 workers; the master is {address}" in cluster.launched
    assert f"http://{address}:8080" in cluster.launched
    # The lines are commands that work.
    login = re.search(r"^log in +(ec2/spark-ec2 .*)$", cluster.launched, re.MULTILINE)
    assert login
    assert login[1].split()[1:] == [*cluster.options, "login", "sparknet"]


def test_what_there_is(cluster: Cluster) -> None:
    assert cluster.type("get-master", "sparknet")[:2] == (0, f"{cluster.master.address}\n")
    status, out, _ = cluster.type("describe", "sparknet")
    assert status == 0
    for host in cluster.hosts:
        role = "master" if host is cluster.master else "worker"
        assert re.search(rf"^{role} .* running .* {host.address} ", out, re.MULTILINE), out


def test_a_shell_on_the_master(cluster: Cluster) -> None:
    status, out, _ = cluster.type("login", "sparknet", given="echo $SPARKNET_HOME; exit 3\n")
    assert (status, out) == (3, f"{HOME}/SparkNet\n")


def test_commands_on_all_machines(cluster: Cluster) -> None:
    status, out, _ = cluster.type("run-command", "sparknet", "--", "uname", "-n")
    names = {host.address: host.ask("uname -n").strip() for host in cluster.hosts}
    assert status == 0
    assert out == "".join(f"{address}:\n  {name}\n" for address, name in names.items())
    status, _, said = cluster.type("run-command", "sparknet", "test -e /mnt2")
    assert status == 1
    assert "2 of 3 machines failed:" in said


def test_the_way_through_another_machine(cluster: Cluster, tmp_path: Path) -> None:
    jump = cluster.workers[1].address
    through = ["--private-ips", "--proxy-jump", f"root@{jump}:22"]
    status, out, said = cluster.type(
        *through, "run-command", "sparknet", "echo ${SSH_CONNECTION%% *}"
    )
    assert status == 0, said
    assert out == "".join(f"{host.address}:\n  {jump}\n" for host in cluster.hosts)
    (tmp_path / "brought").write_text("brought")
    copied = cluster.type(*through, "copy-file", "sparknet", str(tmp_path / "brought"), "/var")
    assert copied == (0, "", "")
    assert {host.ask("cat /var/brought") for host in cluster.hosts} == {"brought"}
    program = tmp_path / "says.py"
    program.write_text("import os\nprint(os.environ['SSH_CONNECTION'])\n")
    status, out, said = cluster.type(*through, "submit", "sparknet", str(program))
    assert (status, out.split()[:1]) == (0, [jump]), said
    until(lambda: not cluster.workers[1].processes("sshd: root"), "end of connections", 60)
    other = ["--proxy-jump", f"nobody@{jump}"]
    status, _, said = cluster.type(*other, "run-command", "sparknet", "true")
    assert status == 1
    assert f"--proxy-jump nobody@{jump}: nobody@{jump}: Permission denied (publickey" in said


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


def test_the_secret_is_roots_alone(cluster: Cluster) -> None:
    for host in cluster.hosts:
        # cloud-init keeps the user data, too.
        places = f"/etc /opt/spark/conf /run /usr/local /var/lib /var/log {HOME}"
        found = host.ask(f"grep -rl {cluster.secret} {places}").split()
        assert {"/etc/sparknet/settings", "/opt/spark/conf/spark-defaults.conf"} <= set(found)
        modes = host.ask(f"stat -c '%a %U' {' '.join(found)}").splitlines()
        assert set(modes) <= {"600 root", "700 root"}
        other = f"setpriv --reuid 65534 --clear-groups cat {' '.join(found)}"
        assert cluster.secret not in host.ask(other, check=False)
        assert cluster.secret not in host.ask("ps axww -o args")


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


def test_python_trains_on_both_workers(cluster: Cluster, home: str) -> None:
    """CIFAR-10's first rounds."""
    arguments = ["--workers", "2", "--batch-size", "20", "--tau", "5", "--epochs", "0.6"]
    app = str(ROOT / "python/apps/cifar.py")
    size = ["--workers", "2", "--cores", "1", "--memory", "700m", "--driver-memory", "600m"]
    size += ["--conf", "spark.ui.enabled=false", "--conf", "spark.eventLog.compress=false"]
    status, out, said = cluster.type(*size, "submit", "sparknet", app, "--", *arguments)
    assert status == 0, out + said
    assert "1,000 images to train on, 200 to test on" in out
    assert TRAINED.search(out)
    for host in cluster.workers:
        assert host.ask("ls -d /mnt/spark/work/app-*/*/stderr")
    # What the program left is where it ran; what was brought for it is gone.
    assert cluster.master.ask(f"ls {HOME}/*.caffemodel")
    assert "submitted" not in cluster.master.ask(f"ls -A {HOME}")
    # Its events are with the history server, and say how it was run.
    history = f"curl -fsS http://{cluster.master.address}:18080/api/v1/applications"
    until(lambda: "cifar10_quick" in cluster.master.ask(history), "page of what has run")
    (run,) = (each for each in json.loads(cluster.master.ask(history)) if "cifar" in each["name"])
    # The server has no page of a program for a moment when it sees that it has ended.
    page = f"{history}/{run['id']}/environment"
    until(
        lambda: "sparkProperties" in cluster.master.ask(page, check=False),
        "page of how it was run",
    )
    told = dict(json.loads(cluster.master.ask(page))["sparkProperties"])
    asked = {"executor.cores": "1", "cores.max": "2", "executor.memory": "700m",
             "driver.memory": "600m", "task.cpus": "1", "ui.enabled": "false"}  # fmt: skip
    assert {name: told.get(f"spark.{name}") for name in asked} == asked
    files = f"find /var/lib/sparknet/events -type f -path '*{run['id']}*'"
    events = cluster.master.ask(f"{files} -exec cat {{}} +")
    assert "SparkListenerApplicationStart" in events
    assert cluster.secret not in events


def test_a_class_trains_on_both_workers(cluster: Cluster, home: str) -> None:
    status, out, said = cluster.type("submit", "sparknet", "apps.CifarApp", "--", "2", "1")
    assert status == 0, out + said
    assert "i = 0" in cluster.master.ask(f"cat {HOME}/training_log*.txt")
    cluster.master.ask(f"rm {HOME}/training_log*.txt")


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
    status, out, _ = cluster.type("submit", "sparknet", str(program))
    assert (status, out) == (1, "about to fail\n")


def test_ctrl_c_ends_the_program_there(cluster: Cluster, tmp_path: Path) -> None:
    program = tmp_path / "waits_long.py"
    program.write_text("import time\nprint('waiting', flush=True)\ntime.sleep(1000)\n")
    line = [str(ROOT / "ec2/spark-ec2"), *cluster.options, "submit", "sparknet", str(program)]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=dict(cluster.variables))
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        assert cluster.master.processes("waits_long[.]py")
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130
        until(lambda: not cluster.master.processes("waits_long[.]py"), "end of the program", 60)
    finally:
        process.kill()
        process.wait()


def test_credentials_are_in_a_file_of_roots(cluster: Cluster) -> None:
    master = cluster.master
    assert master.ask("stat -c '%a %U' /etc/sparknet/credentials") == "600 root\n"
    found = master.ask("grep -rl AKIATEST /etc /opt /var /root /usr/local /run", check=False)
    assert found.split() == ["/etc/sparknet/credentials"]
    for worker in cluster.workers:
        assert not worker.ask("ls /etc/sparknet/credentials", check=False)


def test_a_program_has_its_name_its_module_and_the_keys(cluster: Cluster, tmp_path: Path) -> None:
    module, program = tmp_path / "of_mine.py", tmp_path / "keys.py"
    module.write_text("NAMES = ('access.key', 'secret.key', 'session.token')\n")
    program.write_text(
        "from pyspark import SparkContext\n"
        "from of_mine import NAMES\n"
        "context = SparkContext.getOrCreate()\n"
        "hadoop = context._jsc.hadoopConfiguration()\n"
        "print(context.appName, *(hadoop.get('fs.s3a.' + n) for n in NAMES), sep='|')\n"
    )
    options = ["--name", "a name", "--py-files", str(module)]
    status, out, said = cluster.type(*options, "submit", "sparknet", str(program))
    assert (status, out) == (0, "|".join(["a name", *KEYS.values()]) + "\n"), said


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


def test_services_come_back_with_the_machines(cluster: Cluster) -> None:
    assert cluster.type("--assume-yes", "stop", "sparknet")[0] == 0
    assert not any(host.processes("org.apache.spark.deploy") for host in cluster.hosts)
    status, _, said = cluster.type("--authorized-address", "192.0.2.0/24", "start", "sparknet")
    assert status == 0, said
    assert workers_of(cluster) == {host.address for host in cluster.workers}
    assert "/mnt2" in cluster.workers[0].ask("cat /proc/mounts")
