"""What goes wrong, told in one line."""

from __future__ import annotations

__all__ = ["CloudError", "Ec2Error", "OptionError", "SetupError"]


class Ec2Error(Exception):
    """All of ours. ``spark-ec2`` prints the text and exits with status 1."""


class OptionError(Ec2Error):
    """What was asked for cannot be done, found before anything is started: exit status 2."""


class CloudError(Ec2Error):
    """EC2 refused a request. code: its name for why, such as ``InsufficientInstanceCapacity``; empty
    where no answer came."""

    def __init__(self, request: str, code: str, message: str) -> None:
        super().__init__(f"{request}: {message}")
        self.request = request
        self.code = code


class SetupError(Ec2Error):
    """A machine does not become what it should."""
