"""What sides in Python print of themselves, as bench_engine does. Needs no torch."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path


def time_steps(run: Callable[[], object], warm_up: int, steps: int) -> list[float]:
    """Milliseconds of each of the steps that come after the first, untimed ones."""
    times = []
    for i in range(warm_up + steps):
        start = time.perf_counter()
        run()
        if i >= warm_up:
            times.append(1000 * (time.perf_counter() - start))
    return times


def peak(status: str) -> float:
    """The most memory that a process had, in MiB, from the text of its /proc/PID/status."""
    found = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
    if found is None:
        raise ValueError("no line 'VmHWM: <KiB> kB'")
    return int(found[1]) / 1024


def report(times: list[float]) -> None:
    """Prints the two lines of a side."""
    print(f"ms_per_step: {statistics.median(times):.3f} {min(times):.3f}")
    print(f"peak_mib: {peak(Path('/proc/self/status').read_text(encoding='utf-8')):.1f}")
