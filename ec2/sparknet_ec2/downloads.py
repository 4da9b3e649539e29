"""What is asked of the web: Spark's checksum, and from where this machine is seen."""

from __future__ import annotations

import re
import urllib.error
import urllib.request

from sparknet_ec2.errors import OptionError

__all__ = ["archive", "own_address", "sha512"]

_SECONDS = 30
_OWN_ADDRESS = "https://checkip.amazonaws.com"


def archive(mirror: str, version: str) -> str:
    """The URL of a Spark."""
    return f"{mirror}/spark-{version}/spark-{version}-bin-hadoop3.tgz"


def sha512(mirror: str, version: str) -> str:
    """What is published for that archive, in hexadecimal digits."""
    url = f"{archive(mirror, version)}.sha512"
    try:
        content = _read(url)
    except (OSError, ValueError) as failure:
        if isinstance(failure, urllib.error.HTTPError) and failure.code == 404:
            raise OptionError(f"--spark-version {version}: {mirror} has no such Spark") from None
        raise OptionError(f"{url}: {failure}; --spark-mirror names another place") from None
    # Older files have the name first, and digits in groups over several lines.
    digits = re.sub(r"\s", "", re.sub(r"\S*\.tgz:?", " ", content)).lower()
    if not re.fullmatch(r"[0-9a-f]{128}", digits):
        raise OptionError(f"{url} holds no SHA-512")
    return digits


def own_address() -> str:
    """This machine's, as Amazon sees it, as a network of one."""
    try:
        found = _read(_OWN_ADDRESS).strip()
    except (OSError, ValueError) as failure:
        raise OptionError(
            f"{_OWN_ADDRESS}: {failure}; --authorized-address says who may reach the cluster"
        ) from None
    return f"{found}/32"


def _read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
        content: bytes = answer.read(100_000)
    return content.decode("ascii")
