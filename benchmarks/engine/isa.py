"""The instruction sets that both sides may be held to."""

from __future__ import annotations

import os
import platform
from pathlib import Path

# Variables that bound the instructions of a side: oneDNN's is the engine's, too, and PyTorch brings
# a oneDNN of its own, kernels of its own, and MKL.
BOUNDS: dict[str, dict[str, str]] = {
    "native": {},
    "avx2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    },
}
CHOICES = tuple(BOUNDS)
CPUINFO = Path("/proc/cpuinfo")


def environment(choice: str) -> dict[str, str]:
    """That of a side: ours, with the bounds of this choice and no others."""
    everything = {name for bounds in BOUNDS.values() for name in bounds}
    rest = {name: value for name, value in os.environ.items() if name not in everything}
    return rest | BOUNDS[choice]


def flags() -> set[str]:
    """What the CPU can do, in Linux's words."""
    lines = CPUINFO.read_text(encoding="utf-8").splitlines()
    return {flag for line in lines if line.startswith("flags") for flag in line.split()[2:]}


def cpu(described: str) -> str:
    """The kind of CPU, from the text of /proc/cpuinfo: its name, and its family and model, since
    virtual machines have names that many kinds share."""
    found: dict[str, str] = {}
    for line in described.splitlines():
        name, _, value = line.partition(":")
        found.setdefault(name.strip(), value.strip())
    numbers = [found[name] for name in ("cpu family", "model") if name in found]
    return " ".join([found.get("model name", platform.machine()), ".".join(numbers)]).strip()


def label(choice: str, available: set[str]) -> str:
    """What a choice comes to on a CPU with these flags: the widest set of vector instructions."""
    if choice == "avx2" or "avx512f" not in available:
        return "avx2" if "avx2" in available else "sse"
    return "avx512"
