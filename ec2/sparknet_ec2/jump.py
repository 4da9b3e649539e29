"""A machine by which those are reached that have no public address: ssh goes through it."""

from __future__ import annotations

import atexit
import contextlib
import shlex
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

from sparknet_ec2.errors import RemoteError, no_program, said_last
from sparknet_ec2.values import Place

__all__ = ["Jump", "worded"]

_IDLE = 60  # seconds after which a connection ends that nobody uses, should we be killed


def worded(options: Mapping[str, str]) -> list[str]:
    """Options of ssh's as words of its command line. A blank or a % in a file's name means
    something to ssh, unless it is told."""
    return [
        part
        for name, value in options.items()
        for part in ("-o", f'{name}="{value.replace("%", "%%")}"')
    ]


class Jump:
    """One connection to that machine, which all others share: sshd refuses many at once.

    key: tried beside those that the user's ssh has for it; known_hosts: where its host key is kept
    when it is first seen, unless the user's ssh knows it.
    """

    def __init__(self, place: Place, key: Path | None, known_hosts: Path) -> None:
        self._place = place
        own = '"{}" "~/.ssh/known_hosts"'.format(str(known_hosts).replace("%", "%%"))
        options = {"ConnectTimeout": "10", "ServerAliveInterval": "15", "LogLevel": "ERROR"}
        if key is not None:
            options["IdentityFile"] = str(key)
        self._options = [
            *("-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=accept-new"),
            *("-o", f"UserKnownHostsFile={own}"),
            *worded(options),
            *(() if place.port is None else ("-p", str(place.port))),
        ]
        self._lock = threading.Lock()
        self._socket: Path | None = None  # of the connection

    def options(self) -> list[str]:
        """What has ssh and scp go through it. RemoteError if it is not reached."""
        with self._lock:
            if self._socket is None:
                # A socket's path is short.
                folder = tempfile.mkdtemp(prefix="sparknet-")
                self._socket = Path(folder, "jump")
                atexit.register(self._close)
            if not self._socket.exists():
                self._open()
        # ssh puts the machine's address in place of %h, and its port in place of %p.
        through = shlex.join(self._ssh()).replace("%", "%%")
        return ["-o", f"ProxyCommand={through} -W '[%h]:%p'"]

    def _ssh(self, *words: str) -> list[str]:
        shared = ["-o", f"ControlPath={self._socket}"]
        return ["ssh", *shared, *self._options, *words, self._place.host_and_user]

    def _open(self) -> None:
        keeping = ["-f", "-N", "-M", "-o", f"ControlPersist={_IDLE}"]
        # What stays in the background would keep a pipe open.
        with tempfile.TemporaryFile() as said:
            try:
                done = subprocess.run(
                    self._ssh(*keeping),
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    check=False,
                )
            except FileNotFoundError as error:
                raise no_program("ssh") from error
            if done.returncode != 0:
                said.seek(0)
                raise RemoteError(f"--proxy-jump {self._place}", said_last(said.read()))

    def _close(self) -> None:
        assert self._socket is not None
        if self._socket.exists():
            with contextlib.suppress(OSError):
                subprocess.run(self._ssh("-O", "exit"), capture_output=True, check=False)
        shutil.rmtree(self._socket.parent, ignore_errors=True)
