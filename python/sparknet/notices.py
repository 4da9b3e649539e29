"""What SparkNet tells beside results and errors: records left out, hosts lost, threads.

A program that has set up ``logging`` gets records of the logger ``sparknet``; for one that has
not, they are lines on stderr, which notebooks show.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from sparknet.errors import SparkNetError
from sparknet.progress import Progress

__all__ = ["Notice", "Source", "tell", "telling"]

_LOGGER = logging.getLogger("sparknet")


class Notice(NamedTuple):
    """level: one of ``logging``'s."""

    level: int
    text: str


class Source(Protocol):
    """What may have something to tell."""

    def notices(self) -> list[Notice]:
        """All since the last call."""


def tell(notices: Iterable[Notice]) -> None:
    """Hands notices on, each once."""
    for notice in notices:
        if _LOGGER.hasHandlers():
            _LOGGER.log(notice.level, "%s", notice.text)
        elif notice.level >= _LOGGER.level:  # Python's last resort has warnings only.
            print(f"SparkNet: {notice.text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def telling(*sources: Source, bar: Progress | None = None) -> Iterator[None]:
    """What there is to tell when the block ends or fails is told, on lines above the bar."""
    try:
        yield
    except SparkNetError:
        with contextlib.suppress(SparkNetError):  # The JVM may be gone.
            _tell_of(sources, bar)
        raise
    _tell_of(sources, bar)


def _tell_of(sources: Iterable[Source], bar: Progress | None) -> None:
    for source in sources:
        found = source.notices()
        if found and bar is not None:
            bar.clear()
        tell(found)
