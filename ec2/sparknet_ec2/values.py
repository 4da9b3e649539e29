"""How values of options are read. What is wrong with one is a ValueError's text."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

__all__ = [
    "count",
    "file",
    "folder",
    "network",
    "one_of",
    "positive",
    "price",
    "proxy",
    "spark_version",
    "tags",
    "up_to",
    "url",
]

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
