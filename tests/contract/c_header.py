"""Reads declarations out of ccaffe.h and of its mirror, sparknet/jna/CCaffe.java."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADER = ROOT / "libccaffe" / "ccaffe.h"
MIRROR = ROOT / "src" / "main" / "java" / "sparknet" / "jna" / "CCaffe.java"
STATUS = MIRROR.with_name("Status.java")

Functions = dict[str, tuple[str, list[str]]]


def code(path: Path) -> str:
    """The file without comments."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.DOTALL)


def _types(parameters: str) -> list[str]:
    """`const char* name, int32_t n` -> [`const char*`, `int32_t`]."""
    found = []
    for parameter in parameters.split(","):
        kind = re.sub(r"\s*\w+\s*$", "", " ".join(parameter.split()))
        if kind:
            found.append(kind.replace(" *", "*"))
    return found


def header_functions() -> Functions:
    """Name -> (return type, parameter types), as C says it."""
    pattern = r"(ccaffe_status|const char\*)\s+(ccaffe_\w+)\(([^)]*)\);"
    found = re.findall(pattern, code(HEADER))
    return {name: (result, _types(args)) for result, name, args in found}


def mirror_functions() -> Functions:
    """Name -> (return type, parameter types), as Java says it."""
    found = re.findall(r"(\w+)\s+(ccaffe_\w+)\(([^)]*)\);", code(MIRROR))
    return {name: (result, _types(args)) for result, name, args in found}


def header_constants() -> dict[str, int]:
    """All enumerators: CCAFFE_DATA -> 0."""
    return {n: int(v) for n, v in re.findall(r"(CCAFFE_\w+) = (-?\d+)", code(HEADER))}


def mirror_constants() -> dict[str, int]:
    """The constants of the interface and the status codes, with C's prefix."""
    ints = re.findall(r"int (\w+) = (-?\d+);", code(MIRROR))
    body = re.search(r"enum Status \{([^;]*);", code(STATUS))
    assert body
    statuses = [name.strip() for name in body[1].split(",")]
    return {f"CCAFFE_{n}": int(v) for n, v in ints} | {
        f"CCAFFE_{n}": i for i, n in enumerate(statuses)
    }
