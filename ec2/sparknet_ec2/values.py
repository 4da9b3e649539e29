"""How values of options are read. What is wrong with one is a ValueError's text."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

__all__ = [
    "Place",
    "count",
    "file",
    "folder",
    "megabytes",
    "network",
    "one_of",
    "place",
    "positive",
    "price",
    "proxy",
    "setting",
    "spark_version",
    "tags",
    "up_to",
    "url",
]

_UNITS = {"": 1.0, "m": 1.0, "g": 1024.0, "t": 1024.0**2}
_TAG_NAME, _TAG_VALUE = 128, 256  # EC2's limits


def count(text: str) -> int:
    """0 or more."""
    return _whole(text, 0)


def positive(text: str) -> int:
    """1 or more."""
    return _whole(text, 1)


def up_to(most: int) -> Callable[[str], int]:
    """From 1 to a bound."""

    def read(text: str) -> int:
        found = _whole(text, 1)
        if found > most:
            raise ValueError(f"{text} is more than {most}")
        return found

    return read


def _whole(text: str, least: int) -> int:
    if not re.fullmatch(r"-?\d+", text):
        raise ValueError(f"{text!r} is no whole number")
    if int(text) < least:
        raise ValueError(f"{text} is less than {least}")
    return int(text)


def price(text: str) -> float:
    """Dollars."""
    try:
        found = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no price in dollars") from None
    if not 0 < found < float("inf"):
        raise ValueError(f"{text} is no price in dollars")
    return found


def megabytes(text: str) -> str:
    """``1500``, ``1500m`` or ``1.5g``; as Spark takes it."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([mgt]?)b?", text.lower())
    amount = 0.0 if found is None else float(found[1]) * _UNITS[found[2]]
    if amount < 1:
        raise ValueError(f"{text!r} is not like 1500m or 2g")
    return f"{int(amount)}m"


def setting(text: str) -> str:
    """NAME=VALUE."""
    name, sign, _ = text.partition("=")
    if not name or not sign:
        raise ValueError(f"{text!r} is not like spark.name=value")
    return text


def one_of(*allowed: str) -> Callable[[str], str]:
    """One of some words."""

    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"{text!r} is none of {', '.join(allowed)}")
        return text

    return read


def file(text: str) -> Path:
    """A file that is there."""
    path = Path(text).expanduser()
    if not path.is_file():
        raise ValueError(f"there is no file {text}")
    return path


def folder(text: str) -> str:
    """A folder that is there, as it was written: a slash at its end has a meaning."""
    path = Path(text).expanduser()
    if not path.is_dir():
        raise ValueError(f"there is no folder {text}")
    if not path.is_absolute():
        raise ValueError(f"{text} is no absolute path")
    return f"{path}/" if text.endswith("/") else str(path)


def url(text: str) -> str:
    """Of the web, without the slash at its end."""
    if urlsplit(text).scheme not in ("http", "https"):
        raise ValueError(f"{text!r} does not begin with https://")
    return text.rstrip("/")


def network(text: str) -> str:
    """An IPv4 network, such as 192.0.2.0/24, or an address, which is a network of one."""
    try:
        return str(ipaddress.IPv4Network(text))
    except ValueError as wrong:
        raise ValueError(f"{text!r} is no IPv4 network: {wrong}") from None


def proxy(text: str) -> str:
    """A port, or an address and a port."""
    port = text.rpartition(":")[2]
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is neither PORT nor ADDRESS:PORT")
    return text


class Place(NamedTuple):
    """A machine as ssh has it. None: what ssh takes by itself."""

    user: str | None
    host: str
    port: int | None

    @property
    def host_and_user(self) -> str:
        """Without the port."""
        return self.host if self.user is None else f"{self.user}@{self.host}"

    def __str__(self) -> str:
        return self.host_and_user if self.port is None else f"{self.host_and_user}:{self.port}"


def place(text: str) -> Place:
    """host, user@host or user@host:port."""
    found = re.fullmatch(r"(?:(\w[\w.-]*)@)?(\w[\w.-]*)(?::(\d+))?", text, re.ASCII)
    if found is None:
        raise ValueError(f"{text!r} is not like host, user@host or user@host:port")
    port = None if found[3] is None else int(found[3])
    if port is not None and not 0 < port < 65536:
        raise ValueError(f"{text!r}: {port} is no port")
    return Place(found[1], found[2], port)


def spark_version(text: str) -> str:
    """Three numbers."""
    if re.fullmatch(r"[0-9a-f]{7,40}", text) and "." not in text:
        raise ValueError(f"{text} is a commit; Spark is installed from its releases, X.Y.Z")
    if not re.fullmatch(r"\d+\.\d+\.\d+", text):
        raise ValueError(f"{text!r} is no version X.Y.Z")
    return text


def tags(text: str) -> dict[str, str]:
    """name:value,name:value."""
    found = {}
    for pair in filter(None, text.split(",")):
        name, colon, value = pair.strip().partition(":")
        if not colon or not name:
            raise ValueError(f"{pair!r} is not name:value")
        if len(name) > _TAG_NAME or len(value) > _TAG_VALUE:
            raise ValueError(f"{name!r} is longer than EC2's tags may be")
        found[name] = value
    return found
