"""Other machines by OpenSSH, which has to be installed here."""

from __future__ import annotations

import os
import queue
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, TypeVar

from sparknet_ec2.errors import (
    MachinesError,
    OptionError,
    RemoteError,
    SetupError,
    no_program,
    said_last,
)
from sparknet_ec2.jump import Jump, worded
from sparknet_ec2.values import Place

__all__ = ["Remote", "here", "on_all"]

T = TypeVar("T")

_SET_UP = "/usr/local/lib/sparknet/setup"
# Runs a program for as long as our end holds its standard input open: when that is closed, by
# Ctrl-C, by a lost connection or since we were killed, the program and its children are told to
# end. They have a process group of their own for that (-m), of whose end bash would tell (2>).
_WATCHED = """
set -m
exec 3<&0 4>&2 2>/dev/null
bash -c "$1" </dev/null 2>&4 3<&- 4>&- &
program=$!
{
  cat >/dev/null
  kill -INT -- -$program
  sleep 30
  kill -KILL -- -$program
} <&3 >/dev/null 4>&- &
watcher=$!
disown
set +m
exec 3<&- 4>&-
status=0
wait $program || status=$?
kill -KILL -- -$watcher 2>/dev/null
exit $status
"""
_MOST_THREADS = 100
_thread = threading.local()  # stop: set when nobody waits for it any more


class Remote:
    """How the machines of a cluster are reached.

    user: whom to log in as; key: the private key, None for what ssh takes by itself; known_hosts:
    a file of the cluster's own, where a machine's key is kept when it is first seen; jump: through
    which machine.
    """

    def __init__(
        self,
        user: str,
        key: Path | None,
        known_hosts: Path,
        port: int = 22,
        jump: Place | None = None,
    ) -> None:
        self.user = user
        self.known_hosts = known_hosts
        self._port = port
        options = {
            "StrictHostKeyChecking": "accept-new",
            "UserKnownHostsFile": str(known_hosts),
            "GlobalKnownHostsFile": "/dev/null",
            "ConnectTimeout": "10",
            "ServerAliveInterval": "15",
            "LogLevel": "ERROR",
        }
        if key is not None:
            options.update(IdentityFile=str(key), IdentitiesOnly="yes")
        self._own_options = worded(options)
        self._jump = None if jump is None else Jump(jump, key, known_hosts)

    def reach_jump(self) -> None:
        """RemoteError if there is a machine to go through, and it is not reached."""
        self._options()

    def run(self, address: str, command: str, input: bytes | None = None) -> str:  # noqa: A002 - as subprocess has it
        """Runs a shell command, in a login shell; gives what it wrote to its standard output.

        input: its standard input. RemoteError if it failed or the machine was not reached.
        """
        with tempfile.TemporaryFile() as given:
            given.write(input or b"")
            given.seek(0)
            return self.send(address, command, given)

    def send(self, address: str, command: str, source: IO[bytes]) -> str:
        """The same with a file of this machine, from where it stands, as the standard input."""
        line = self._ssh(address, f"bash -lc {shlex.quote(command)}")
        return _finished(address, line, source).decode(errors="replace")

    def stream(self, address: str, command: str, as_root: bool = False) -> int:
        """Runs a command whose output is ours, as it comes; gives its exit status.

        Ctrl-C ends it there: KeyboardInterrupt is raised when it has ended. A second one does not
        wait for that.
        """
        line = f"bash -lc {shlex.quote(_WATCHED)} sparknet {shlex.quote(command)}"
        if as_root:
            line = self.as_root(line)
        try:
            # The terminal's Ctrl-C is for us alone.
            program = subprocess.Popen(
                self._ssh(address, line), stdin=subprocess.PIPE, start_new_session=True
            )
        except FileNotFoundError as error:
            raise no_program("ssh") from error
        assert program.stdin is not None
        try:
            return program.wait()
        except KeyboardInterrupt:
            program.stdin.close()
            program.wait()
            raise
        finally:
            program.stdin.close()
            if program.poll() is None:  # Whoever asks twice does not want to wait.
                program.kill()
                program.wait()

    def login(self, address: str, proxy: str | None = None) -> int:
        """A shell at this terminal; gives its exit status. proxy: ``[ADDRESS:]PORT`` of a SOCKS
        proxy here."""
        forward = [] if proxy is None else ["-D", proxy]
        line = ["ssh", *self._options(), "-p", str(self._port), *forward, self._at(address)]
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # It is for the shell there.
        try:
            return subprocess.run(
                line, check=False, preexec_fn=lambda: signal.signal(signal.SIGINT, before)
            ).returncode
        except FileNotFoundError as error:
            raise no_program("ssh") from error
        finally:
            signal.signal(signal.SIGINT, before)

    def copy(self, address: str, sources: Sequence[str | Path], target: str) -> None:
        """Copies files and folders of this machine to a path there.

        OptionError if one is not here, RemoteError if it cannot be written there.
        """
        files = here(sources)
        options = ["-r", "-p", "-q", "-o", "BatchMode=yes", *self._options(), "-P", str(self._port)]
        line = ["scp", *options, "--", *files, f"{self._at(address)}:{target}"]
        _finished(address, line, subprocess.DEVNULL)

    def await_ready(
        self, address: str, timeout: float, told: Callable[[str], None], pause: float = 3
    ) -> None:
        """Waits until a machine has set itself up since its last boot.

        told: hears of each new stage, ``ssh`` first and ``ready`` last. SetupError if the set-up
        failed, RemoteError if the time (seconds) is over. pause: seconds between two looks.
        """
        end = time.monotonic() + timeout
        stage, reason = "ssh", "no answer"
        told(stage)
        while True:
            try:
                found = self.run(address, "cat /run/sparknet/status 2>/dev/null || echo boot")
                found = found.strip()
                reason = f"its set-up is still at '{found}'"
                if found.startswith("failed: "):
                    raise SetupError(f"{address}: {found[len('failed: ') :]}")
                if found != stage:
                    stage = found
                    told(stage)
                if stage == "ready":
                    return
            except RemoteError as error:  # Not yet up, or without the key so far.
                reason = error.reason
            if time.monotonic() >= end:
                raise RemoteError(address, f"not ready after {timeout:.0f} s: {reason}")
            _pause(address, pause)

    def set_up_again(self, address: str) -> None:
        """Has a machine run its set-up once more, which does what is not done yet. SetupError with
        the reason if it fails."""
        try:
            self.run(address, self.as_root(_SET_UP))
        except RemoteError as error:
            if error.code == 255:
                raise
            found = self.run(address, "cat /run/sparknet/status").strip()
            raise SetupError(
                f"{address}: {found.partition('failed: ')[2] or error.reason}"
            ) from None

    def forget(self, address: str) -> None:
        """Another machine may have this address from now on."""
        if self.known_hosts.exists():
            name = address if self._port == 22 else f"[{address}]:{self._port}"
            subprocess.run(
                ["ssh-keygen", "-q", "-R", name, "-f", str(self.known_hosts)],
                capture_output=True,
                check=False,
            )

    def as_root(self, command: str) -> str:
        """A command for ``run`` and ``stream`` that root runs, whoever logs in."""
        if self.user == "root":
            return command
        return f"sudo -n bash -lc {shlex.quote(command)}"

    def _ssh(self, address: str, command: str) -> list[str]:
        options = ["-o", "BatchMode=yes", *self._options(), "-p", str(self._port)]
        return ["ssh", *options, self._at(address), command]

    def _options(self) -> list[str]:
        return [*self._own_options, *([] if self._jump is None else self._jump.options())]

    def _at(self, address: str) -> str:
        return f"{self.user}@{address}"


