"""The first process of a host: an overlay of this machine's root becomes its root, then it waits.

usage: host_root.py DISK, in namespaces of its own. What is written goes to DISK.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

# Of what the machine has, a fresh one has none.
HIDDEN = ("root", "tmp")
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9)}


def mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)


def main(disk: str) -> None:
    place = Path(disk + ".mount")
    place.mkdir(exist_ok=True)
    mount("-o", "loop", disk, place)
    for name in ("upper", "work", "root"):
        (place / name).mkdir()
    root = place / "root"
    layers = f"lowerdir=/,upperdir={place}/upper,workdir={place}/work"
    mount("-t", "overlay", "-o", layers, "overlay", root)
    mount("-t", "proc", "proc", root / "proc")
    mount("-t", "sysfs", "-o", "ro", "sysfs", root / "sys")
    for name in HIDDEN:
        (place / f"own-{name}").mkdir(mode=0o1777 if name == "tmp" else 0o755)
        mount("--bind", place / f"own-{name}", root / name)
    (place / "own-tmp").chmod(0o1777)
    for name in ("dev", "run"):
        mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", root / name)
    for name, (major, minor) in DEVICES.items():
        os.mknod(root / "dev" / name, 0o20666, os.makedev(major, minor))
        (root / "dev" / name).chmod(0o666)
    for name, target in {"fd": "fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}.items():
        (root / "dev" / name).symlink_to(f"/proc/self/{target}")
    (root / "dev/ptmx").symlink_to("pts/ptmx")
    for name, kind in {"pts": "devpts", "shm": "tmpfs"}.items():
        (root / "dev" / name).mkdir()
        mount("-t", kind, kind, root / "dev" / name)
    os.chroot(root)
    os.chdir("/")
    Path("/run/is-root").touch()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Those without a parent are none's to wait for.
    while True:
        signal.pause()


if __name__ == "__main__":
    main(sys.argv[1])
