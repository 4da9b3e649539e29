"""Links of pages, as the site's hook changes them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("mkdocs")
sys.path.append(str(Path(__file__).parents[2] / "build" / "site"))
import links
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

pytestmark = pytest.mark.unit


def changed(markdown: str, page: str) -> str:
    return links.on_page_markdown(markdown, SimpleNamespace(file=SimpleNamespace(src_uri=page)))


@pytest.mark.parametrize(
    ("page", "link", "wanted"),
    [
        ("nets.md", "models.md#training-them", "models.md#training-them"),
        ("howto/s3.md", "../data.md", "../data.md"),
        ("index.md", "../CONTRIBUTING.md", "repository/CONTRIBUTING.md"),
        ("howto/s3.md", "../../build/pom.xml", "../repository/build/pom.xml.md"),
        ("tour.md", "pictures/tour-net.svg", "pictures/tour-net.svg"),
        ("tour.md", "#data", "#data"),
        ("tour.md", "https://spark.apache.org", "https://spark.apache.org"),
        ("repository/CONTRIBUTING.md", "docs/architecture.md", "../architecture.md"),
        ("repository/benchmarks/RESULTS.md", "paired.py", "paired.py.md"),
    ],
)
def test_links_within_the_site(page: str, link: str, wanted: str) -> None:
    assert changed(f"a [b]({link}) c", page) == f"a [b]({wanted}) c"


def test_folders_are_no_pages() -> None:
    assert changed("see [benchmarks/](../benchmarks/), [x](tour.md)", "index.md") == (
        "see benchmarks/, [x](tour.md)"
    )


def test_code_and_what_is_for_tests() -> None:
    code = "```python\nx[0](../CONTRIBUTING.md)\n```\n"
    assert changed(f"<!-- setup\nx = 1\n\ny = 2\n-->\n{code}", "index.md") == code
    assert changed(f"<!-- not run: slow -->\n{code}", "index.md") == code


def site(markdown: str) -> Files:
    plugins = SimpleNamespace(_current_plugin="links")
    config: Any = SimpleNamespace(site_dir="site", use_directory_urls=False, plugins=plugins)
    page = File.generated(config, "page.md", content=markdown)
    return links.on_files(Files([page]), config)


def test_what_is_linked_to_is_copied() -> None:
    files = site("[a](../benchmarks/RESULTS.md) and [b](../python/sparknet/flops.py)")
    assert "repository/benchmarks/RESULTS.md" in files.src_uris
    source = files.get_file_from_path("repository/python/sparknet/flops.py.md")
    assert source is not None
    assert source.content_string.startswith("# python/sparknet/flops.py\n\n````python\n")


def test_a_link_to_nothing_is_an_error() -> None:
    with pytest.raises(PluginError, match=r"a page links to python/none\.py, which is no file"):
        site("[a](../python/none.py)")