def here(sources: Sequence[str | Path]) -> list[str]:
    """Files of this machine, as scp takes them. OptionError if one is not there."""
    for source in sources:
        if not os.path.exists(source):
            raise OptionError(f"{source}: no such file")
    # A colon in a file's name would make a machine of what is before it.
    return [os.path.abspath(source) for source in sources]


def on_all(addresses: Iterable[str], function: Callable[[str], T]) -> dict[str, T]:
    """Calls a function for each address, in threads; results by address.

    MachinesError, when all have ended, if any failed. Ctrl-C waits for none of them.
    """
    chosen = list(dict.fromkeys(addresses))
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    ended: queue.SimpleQueue[tuple[str, list[T], Exception | None]] = queue.SimpleQueue()
    stop = threading.Event()

    def work() -> None:
        _thread.stop = stop
        while not stop.is_set():
            try:
                address = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                ended.put((address, [function(address)], None))
            except Exception as error:
                ended.put((address, [], error))

    for address in chosen:
        waiting.put(address)
    results: dict[str, T] = {}
    failures: dict[str, Exception] = {}
    try:
        for _ in range(min(len(chosen), _MOST_THREADS)):
            threading.Thread(target=work, daemon=True).start()
        for _ in chosen:
            address, given, error = ended.get()
            if error is not None:
                failures[address] = error
            else:
                results[address] = given[0]
    finally:
        stop.set()
    if failures:
        told = {address: failures[address] for address in chosen if address in failures}
        raise MachinesError(told, len(chosen))
    return {address: results[address] for address in chosen}


def _pause(address: str, seconds: float) -> None:
    """Sleeps, unless nobody waits for this thread any more."""
    stop: threading.Event | None = getattr(_thread, "stop", None)
    if stop is None:
        time.sleep(seconds)
    elif stop.wait(seconds):
        raise RemoteError(address, "interrupted")


def _finished(address: str, line: Sequence[str], source: IO[bytes] | int) -> bytes:
    """What a program of OpenSSH's writes to its standard output. RemoteError if it fails."""
    try:
        done = subprocess.run(line, stdin=source, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise no_program(line[0]) from error
    if done.returncode != 0:
        raise RemoteError(address, said_last(done.stderr, done.stdout), done.returncode)
    return done.stdout
