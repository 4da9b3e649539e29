"""What a machine is to become, as EC2's user data: the scripts of ``ec2/machine`` and its settings.

cloud-init runs them at the first boot, as root; they have themselves run again at every later one.
"""

from __future__ import annotations

import gzip
import re
import shlex
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from pathlib import Path

from sparknet_ec2.errors import OptionError, SetupError

__all__ = ["LIMIT", "Machine", "user_data"]

LIMIT = 16384  # bytes of user data that EC2 takes, before they are written in base64
_SCRIPTS = Path(__file__).resolve().parents[1] / "machine"
_LIBRARY = "/usr/local/lib/sparknet"
_SHA512 = re.compile(r"[0-9a-f]{128}")
# How a file of the user's begins, and what cloud-init calls such a file.
_KINDS = {
    b"#cloud-config": "cloud-config",
    b"#cloud-boothook": "cloud-boothook",
    b"#include": "x-include-url",
    b"#!": "x-shellscript",
    b"## template: jinja": "jinja2",
}


@dataclass(frozen=True)
class Machine:
    """One machine of a cluster.

    role: "master" or "worker". master: the private address of the master, None on itself.
    spark_sha512: of the file at spark_url, 128 hexadecimal digits. secret: that all of the cluster
    authenticate themselves with. swap_mb: 0 for none.
    """

    role: str
    cluster: str
    master: str | None
    spark_version: str
    spark_url: str
    spark_sha512: str
    secret: str
    user: str = "root"
    worker_instances: int = 1
    master_options: str = ""
    swap_mb: int = 1024

    def __post_init__(self) -> None:
        if self.role not in ("master", "worker"):
            raise SetupError(f"{self.role}: a machine is a master or a worker")
        if (self.master is None) != (self.role == "master"):
            raise SetupError("a worker has the address of its master, and a master has none")
        if not _SHA512.fullmatch(self.spark_sha512.lower()):
            raise SetupError(f"{self.spark_sha512!r} is not the SHA-512 of {self.spark_url}")
        if not self.secret or not self.secret.isalnum():
            raise SetupError("the cluster's secret is to be letters and digits")


def user_data(machine: Machine, own: bytes | None = None) -> bytes:
    """User data for cloud-init: a multi-part message, gzip'd.

    own: the file of ``--user-data``, which is a part of its own and comes first. OptionError if it
    is none of the kinds that cloud-init knows, SetupError if all is more than EC2 takes.
    """
    message = EmailMessage(policy.default.clone(linesep="\n", max_line_length=0))
    message.make_mixed(boundary="==sparknet==")
    if own is not None:
        message.attach(_own(own))
    if machine.user == "root":
        # After the user's own, so that this holds: all that follows logs in as root.
        message.attach(_part(b"#cloud-config\ndisable_root: false\n", "cloud-config", "root"))
    message.attach(_part(_script(machine), "x-shellscript", "sparknet"))
    packed = gzip.compress(message.as_bytes(), 9, mtime=0)
    if len(packed) > LIMIT:
        whose = "" if own is None else f", {len(gzip.compress(own, 9))} of them your own file's"
        raise SetupError(f"the user data have {len(packed)} bytes{whose}: EC2 takes {LIMIT}")
    return packed


def _part(content: bytes, kind: str, name: str) -> EmailMessage:
    part = EmailMessage(policy.default.clone(linesep="\n", max_line_length=0))
    part.set_content(content, "text", kind, cte="base64", filename=name)
    return part


def _own(content: bytes) -> EmailMessage:
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError) as error:
            raise OptionError(f"--user-data: {error}") from error
    for start, kind in _KINDS.items():
        if content.startswith(start):
            return _part(content, kind, "own")
    # Several parts already: taken as they are.
    if content[:2000].lower().find(b"content-type: multipart/") >= 0:
        return _part(content, "plain", "own")
    raise OptionError(
        "--user-data: the file begins with none of " + ", ".join(start.decode() for start in _KINDS)
    )


def _settings(machine: Machine) -> str:
    values = {
        "role": machine.role,
        "cluster": machine.cluster,
        "master": machine.master or "",
        "spark_version": machine.spark_version,
        "spark_url": machine.spark_url,
        "spark_sha512": machine.spark_sha512.lower(),
        "secret": machine.secret,
        "user": machine.user,
        "worker_instances": str(machine.worker_instances),
        "master_options": machine.master_options,
        "swap_mb": str(machine.swap_mb),
    }
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def _script(machine: Machine) -> bytes:
    """Puts the scripts and the settings where they stay, and starts."""
    raise NotImplementedError
