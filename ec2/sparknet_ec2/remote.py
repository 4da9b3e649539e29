"""Other machines by OpenSSH, which has to be installed here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class Remote:
    """How the machines of a cluster are reached.

    user: whom to log in as; key: the private key, None for what ssh takes by itself; known_hosts:
    a file of the cluster's own, where a machine's key is kept when it is first seen.
    """

    def __init__(self, user: str, key: Path | None, known_hosts: Path, port: int = 22) -> None:
        pass

    def run(self, address: str, command: str, input: bytes | None = None) -> str:
        """Runs a shell command, in a login shell; gives what it wrote to its standard output.

        RemoteError if it failed or the machine was not reached.
        """
        raise NotImplementedError

    def stream(self, address: str, command: str) -> int:
        """Runs a command whose output is ours, as it comes; gives its exit status.

        Ctrl-C ends it there: KeyboardInterrupt is raised when it has ended.
        """
        raise NotImplementedError

    def login(self, address: str, proxy: str | None = None) -> int:
        """A shell at this terminal. proxy: ``[ADDRESS:]PORT`` of a SOCKS proxy here."""
        raise NotImplementedError

    def copy(self, address: str, sources: Sequence[str | Path], target: str) -> None:
        """Copies files and folders of this machine to a path there."""
        raise NotImplementedError

    def await_ready(
        self, address: str, timeout: float, told: Callable[[str], None], pause: float = 3
    ) -> None:
        """Waits until a machine has set itself up since its last boot.

        told: hears of each new stage, ``ssh`` first. SetupError if the set-up failed, RemoteError if
        the time (seconds) is over.
        """
        raise NotImplementedError

    def set_up_again(self, address: str) -> None:
        """Has a machine run its set-up once more, which does what is not done yet."""
        raise NotImplementedError


def on_all(addresses: Iterable[str], function: Callable[[str], T]) -> dict[str, T]:
    """Calls a function for each address, in threads; results by address.

    RemoteErrors, when all have ended, if any failed.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(32) as threads:
        return dict(zip(addresses, threads.map(function, addresses)))
