"""What of SparkNet and of what it needs is here."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sparknet import jar, sparks, version
from sparknet.errors import SparkNetError

__all__ = ["lines"]

# Of all that a processor can, what matters to a matrix product.
_VECTORS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "sve", "asimd")
_LIMIT = "ONEDNN_MAX_CPU_ISA"


def lines() -> Iterator[str]:
    """A line for each; what is missing says what would bring it."""
    found = {
        "sparknet": version.own() or "a checkout",
        "jar": _or_why(lambda: ", ".join(map(str, jar.paths()))),
        "Python": f"{platform.python_version()}, {sys.executable}",
        "Spark": _spark(),
        **_of_engine(),
        "CPU": _processor(),
    }
    width = max(map(len, found))
    for name, what in found.items():
        yield f"{name.ljust(width)}  {what}"


def _or_why(look: Callable[[], str]) -> str:
    try:
        return look()
    except SparkNetError as error:
        return f"none: {error}"


def _spark() -> str:
    found = sparks.at_hand()
    if found is None:
        return "none: pip install 'sparknet[spark]'"
    return f"{found.version}, Scala {found.scala or 'is not here'}"


def _of_engine() -> dict[str, str]:
    """Of the JVM in this process and the engine in it."""
    from sparknet._jvm.pyjnius import call, classes, system_property

    found: dict[str, Any] = {}

    def ask() -> str:
        engine = classes().engine
        found["Java"] = f"{system_property('java.version')}, {system_property('java.home')}"
        return f"{call(engine, 'version')}, {call(engine, 'defaultThreads')} threads a net"

    engine = _or_why(ask)
    return {"Java": found.get("Java", "none that this process could start"), "engine": engine}


def _processor() -> str:
    """Its name and the instructions that the engine makes use of."""
    fields: dict[str, str] = {}
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            fields.setdefault(name.strip(), value.strip())
    except OSError:
        return platform.machine()
    can = (fields.get("flags") or fields.get("Features") or "").split()
    vectors = " ".join(name for name in _VECTORS if name in can)
    limit = f" ({_LIMIT}={os.environ[_LIMIT]})" if _LIMIT in os.environ else ""
    return f"{fields.get('model name', platform.machine())}; {vectors}{limit}"
