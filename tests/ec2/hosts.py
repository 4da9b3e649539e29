"""Hosts of the tests' own: overlays of this machine's root, in namespaces joined by a bridge.

All that there is of a host hangs on processes: when they end, or the tests are killed, the kernel
takes its mounts, its network and its programs down.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Others may test on this machine, too.
NETWORK = f"10.{208 + os.getpid() % 40}.{os.getpid() // 40 % 250}"
GATEWAY = f"{NETWORK}.1"  # this machine, as hosts see it
HOME = "/root"  # of who logs in
PATIENCE = 60.0
# The environment of a login on a plain machine.
PLAIN = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
_PROGRAMS = ("ip", "unshare", "nsenter", "setpriv", "losetup", "mkfs.ext4", "sshd", "ssh-keygen")


def missing() -> str | None:
    """Why there can be no hosts here."""
    if os.geteuid() != 0:
        return "hosts of our own need root"
    gone = [name for name in _PROGRAMS if shutil.which(name) is None]
    if gone:
        return f"hosts of our own need {', '.join(gone)}: build/setup ec2"
    tried = subprocess.run(
        ["unshare", "--mount", "--net", "--pid", "--fork", "true"], capture_output=True, check=False
    )
    return f"no namespaces here: {tried.stderr.decode()}" if tried.returncode else None


def run(*command: str | Path) -> str:
    """A command of the system's, which has to succeed."""
    line = [str(part) for part in command]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(line)}: {done.stderr}"
    return done.stdout


class Host:
    """One of them. ``address``: on the bridge; ``pid``: of its first process."""

    def __init__(self, number: int, pid: int) -> None:
        self.address = f"{NETWORK}.{number + 2}"
        self.pid = pid

    def inside(self, *command: str) -> list[str]:
        """A command that runs in it."""
        variables = [f"{name}={value}" for name, value in PLAIN.items()]
        enter = ["nsenter", "--target", str(self.pid), "--all", "--root"]
        return [*enter, "env", "--chdir=/", "-i", *variables, *command]

    def ask(self, script: str, check: bool = True) -> str:
        """What a shell script in it prints; with check it has to succeed."""
        done = subprocess.run(
            self.inside("bash", "-c", script), capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, f"{script}: {done.stdout}{done.stderr}"
        return done.stdout

    def give(self, path: str, content: bytes, mode: str = "600") -> None:
        """A file in it."""
        script = f"umask 077; mkdir -p {os.path.dirname(path)}; cat >{path}; chmod {mode} {path}"
        subprocess.run(self.inside("bash", "-c", script), input=content, check=True)

    def processes(self, named: str) -> list[str]:
        """The numbers of its processes whose command lines have a word in them."""
        return self.ask(f"pgrep -f -- '{named}'", check=False).split()


@contextlib.contextmanager
def hosts(
    folder: Path, key: Path, number: int, first: int = 0, size: str = "6G"
) -> Iterator[list[Host]]:
    """So many hosts, with an sshd that lets root in by a key. folder: for their disks, of a size
    each, which take what is written to them. first: numbers go on from here, on one bridge."""
    begun: list[subprocess.Popen[bytes]] = []
    cable = f"sn{os.getpid()}"
    try:
        # The bridge has a namespace of its own, and this machine a cable to it.
        switch = _begin(begun, "unshare", "--net", "--fork", "--kill-child", "sleep", "infinity")
        other = ("type", "veth", "peer", "name")
        run("ip", "link", "add", cable, *other, "cable", "netns", str(switch))
        at_switch = ("nsenter", "--target", str(switch), "--net", "ip", "link")
        run(*at_switch, "add", "bridge", "type", "bridge")
        run(*at_switch, "set", "bridge", "up")
        run(*at_switch, "set", "cable", "master", "bridge", "up")
        run("ip", "addr", "add", f"{GATEWAY}/24", "dev", cable)
        run("ip", "link", "set", cable, "up")
        made = []
        for each in range(first, first + number):
            disk = folder / f"disk-{each}"
            with disk.open("wb") as file:
                file.truncate(_bytes(size))
            run("mkfs.ext4", "-q", "-m", "0", "-E", "lazy_itable_init=1", disk)
            pid = _begin(
                begun,
                *("unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--fork"),
                *("--kill-child", sys.executable, str(HERE / "host_root.py"), str(disk)),
            )
            host = Host(each, pid)
            inner = (*other, "eth0", "netns", str(pid))
            run("ip", "link", "add", f"h{each}", "netns", str(switch), *inner)
            run(*at_switch, "set", f"h{each}", "master", "bridge", "up")
            _await(begun[-1], Path(f"/proc/{pid}/root/run/is-root").exists)
            host.ask(
                f"ip addr add {host.address}/24 dev eth0 && ip link set eth0 up"
                f" && ip link set lo up && hostname host-{each}"
            )
            _start_sshd(host, key)
            made.append(host)
        yield made
    finally:
        subprocess.run(["ip", "link", "del", cable], capture_output=True, check=False)
        for process in reversed(begun):
            process.send_signal(signal.SIGKILL)
        for process in begun:
            process.wait()
        with contextlib.suppress(OSError):
            for each in range(first, first + number):
                (folder / f"disk-{each}.mount").rmdir()
                (folder / f"disk-{each}").unlink()


@contextlib.contextmanager
def volume(host: Host, path: Path, name: str, size: str = "200M") -> Iterator[str]:
    """A disk of a host's: a device ``name`` in its /dev, which is a file of this machine."""
    with path.open("wb") as file:
        file.truncate(_bytes(size))
    loop = run("losetup", "--find", "--show", path).strip()
    try:
        device = os.stat(loop).st_rdev
        host.ask(f"mknod {name} b {os.major(device)} {os.minor(device)}")
        yield name
    finally:
        run("losetup", "--detach", loop)  # When nothing has it mounted any more.
        path.unlink()


def _begin(begun: list[subprocess.Popen[bytes]], *command: str) -> int:
    """Starts what ends with the tests; the pid of the process that is forked."""
    process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command])
    begun.append(process)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    _await(process, lambda: bool(children.read_text().split()))
    return int(children.read_text().split()[0])


def _await(process: subprocess.Popen[bytes], done: Callable[[], bool]) -> None:
    """Waits for something that a process is about to do."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert process.poll() is None, f"{process.args!r} ended"
        assert time.monotonic() < end, f"{process.args!r} does nothing"
        time.sleep(0.02)


def _start_sshd(host: Host, key: Path) -> None:
    host.give(f"{HOME}/.ssh/authorized_keys", key.with_suffix(".pub").read_bytes())
    host.give("/run/services.sh", (HERE / "services.sh").read_bytes())
    configuration = (
        "PermitRootLogin prohibit-password\nUsePAM no\nSubsystem sftp internal-sftp\n"
        "HostKey /etc/ssh/test_key\nPidFile none\nMaxStartups 100\n"
        "SetEnv SPARKNET_SERVICES=/run/services.sh\n"
    )
    host.give("/etc/ssh/test_config", configuration.encode())
    host.ask(
        "mkdir -p /run/sshd && rm -f /etc/ssh/test_key*"
        " && ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/test_key"
        " && /usr/sbin/sshd -f /etc/ssh/test_config"
    )


def _bytes(size: str) -> int:
    return int(size[:-1]) << {"M": 20, "G": 30}[size[-1]]


def mounted_loops(path: Path) -> list[str]:
    """Loop devices of this machine that a file is behind."""
    found = json.loads(run("losetup", "--json", "--list") or '{"loopdevices": []}')
    return [each["name"] for each in found["loopdevices"] if each["back-file"] == str(path)]
