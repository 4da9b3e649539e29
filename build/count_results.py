"""Sums JUnit reports: prints `passed failed skipped`, and on stderr what failed or was skipped.

Usage: count_results.py FILE_OR_FOLDER...
"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path


def cases(paths: list[Path]) -> Iterator[ElementTree.Element]:
    """All test cases of the reports, those in folders included."""
    for path in paths:
        for report in sorted(path.rglob("*.xml")) if path.is_dir() else [path]:
            yield from ElementTree.parse(report).iter("testcase")


def reason(case: ElementTree.Element, outcome: ElementTree.Element | None) -> str:
    """What a <failure> or <skipped> says, as one line; ctest leaves it in GoogleTest's output."""
    told = "" if outcome is None else outcome.get("message") or outcome.text or ""
    output = case.findtext("system-out", "")
    google_test = re.search(r": (?:Skipped|Failure)\n(.+)", output)
    if google_test:
        told = google_test.group(1)
    return next((line.strip() for line in told.splitlines() if line.strip()), "no reason given")


def main() -> None:
    """Counts and tells."""
    passed = failed = skipped = 0
    for case in cases([Path(name) for name in sys.argv[1:]]):
        name = ".".join(filter(None, (case.get("classname"), case.get("name"))))
        outcomes = [case.find(tag) for tag in ("failure", "error")]
        problem = next((found for found in outcomes if found is not None), None)
        skip = case.find("skipped")
        if problem is not None or case.get("status") == "fail":
            failed += 1
            print(f"  failed: {name}: {reason(case, problem)}", file=sys.stderr)
        elif skip is not None:
            skipped += 1
            print(f"  skipped: {name}: {reason(case, skip)}", file=sys.stderr)
        else:
            passed += 1
    print(passed, failed, skipped)


if __name__ == "__main__":
    main()
