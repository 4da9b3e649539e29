"""Which disks a machine takes for Spark, and where they are mounted; on a host of our own."""

from __future__ import annotations

import base64
import contextlib
import struct
from collections.abc import Iterator
from pathlib import Path

import hosts
import pytest
import small_cluster
from hosts import Host

WHY_NOT = hosts.missing()
pytestmark = [
    pytest.mark.boundary,
    pytest.mark.xdist_group("ec2_hosts"),
    pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT)),
]

SCRIPTS = Path(__file__).resolve().parents[2] / "ec2/machine"
# A table of one partition, of Linux's kind, from sector 2048 on.
TABLE = bytes(446) + struct.pack("<4xB3x2I", 0x83, 2048, 20480) + bytes(48) + b"\x55\xaa"
NAMES = ("/dev/xvdf", "/dev/xvdg", "/dev/nvme1n1")


class Disks:
    """A host with blank disks of these names."""

    def __init__(self, host: Host) -> None:
        self.host = host
        for name in ("status.sh", "volumes.sh"):
            host.give(f"/run/scripts/{name}", (SCRIPTS / name).read_bytes())

    def mount(self) -> str:
        """What the set-up says of it."""
        return self.host.ask(
            "set -euo pipefail; mkdir -p /run/sparknet; cd /run/scripts"
            "; source ./status.sh; source ./volumes.sh; mount_volumes; local_folders"
        )

    def places(self) -> dict[str, str]:
        """Where each disk is mounted."""
        mounts = [line.split() for line in self.host.ask("cat /proc/mounts").splitlines()]
        return {source: target for source, target, *_ in mounts if target.startswith("/mnt")}


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[Disks]:
    with contextlib.ExitStack() as stack:
        (host,) = stack.enter_context(hosts.hosts(tmp_path, small_cluster.key(tmp_path), 1, 20))
        for name in NAMES:
            path = tmp_path / Path(name).name
            stack.enter_context(hosts.volume(host, path, name, "20M"))
        stack.callback(host.ask, "umount /mnt /mnt2 /mnt3", check=False)
        yield Disks(host)


def test_blank_disks_have_places_in_order(disks: Disks) -> None:
    assert disks.mount().splitlines()[-1] == "/mnt/spark,/mnt2/spark,/mnt3/spark"
    assert disks.places() == {
        "/dev/nvme1n1": "/mnt",
        "/dev/xvdf": "/mnt2",
        "/dev/xvdg": "/mnt3",
    }


def test_disks_keep_their_places_and_data_whatever_they_are_called(disks: Disks) -> None:
    disks.mount()
    disks.host.ask("echo data >/mnt2/spark/kept; umount /mnt /mnt2 /mnt3")
    disks.host.ask("mv /dev/xvdf /dev/aside; mv /dev/nvme1n1 /dev/xvdf; mv /dev/aside /dev/sdz")
    disks.mount()
    assert disks.places() == {"/dev/xvdf": "/mnt", "/dev/sdz": "/mnt2", "/dev/xvdg": "/mnt3"}
    assert disks.host.ask("cat /mnt2/spark/kept") == "data\n"


def test_a_disk_that_is_lost_and_one_that_is_new(disks: Disks) -> None:
    """A disk of the machine's own is blank after a stop."""
    disks.mount()
    disks.host.ask("umount /mnt /mnt2 /mnt3; dd if=/dev/zero of=/dev/nvme1n1 bs=1M count=20")
    disks.mount()
    assert disks.places()["/dev/nvme1n1"] == "/mnt"
    assert disks.places()["/dev/xvdf"] == "/mnt2"


def test_a_disk_is_taken_once_whatever_links_to_it(disks: Disks) -> None:
    disks.host.ask("ln -s nvme1n1 /dev/sdf; ln -s nvme1n1 /dev/xvda")
    disks.mount()
    assert len(disks.places()) == 3


@pytest.mark.parametrize(
    "made",
    [
        "mkfs.ext4 -q /dev/xvdf",
        "mkswap /dev/xvdf",
        f"echo {base64.b64encode(TABLE).decode()} | base64 -d >/dev/xvdf",
    ],
    ids=["file system", "swap", "partitions"],
)
def test_what_has_something_on_it_is_left_alone(disks: Disks, made: str) -> None:
    disks.host.ask(made)
    before = disks.host.ask("sha512sum </dev/xvdf")
    assert "/dev/xvdf has something on it and is left alone" in disks.mount()
    assert sorted(disks.places()) == ["/dev/nvme1n1", "/dev/xvdg"]
    assert disks.host.ask("sha512sum </dev/xvdf") == before


def test_a_place_that_the_image_has_taken(disks: Disks) -> None:
    disks.host.ask("mount -t tmpfs tmpfs /mnt")
    disks.mount()
    assert disks.places()["/dev/nvme1n1"] == "/mnt2"
    assert disks.host.ask("stat -c %a /mnt/spark") == "700\n"


def test_without_a_disk_the_folder_is_there(disks: Disks) -> None:
    disks.host.ask("rm /dev/xvd? /dev/nvme1n1")
    assert disks.mount() == "/mnt/spark\n"
    assert disks.host.ask("stat -c %a /mnt/spark") == "700\n"
