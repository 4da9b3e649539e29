"""The site: every page is in a menu, every link leads somewhere, nothing comes from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from blocks import ROOT, blocks, pages

pytestmark = [pytest.mark.boundary, pytest.mark.xdist_group("site")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built so that a warning is an error."""
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, env=quiet)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class _Loaded(HTMLParser):
    """What a browser fetches for a page by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "link" and named.get("rel") in ("canonical", "next", "prev"):
            return
        attribute = {"link": "href"}.get(tag, "src")
        if tag in ("embed", "iframe", "img", "link", "script", "source", "video"):
            self.places.append(named.get(attribute) or "")


def elsewhere(text: str) -> Iterator[str]:
    parser = _Loaded()
    parser.feed(text)
    yield from (place for place in parser.places if re.match(r"[a-z]+:|//", place))


def test_what_is_fetched_is_seen() -> None:
    page = (
        '<link rel="stylesheet" href="https://a/b.css"><a href="https://c/"></a><img src="d.png">'
    )
    assert list(elsewhere(page)) == ["https://a/b.css"]


def test_the_lines_of_spark_are_those_of_the_pom(site: Path) -> None:
    page = (site / "howto" / "sparks.html").read_text()
    lines = re.findall(r"<id>spark-(.*)</id>", (ROOT / "build" / "pom.xml").read_text())
    assert "3.5-scala-2.13" in lines
    assert re.findall(r"build/setup --spark ([\w.-]+)", page) == lines


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    found = {
        (str(page.relative_to(site)), place)
        for page in site.rglob("*.html")
        for place in elsewhere(page.read_text(encoding="utf-8"))
        if not place.startswith("data:")
    }
    assert not found
    sheets = "".join(sheet.read_text(encoding="utf-8") for sheet in site.rglob("*.css"))
    assert not re.search(r"(?:url\(|@import\s+)['\"]?(?:https?:)?//", sheets)


def test_files_out_of_docs_are_pages_too(site: Path) -> None:
    results = (site / "repository/benchmarks/RESULTS.html").read_text(encoding="utf-8")
    assert "<table>" in results
    nets = (site / "nets.html").read_text(encoding="utf-8")
    assert 'href="repository/python/sparknet/flops.py.html"' in nets


def test_layer_types_have_their_fields(site: Path) -> None:
    page = (site / "api/layers.html").read_text(encoding="utf-8")
    assert re.search(r"<td><code>kernel_size</code></td>\s*<td>list of int</td>", page)
    assert 'href="#fillerparameter"' in page
    assert 'id="fillerparameter"' in page
    assert 'href="../layers/pooling.html#pooling">What it computes' in page


def test_the_manual_has_its_tables(site: Path) -> None:
    for page in site.glob("layers/*.html"):
        assert "<!-- fields" not in page.read_text(encoding="utf-8"), page
    page = (site / "layers/pooling.html").read_text(encoding="utf-8")
    row = r"<code>round_mode</code></td>\s*<td>CEIL, FLOOR</td>\s*<td><code>CEIL</code>"
    assert re.search(row, page)
    page = (site / "layers/convolution.html").read_text(encoding="utf-8")
    assert '<td><a href="fillers.html">FillerParameter</a></td>' in page


def test_what_is_for_tests_is_not_shown(site: Path) -> None:
    for page in site.rglob("*.html"):
        assert "<!-- setup" not in page.read_text(encoding="utf-8"), page


def test_modules_that_pages_use_are_in_the_reference() -> None:
    reference = "".join(
        page.read_text(encoding="utf-8") for page in (ROOT / "docs/api").glob("*.md")
    )
    described = set(re.findall(r"^::: (sparknet(?:\.\w+)*)", reference, re.MULTILINE))
    used = {module for page in pages() for module in _modules(page)}
    assert {module for module in used if not any(d.startswith(module) for d in described)} == set()


def _modules(page: Path) -> Iterator[str]:
    importing = re.compile(r"^from (sparknet[.\w]*) import (.+)", re.MULTILINE)
    for block in blocks(page.read_text(encoding="utf-8")):
        for package, names in importing.findall(block.text) if block.language == "python" else ():
            for each in names.split(","):
                module = each.partition(" as ")[0].strip()
                is_module = package == "sparknet" and module.islower()
                yield f"sparknet.{module}" if is_module else package
