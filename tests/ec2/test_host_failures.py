"""Set-ups that fail in hosts of our own, and say why; and what is left of hosts at their end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cloud_init
import hosts
import pytest
import small_cluster
from hosts import Host
from sparknet_ec2.errors import SetupError
from sparknet_ec2.machines import Machine, user_data
from sparknet_ec2.remote import Remote

WHY_NOT = hosts.missing()
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.xdist_group("ec2_hosts"),
    pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT)),
]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return small_cluster.key(tmp_path)


@pytest.fixture
def remote(key: Path) -> Remote:
    return small_cluster.remote(key)


@pytest.fixture
def host(tmp_path: Path, key: Path) -> Iterator[Host]:
    with hosts.hosts(tmp_path, key, 1, size="200M") as made:
        yield made[0]


def master(url: str, sha512: str = "0" * 128, **changes: object) -> Machine:
    given = {"spark_url": url, "spark_sha512": sha512, "swap_mb": 0, **changes}
    return Machine("master", "test", None, "3.5.6", secret="s3cr3t", **given)  # type: ignore[arg-type]


def reason(host: Host, remote: Remote, machine: Machine) -> str:
    """Why its set-up failed, as the launcher learns it."""
    assert cloud_init.boot(host, user_data(machine)) == [1]
    with pytest.raises(SetupError) as caught:
        remote.await_ready(host.address, 60, lambda stage: None, 0.1)
    said = str(caught.value)
    assert said.startswith(f"{host.address}: ")
    assert "\n" not in said
    assert "failed: " in host.ask("cat /var/log/sparknet-setup.log", check=False) or "space" in said
    return said.partition(": ")[2]


def test_another_file_than_the_checksum_says(host: Host, remote: Remote, tmp_path: Path) -> None:
    (tmp_path / "spark.tgz").write_bytes(b"something else")
    with small_cluster.serving(tmp_path) as url:
        said = reason(host, remote, master(f"{url}/spark.tgz"))
        # That of sha512sum, which the machine has anyway.
        digest = hosts.run("sha512sum", tmp_path / "spark.tgz").split()[0]
        assert said == (
            f"spark: {url}/spark.tgz has the SHA-512 {digest}, and should have {'0' * 128}"
        )
    # Nothing of it is unpacked or kept.
    assert host.ask("ls -A /opt/spark* 2>/dev/null", check=False) == ""


def test_no_network(host: Host, remote: Remote) -> None:
    said = reason(host, remote, master(f"http://{hosts.GATEWAY}:9/spark.tgz"))
    assert said.startswith(f"spark: fetching http://{hosts.GATEWAY}:9/spark.tgz: curl: (7) ")


def test_no_such_file(host: Host, remote: Remote, tmp_path: Path) -> None:
    with small_cluster.serving(tmp_path) as url:
        said = reason(host, remote, master(f"{url}/spark.tgz"))
    assert "404" in said


def test_a_full_disk(host: Host, remote: Remote, tmp_path: Path) -> None:
    with (tmp_path / "spark.tgz").open("wb") as file:
        file.truncate(300 << 20)
    with small_cluster.serving(tmp_path) as url:
        said = reason(host, remote, master(f"{url}/spark.tgz"))
    assert said.startswith(f"spark: fetching {url}/spark.tgz: curl: (23) ")


def test_swap_for_which_there_is_no_room(host: Host, remote: Remote) -> None:
    said = reason(host, remote, master("http://none/", swap_mb=1000))
    assert re.fullmatch(r"swap: 1000 MB have no room in /mnt, which has 1\d\d MB left", said)
    assert not host.ask("ls /mnt/spark.swap*", check=False)


def test_swap_that_a_failure_comes_after(host: Host, remote: Remote, tmp_path: Path) -> None:
    with hosts.volume(host, tmp_path / "volume", "/dev/xvdf"):
        try:
            assert reason(host, remote, master("http://none/", swap_mb=16)).startswith("spark: ")
            swaps = host.ask("cat /proc/swaps; stat -c %s /mnt/spark.swap")
            assert re.search(r"spark\.swap +file\s+163\d\d", swaps)
            assert swaps.endswith(f"{16 << 20}\n")
        finally:
            host.ask("swapoff /mnt/spark.swap; umount /mnt", check=False)


def test_an_unknown_user(host: Host, remote: Remote) -> None:
    said = reason(host, remote, master("http://none/", user="nobody-here"))
    assert said == "user: there is no user nobody-here on this machine"


def test_nothing_is_left_of_hosts_when_tests_are_killed(tmp_path: Path, key: Path) -> None:
    program = tmp_path / "holds.py"
    program.write_text(
        "import sys, time\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from pathlib import Path\n"
        "import hosts\n"
        f"with hosts.hosts(Path({str(tmp_path)!r}), Path({str(key)!r}), 2, first=100):\n"
        "    print('up', flush=True)\n"
        "    time.sleep(1000)\n"
    )
    process = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    cable = f"sn{process.pid}"
    assert cable in os.listdir("/sys/class/net")
    assert hosts.mounted_loops(tmp_path / "disk-100")
    process.kill()
    process.wait()
    end = time.monotonic() + 30
    while cable in os.listdir("/sys/class/net") or hosts.mounted_loops(tmp_path / "disk-100"):
        assert time.monotonic() < end, "the network or a disk is still there"
        time.sleep(0.1)
