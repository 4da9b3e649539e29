"""MkDocs' hook that puts fields of caffe.proto, with their types and defaults, into pages.

docs/api/layers.md gets a section for every layer type. In docs/layers/, the manual, the comment
``<!-- fields of PoolingParameter -->`` becomes the table of a message.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2] / "python"))
from sparknet import fields
from sparknet.layer_types import Layers, doc
from sparknet.proto import caffe_pb2

PAGE = "api/layers.md"
MANUAL = "layers/"
# What all layers have in common, and what is no reader's business.
_COMMON = ("BlobProto", "LayerParameter", "NetStateRule", "ParamSpec")
_SECTION = re.compile(r"^Fields of (\w+):\n\n((?: {4}.*\n?)+)", re.MULTILINE)
_FIELD = re.compile(r"^ {4}(\w+): (.*?)(?: = (.*))?$", re.MULTILINE)
_PLACE = re.compile(r"^<!-- fields of (\w+) -->$", re.MULTILINE)
_HEADING = re.compile(r"^## (\w+)$", re.MULTILINE)


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page with its tables."""
    uri = page.file.src_uri
    if uri == PAGE:
        return "\n".join([markdown, *_sections()])
    if not uri.startswith(MANUAL):
        return markdown
    name = uri[len(MANUAL) :]
    links = {message: place for message, place in _manual()[1].items() if place != name}
    return _PLACE.sub(lambda match: _table(_fields_of(match[1]), links), markdown)


@cache
def _manual() -> tuple[dict[str, str], dict[str, str]]:
    """Pages of the manual by the layer types that they tell of, and by the messages."""
    types: dict[str, str] = {}
    messages: dict[str, str] = {}
    for page in sorted((Path(__file__).parents[2] / "docs" / MANUAL).glob("*.md")):
        text = page.read_text(encoding="utf-8")
        types.update(dict.fromkeys(_HEADING.findall(text), page.name))
        messages.update(dict.fromkeys(_PLACE.findall(text), page.name))
    return types, messages


def _sections() -> Iterator[str]:
    shared = _shared()
    links = {name: f"#{name.lower()}" for name in shared}
    for kind in dir(Layers):
        own = doc(kind).partition("Fields of LayerParameter:")[0]
        place = _manual()[0][kind]
        yield f"## {kind}\n\n[What it computes](../{MANUAL}{place}#{kind.lower()}).\n"
        for name, found in _SECTION.findall(own):
            yield f"`{_field(doc(kind), name)}`, of type {name}:\n\n{_table(found, links)}"
        if "Fields of" not in own:
            yield "It has no fields of its own.\n"
    for name, found in sorted(shared.items()):
        yield f"## {name}\n\n{_table(found, links)}"


def _shared() -> dict[str, str]:
    """Fields of the messages that several types have."""
    shared = dict(_SECTION.findall(doc("Pooling")))
    shared = {name: shared[name] for name in ("NetStateRule", "ParamSpec")}
    for kind in dir(Layers):
        behind = doc(kind).partition("Fields of LayerParameter:")[2]
        for name, found in _SECTION.findall(behind):
            if name not in _COMMON:
                shared.setdefault(name, found)
    return shared


def _field(text: str, message: str) -> str:
    """The field of LayerParameter that has a message."""
    found = re.search(rf"^ {{4}}(\w+): {message}$", text, re.MULTILINE)
    return found[1] if found else message


def _fields_of(message: str) -> str:
    described = caffe_pb2.DESCRIPTOR.message_types_by_name[message]
    return "".join(f"    {fields.doc(field)}\n" for field in described.fields)


def _table(found: str, links: Mapping[str, str]) -> str:
    rows = [
        f"| `{name}` | {_kind(kind, links)} | {f'`{default}`' if default else ''} |"
        for name, kind, default in _FIELD.findall(found)
    ]
    return "\n".join(["| field | takes | default |", "| --- | --- | --- |", *rows, ""])


def _kind(of: str, links: Mapping[str, str]) -> str:
    """What a field takes; messages lead to their own tables."""
    _, list_of, message = of.rpartition("list of ")
    if message in links:
        return f"{list_of}[{message}]({links[message]})"
    return of.replace(" | ", ", ")
