"""Griffe's extension that makes Markdown of our docstrings, for the reference of the API.

They are prose: ``name: what it is.`` tells of an argument, in the middle of a paragraph, and ``::``
begins an example. The site shows arguments as a list and examples as code.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Mapping
from typing import Any

import griffe

_EXAMPLE = re.compile(r"[ ]?::\n\n((?:[ ]{4}.*\n|\n)*[ ]{4}.*)")
# At the beginning of a sentence.
_ARGUMENT = re.compile(
    r"(?:^|(?<=[.;)`]\s))(?P<names>(?:\w+,\s)*\w+)(?P<more>\s\([^)]*\))?:\s(?=\S)"
)


class Docstrings(griffe.Extension):
    """Changes the docstrings of a package when all of it has been read."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Called by griffe."""
        _walk(pkg, _named_in(pkg))


def _named_in(pkg: Any) -> dict[str, set[str]]:
    """Names of arguments by the class that has them: a TypedDict for ``**arguments``."""
    module = pkg.members.get("ml")
    classes = {} if module is None else module["arguments"].classes
    every = {name for each in classes.values() for name in each.attributes}
    return dict.fromkeys(classes, every)


def _walk(of: Any, unpacked: Mapping[str, set[str]]) -> None:
    if of.docstring is not None:
        of.docstring.value = markdown(of.docstring.value, _arguments(of, unpacked))
    for member in of.members.values():
        if not member.is_alias:
            _walk(member, unpacked)


def _arguments(of: Any, unpacked: Mapping[str, set[str]]) -> set[str]:
    """Names that the docstring of a function or a class may tell of."""
    made = of.members.get("__init__") if of.is_class else of
    names = set()
    for parameter in getattr(made, "parameters", ()):
        names.add(parameter.name.lstrip("*"))
        names |= unpacked.get(re.sub(r"^Unpack\[|\]$", "", str(parameter.annotation)), set())
    if of.is_class:
        names |= {name for name, member in of.members.items() if not member.is_alias}
    return names


def markdown(text: str, arguments: Collection[str]) -> str:
    """A docstring with its examples as blocks, and with a list of its arguments."""
    text = _EXAMPLE.sub(_block, text)
    return "\n\n".join(_listed(part, arguments) for part in text.split("\n\n"))


def _block(example: re.Match[str]) -> str:
    code = textwrap.dedent(example[1])
    ended = ":" if example.string[: example.start()].rstrip()[-1:].isalnum() else ""
    return f"{ended}\n\n```python\n{code}\n```"


def _listed(paragraph: str, arguments: Collection[str]) -> str:
    if "```" in paragraph:
        return paragraph
    found = [
        match
        for match in _ARGUMENT.finditer(paragraph)
        if all(name in arguments for name in re.split(r",\s", match["names"]))
    ]
    if not found:
        return paragraph
    ends = [match.start() for match in found[1:]] + [len(paragraph)]
    items = []
    for match, end in zip(found, ends):
        name, more = _line(match["names"]), _line(match["more"] or "")
        told = re.sub(";$", ".", _line(paragraph[match.end() : end]))
        items.append(f"- `{name}`{more}: {told}")
    before = re.sub(";$", ".", paragraph[: found[0].start()].strip())
    return "\n\n".join([*([before] if before else []), "\n".join(items)])


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text.rstrip())
