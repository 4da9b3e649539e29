"""Sums JUnit reports: prints `passed failed skipped`, and on stderr what failed or was skipped.

Usage: count_results.py FILE_OR_FOLDER...
"""

import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path


def cases(paths: list[Path]) -> Iterator[ElementTree.Element]:
    """All test cases of the reports, those in folders included."""
    for path in paths:
        for report in sorted(path.rglob("*.xml")) if path.is_dir() else [path]:
            yield from ElementTree.parse(report).iter("testcase")


def first_line(element: ElementTree.Element) -> str:
    """What a <failure> or <skipped> says, shortened to a line."""
    text = element.get("message") or element.text or ""
    return next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")


def main() -> None:
    """Counts and tells."""
    passed = failed = skipped = 0
    for case in cases([Path(name) for name in sys.argv[1:]]):
        name = f"{case.get('classname', '')}.{case.get('name', '')}"
        problem = next(
            (case.find(tag) for tag in ("failure", "error") if case.find(tag) is not None), None
        )
        skip = case.find("skipped")
        if problem is not None or case.get("status") == "fail":
            failed += 1
            print(
                f"  failed: {name}: {first_line(problem) if problem is not None else ''}",
                file=sys.stderr,
            )
        elif skip is not None:
            skipped += 1
            print(f"  skipped: {name}: {first_line(skip)}", file=sys.stderr)
        else:
            passed += 1
    print(passed, failed, skipped)


if __name__ == "__main__":
    main()
