"""What a machine is to become, as EC2's user data: the scripts of ``ec2/machine`` and its settings.

cloud-init runs them at the first boot, as root; they have themselves run again at every later one.
"""

from __future__ import annotations

import contextlib
import gzip
import re
import shlex
import zlib
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from sparknet_ec2.errors import OptionError, SetupError

__all__ = ["LIMIT", "Machine", "secret_of", "user_data"]

LIMIT = 16384  # bytes of user data that EC2 takes, before they are written in base64
_SCRIPTS = Path(__file__).resolve().parents[1] / "machine"
_LIBRARY = "/usr/local/lib/sparknet"
_SETTINGS = "/etc/sparknet/settings"
_SECRET = re.compile(rb"^SECRET=([A-Za-z0-9]+)$", re.MULTILINE)
_END = "END_OF_SPARKNET_FILE"
_POLICY = policy.default.clone(linesep="\n", max_line_length=76)
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
        if not re.fullmatch(r"[A-Za-z0-9]+", self.secret):
            raise SetupError("the cluster's secret is to be letters and digits")


def user_data(machine: Machine, own: bytes | None = None) -> bytes:
    """User data for cloud-init: a multi-part message, gzip'd.

    own: the file of ``--user-data``, which is a part of its own and comes first. OptionError if it
    is none of the kinds that cloud-init knows, SetupError if all is more than EC2 takes.
    """
    message = EmailMessage(_POLICY)
    # cloud-init looks for it among the first bytes.
    message["MIME-Version"] = "1.0"
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


def secret_of(data: bytes) -> str:
    """The secret in user data that ``user_data`` has made. SetupError if they are others."""
    with contextlib.suppress(OSError, EOFError, zlib.error):
        found = _SECRET.search(gzip.decompress(data))
        if found is not None:
            return found[1].decode()
    raise SetupError("the machine's user data are not of this launcher: its secret is not known")


def _part(content: bytes, kind: str, name: str) -> EmailMessage:
    part = EmailMessage(_POLICY)
    part.set_content(content, "text", kind, cte=_encoding(content), filename=name)
    return part


def _encoding(content: bytes) -> str:
    """As it is where that may be, since gzip makes little of base64."""
    plain = content.isascii() and b"\r" not in content
    return "7bit" if plain and max(map(len, content.split(b"\n"))) < 990 else "base64"


def _own(content: bytes) -> EmailMessage:
    """The user's file as a part. One of several parts already goes in as it is."""
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise OptionError(f"--user-data: the file is no whole gzip file: {error}") from error
    for start, kind in _KINDS.items():
        if content.startswith(start):
            return _part(content, kind, "own")
    parts = message_from_bytes(content, policy=_POLICY)
    if isinstance(parts, EmailMessage) and parts.is_multipart():
        return parts
    known = ", ".join(start.decode() for start in _KINDS)
    raise OptionError(
        f"--user-data: cloud-init would not know what the file is: it begins with none of {known}"
    )


def _settings(machine: Machine) -> str:
    values = {
        "ROLE": machine.role,
        "CLUSTER": machine.cluster,
        "MASTER": machine.master or "",
        "SPARK_VERSION": machine.spark_version,
        "SPARK_URL": machine.spark_url,
        "SPARK_SHA512": machine.spark_sha512.lower(),
        "SECRET": machine.secret,
        "LOGIN_USER": machine.user,
        "WORKER_INSTANCES": str(machine.worker_instances),
        "MASTER_OPTIONS": machine.master_options,
        "SWAP_MB": str(machine.swap_mb),
    }
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def _script(machine: Machine) -> bytes:
    """Puts the scripts and the settings where they stay, and starts."""
    scripts = {path.name: path.read_text(encoding="utf-8") for path in sorted(_SCRIPTS.iterdir())}
    lines = [
        "#!/usr/bin/env bash",
        "set -euo pipefail",
        "umask 077",
        f"mkdir -p {_LIBRARY} /etc/sparknet",
        f"cat >{_SETTINGS} <<'{_END}'\n{_settings(machine)}{_END}",
    ]
    lines += [f"cat >{_LIBRARY}/{name} <<'{_END}'\n{text}{_END}" for name, text in scripts.items()]
    lines += [f"chmod -R a+rX,u+x {_LIBRARY}", f"exec {_LIBRARY}/setup"]
    return ("\n".join(lines) + "\n").encode()
