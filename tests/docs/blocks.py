"""What is in a page of the documentation: its blocks of code, and what is said to the tests."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,})(?P<info>[^`\n]*)$")
_SETUP = re.compile(r"^\s*<!-- setup$")
_NOT_RUN = re.compile(r"^\s*<!-- not run: (.+) -->$")
_END = re.compile(r"^\s*-->\s*$")
_COMMENT = re.compile(r"^\s*<!--\s*(setup|not run)")


@dataclass(frozen=True)
class Block:
    """A fenced block, or a comment ``setup``, whose language is python.

    line: the number of its first line in the page, from 1. not_run: why it is not run.
    """

    language: str
    text: str
    line: int
    not_run: str | None = None


def pages() -> list[Path]:
    """All pages whose code is checked."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def name(page: Path) -> str:
    """As a page is called in the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks(text: str) -> Iterator[Block]:
    """The blocks in order. ValueError: a comment for tests, or a fence, is not as it should be."""
    lines = iter(enumerate(text.splitlines(), start=1))
    not_run: str | None = None
    for number, line in lines:
        fence = _FENCE.match(line)
        reason = _NOT_RUN.match(line)
        if fence:
            closing = re.compile(rf"^\s*{fence['fence']}`*\s*$")
            inside = list(_until(closing, lines, number))
            words = fence["info"].split()
            # Blocks in lists and tabs are indented.
            yield Block(words[0] if words else "", _joined(inside), number + 1, not_run)
            not_run = None
        elif _SETUP.match(line):
            yield Block("python", _joined(_until(_END, lines, number)), number + 1)
        elif reason:
            not_run = reason[1]
        elif _COMMENT.match(line):
            raise ValueError(f"line {number}: write '<!-- setup' alone, or '<!-- not run: WHY -->'")
        elif line.strip() and not_run is not None:
            raise ValueError(f"line {number}: there is no block right after 'not run'")


def _until(end: re.Pattern[str], lines: Iterator[tuple[int, str]], start: int) -> Iterator[str]:
    for _, line in lines:
        if end.match(line):
            return
        yield line
    raise ValueError(f"line {start}: what begins there does not end")


def _joined(lines: Iterator[str] | list[str]) -> str:
    return textwrap.dedent("\n".join(lines)) + "\n"
