"""MkDocs' hook that fills docs/api/layers.md: the fields of every layer type, of caffe.proto."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2] / "python"))
from sparknet.layer_types import Layers, doc

PAGE = "api/layers.md"
# What all layers have in common, and what is no reader's business.
_COMMON = ("BlobProto", "LayerParameter", "NetStateRule", "ParamSpec")
_SECTION = re.compile(r"^Fields of (\w+):\n\n((?: {4}.*\n?)+)", re.MULTILINE)
_FIELD = re.compile(r"^ {4}(\w+): (.*?)(?: = (.*))?$", re.MULTILINE)


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page with a section for each type, and for each message that several have."""
    return "\n".join([markdown, *_sections()]) if page.file.src_uri == PAGE else markdown


def _sections() -> Iterator[str]:
    shared: dict[str, str] = {}
    for kind in dir(Layers):
        text = doc(kind)
        own = text.partition("Fields of LayerParameter:")[0]
        yield f"## {kind}\n"
        for name, fields in _SECTION.findall(own):
            yield f"`{_field(text, name)}`, of type {name}:\n\n{_table(fields)}"
        if "Fields of" not in own:
            yield "It has no fields of its own.\n"
        for name, fields in _SECTION.findall(text.removeprefix(own)):
            if name not in _COMMON:
                shared.setdefault(name, fields)
    for name in ("NetStateRule", "ParamSpec"):
        shared[name] = dict(_SECTION.findall(doc("Pooling")))[name]
    for name, fields in sorted(shared.items()):
        yield f"## {name}\n\n{_table(fields)}"


def _field(text: str, message: str) -> str:
    """The field of LayerParameter that has a message."""
    found = re.search(rf"^ {{4}}(\w+): {message}$", text, re.MULTILINE)
    return found[1] if found else message


def _table(fields: str) -> str:
    rows = [
        f"| `{name}` | {_kind(kind)} | {f'`{default}`' if default else ''} |"
        for name, kind, default in _FIELD.findall(fields)
    ]
    return "\n".join(["| field | takes | default |", "| --- | --- | --- |", *rows, ""])


def _kind(of: str) -> str:
    """What a field takes; messages have sections of their own."""
    named = re.sub(
        r"^(list of )?(BlobShape|\w+Parameter)$",
        lambda m: f"{m[1] or ''}[{m[2]}](#{m[2].lower()})",
        of,
    )
    return named.replace(" | ", ", ")
