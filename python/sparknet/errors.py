"""Errors of SparkNet, one class per status code of the engine.

The engine, the JVM and this package use the same codes, so a wrong prototxt is a
``ParseError`` no matter which of them noticed it. Catch ``SparkNetError`` for any of them.
"""

from __future__ import annotations

import contextlib
import os
import re
import traceback

__all__ = [
    "ArgumentError",
    "CallbackError",
    "ClosedError",
    "FileError",
    "InternalError",
    "NetError",
    "NumericError",
    "OutOfMemoryError",
    "ParseError",
    "SetupError",
    "ShapeError",
    "SparkNetError",
    "StateError",
    "UnsupportedError",
    "error_for",
    "error_in_text",
]


class SparkNetError(Exception):
    """Base of all errors. ``code`` is the engine's status, ``code_name`` its name.

    The message is one line. ``details`` is all that is known: the message with its line breaks or,
    of an error that came from the JVM, that and the JVM's trace.
    """

    code = 12
    code_name = "INTERNAL"

    def __init__(self, message: str = "", details: str | None = None) -> None:
        super().__init__(_one_line(str(message)))
        self.details = str(message) if details is None else details

    def _render_traceback_(self) -> list[str]:
        """What IPython and notebooks show, which ask for it by this name: lines of the user's, and
        the message. Of each of our frames, of which there are many, they would show ten lines."""
        frames = traceback.extract_tb(self.__traceback__)
        own = [frame for frame in frames if not _is_inside(frame.filename)]
        shown = "".join(["Traceback (most recent call last):\n", *traceback.format_list(own)])
        return [*shown.splitlines(), f"{type(self).__name__}: {self}"]


class ArgumentError(SparkNetError, ValueError):
    """An argument is out of range, of the wrong kind or unknown."""

    code, code_name = 1, "INVALID_ARGUMENT"


class ClosedError(SparkNetError):
    """A net, solver or trainer was used after it was closed."""

    code, code_name = 2, "INVALID_HANDLE"


class FileError(SparkNetError):
    """A file is missing, truncated or cannot be read or written."""

    code, code_name = 3, "IO"


class ParseError(SparkNetError, ValueError):
    """A prototxt or a binary protobuf is malformed. The message names file and line."""

    code, code_name = 4, "PARSE"


class NetError(SparkNetError, ValueError):
    """A net or solver breaks a rule: unknown layer type, missing bottom, bad field."""

    code, code_name = 5, "BAD_NET"


class ShapeError(SparkNetError, ValueError):
    """Shapes or counts do not agree."""

    code, code_name = 6, "SHAPE"


class UnsupportedError(SparkNetError, NotImplementedError):
    """Caffe knows it, this build of SparkNet does not."""

    code, code_name = 7, "UNSUPPORTED"


class StateError(SparkNetError, RuntimeError):
    """A call came out of order, or something that it needs is not there."""

    code, code_name = 8, "STATE"


class SetupError(StateError):
    """The jar, the JVM or a package is missing. The message says what to do."""


class CallbackError(SparkNetError):
    """A function of yours that feeds or preprocesses data failed."""

    code, code_name = 9, "CALLBACK"


class NumericError(SparkNetError, ArithmeticError):
    """A value is not usable: the loss is NaN, or a label is out of range."""

    code, code_name = 10, "NUMERIC"


class OutOfMemoryError(SparkNetError, MemoryError):
    """The engine could not allocate memory."""

    code, code_name = 11, "OUT_OF_MEMORY"


class InternalError(SparkNetError):
    """A bug in SparkNet, or a failure that it has no name for."""


_BY_NAME: dict[str, type[SparkNetError]] = {
    cls.code_name: cls
    for cls in (
        ArgumentError,
        ClosedError,
        FileError,
        ParseError,
        NetError,
        ShapeError,
        UnsupportedError,
        StateError,
        CallbackError,
        NumericError,
        OutOfMemoryError,
        InternalError,
    )
}

# How a CaffeException prints itself, which is how it appears in messages of failed Spark jobs: on a
# line of its own or after what wraps it ("...: "). Indented lines are frames and quoted source, in
# which the message may still be a pattern with its values to come.
_PRINTED = re.compile(
    r"^(?:\S.*?: )?(?P<exception>sparknet\.[\w.]+ \((?P<code>[A-Z_]+)\): (?P<message>[^\n]*))",
    re.MULTILINE,
)


def error_for(code_name: str, message: str, details: str | None = None) -> SparkNetError:
    """The error of the class that belongs to a code's name; unknown names are internal."""
    return _BY_NAME.get(code_name, InternalError)(message, details)


def error_in_text(text: str) -> SparkNetError | None:
    """The error of an engine exception that is quoted in a text, or None.

    A text that begins with the exception is all of its message, otherwise a line of it is.
    """
    found = _PRINTED.search(text)
    if found is None:
        return None
    whole = found.start("exception") == 0
    message = text[found.start("message") :] if whole else found["message"]
    return error_for(found["code"], message.strip(), text)


def _is_inside(filename: str) -> bool:
    """Whether a frame is ours, or of what comes before the user's and between ours."""
    ours = filename.startswith(os.path.dirname(__file__) + os.sep)
    return ours or filename == contextlib.__file__ or f"{os.sep}IPython{os.sep}" in filename


def _one_line(message: str) -> str:
    """The lines of a message one after the other, with a sign between them."""
    lines = [line.strip() for line in message.split("\n") if line.strip()]
    joined = [line if line[-1] in ".:;,!?" else f"{line};" for line in lines[:-1]]
    return " ".join([*joined, *lines[-1:]])
