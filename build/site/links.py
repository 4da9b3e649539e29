"""MkDocs' hook for links that leave docs/: what they name becomes a page, or a file, of the site.

Pages link to files of the repository as it is laid out, so that links work where the repository
is read. The site has a copy of each such file under ``repository/``; links to folders are left
out. So is what only tests read: the comments ``<!-- setup ... -->`` and ``<!-- not run: ... -->``.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
COPIES = "repository/"
# Shown as they are; other texts become a page with their source in it.
RAW = {".gif", ".ipynb", ".jpg", ".pdf", ".png", ".svg"}
LANGUAGES = {".py": "python", ".sh": "bash", ".prototxt": "protobuf", ".proto": "protobuf"}

_FENCE = re.compile(r"^(\s*)(```+|~~~+).*?^\1\2\s*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#|/)([^)\s#]+)(#[^)\s]*)?(?=[)\s])")
_NAMED = re.compile(r"(?<!!)\[([^\[\]]*)\]\((?![a-z]+:|#|/)([^)\s#]+)\)")
_FOR_TESTS = re.compile(r"^[ \t]*<!-- (?:setup\n|not run: ).*?-->\n", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: Any) -> Files:
    """Adds the files that pages link to, and those that these link to."""
    waiting = [file for file in files if file.src_uri.endswith(".md")]
    while waiting:
        page = waiting.pop()
        for target in _targets(page.content_string, _in_repository(page.src_uri)):
            uri = _in_site(target)
            if not uri.startswith(COPIES) or files.get_file_from_path(uri) is not None:
                continue
            copy = _copy(target, uri, config)
            files.append(copy)
            if target.endswith(".md"):
                waiting.append(copy)
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links as they are within the site."""
    here = page.file.src_uri
    source = _in_repository(here)

    def inside(link: re.Match[str]) -> str:
        target = _target(link[1], source)
        return posixpath.relpath(_in_site(target), posixpath.dirname(here)) + (link[2] or "")

    return _outside_of_code(lambda text: _LINK.sub(inside, text), _readable(markdown, source))


def _targets(markdown: str, source: str) -> list[str]:
    found: list[str] = []

    def note(text: str) -> str:
        found.extend(_target(link[1], source) for link in _LINK.finditer(text))
        return text

    _outside_of_code(note, _readable(markdown, source))
    return found


def _readable(markdown: str, source: str) -> str:
    """The text without what is for tests, and without links to folders, which are no pages."""

    def kept(link: re.Match[str]) -> str:
        return link[1] if (ROOT / _target(link[2], source)).is_dir() else link[0]

    return _outside_of_code(lambda text: _NAMED.sub(kept, text), _FOR_TESTS.sub("", markdown))


def _outside_of_code(change: Any, markdown: str) -> str:
    """The text with what is not a block of code changed."""
    parts, end = [], 0
    for block in _FENCE.finditer(markdown):
        parts += [change(markdown[end : block.start()]), block[0]]
        end = block.end()
    return "".join([*parts, change(markdown[end:])])


def _target(link: str, source: str) -> str:
    """The path in the repository of what a link in a file means."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), link))


def _in_repository(uri: str) -> str:
    """The path in the repository of what the site has under a name."""
    if not uri.startswith(COPIES):
        return f"docs/{uri}"
    path = uri[len(COPIES) :]
    return path if (ROOT / path).exists() else path[: -len(".md")]


def _in_site(path: str) -> str:
    if path.startswith("docs/"):
        return path[len("docs/") :]
    suffix = posixpath.splitext(path)[1]
    return COPIES + path + ("" if suffix in RAW or suffix == ".md" else ".md")


def _copy(path: str, uri: str, config: Any) -> File:
    place = ROOT / path
    if not place.is_file():
        raise PluginError(f"a page links to {path}, which is no file of the repository")
    if uri.endswith(".md") and not path.endswith(".md"):
        language = LANGUAGES.get(place.suffix, "text")
        content = f"# {path}\n\n````{language}\n{place.read_text(encoding='utf-8')}````\n"
        return File.generated(config, uri, content=content)
    return File.generated(config, uri, abs_src_path=str(place))
