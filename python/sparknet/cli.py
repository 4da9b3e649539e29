"""What the command line programs share: exit statuses, and errors as one line."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from sparknet.errors import FileError, SparkNetError

__all__ = ["check_resume", "positive", "positive_number", "run"]


def run(main: Callable[[], None]) -> NoReturn:
    """Runs a program and exits: 0, 1 after an error of ours, 130 after Ctrl-C.

    Wrong arguments end with 2, by argparse. Other exceptions are bugs and keep their trace.
    """
    status = 0
    try:
        main()
    except SparkNetError as error:
        print(f"error: {error}", file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        status = 130
        # One that passed through an exec of a string (a namedtuple's or dataclass's, say) would
        # end a `python -m` with the signal, though it was caught; the next exec forgets it.
        exec("")
    with contextlib.suppress(OSError):  # After Ctrl-C nobody may be reading any more.
        sys.stdout.flush()
    sys.exit(status)


def check_resume(place: str | None) -> None:
    """Raises FileError for a file to resume from that is not there, before a session starts.

    What has a colon may be a URI, which the JVM looks for later.
    """
    if place is not None and ":" not in place and not os.path.isfile(place):
        raise FileError(f"{place}: no such file to resume from")


def positive(text: str) -> int:
    """An argparse type: an integer above 0."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def positive_number(text: str) -> float:
    """An argparse type: a finite number above 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value
