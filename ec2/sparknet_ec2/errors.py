"""What goes wrong, in words for who typed the command."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "CloudError",
    "Ec2Error",
    "MachinesError",
    "OptionError",
    "RemoteError",
    "SetupError",
    "ToldError",
    "no_program",
    "said_last",
]

_SAID = 2000  # bytes of what a program says of its failure that are kept


class Ec2Error(Exception):
    """A failure that is told in one line; ``status`` is the program's exit status."""

    status = 1


class OptionError(Ec2Error):
    """What was asked for cannot be; nothing has been started for it."""

    status = 2


class SetupError(Ec2Error):
    """A machine could not be made ready."""


class RemoteError(Ec2Error):
    """A command on another machine failed, or the machine was not reached.

    address: of the machine; reason: the last line of what it said; code: the command's exit
    status, 255 if ssh itself failed.
    """

    def __init__(self, address: str, reason: str, code: int = 255) -> None:
        super().__init__(f"{address}: {reason}")
        self.address = address
        self.reason = reason
        self.code = code


class MachinesError(Ec2Error):
    """What failed on several machines, by address."""

    def __init__(self, failures: Mapping[str, Exception], number: int) -> None:
        self.failures = dict(failures)
        lines = [
            str(error) if isinstance(error, Ec2Error) else f"{address}: {error!r}"
            for address, error in self.failures.items()
        ]
        head = [] if len(lines) == 1 else [f"{len(lines)} of {number} machines failed:"]
        super().__init__("\n  ".join([*head, *lines]))


class CloudError(Ec2Error):
    """EC2 refused a request. code: its name for why, such as ``InsufficientInstanceCapacity``;
    empty where no answer came."""

    def __init__(self, request: str, code: str, message: str) -> None:
        super().__init__(f"{request}: {message}")
        self.request = request
        self.code = code


class ToldError(Ec2Error):
    """The user has been told already."""


def no_program(name: str) -> SetupError:
    """OpenSSH's client has to be installed."""
    return SetupError(f"there is no {name} on this machine: install OpenSSH's client")


def said_last(*outputs: bytes) -> str:
    """What a program that failed said last, of the first output that has anything."""
    for output in outputs:
        lines = output[-_SAID:].decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        if said:
            return said[-1]
    return "it failed and said nothing"
