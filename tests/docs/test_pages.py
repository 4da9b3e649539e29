"""The documentation is true: code in its pages runs, commands and prototxts can be read."""

from __future__ import annotations

import contextlib
import doctest
import gc
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from blocks import ROOT, Block, blocks, name, pages

from sparknet import spec
from sparknet.errors import SparkNetError
from sparknet.proto import caffe_pb2

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Blocks that need what tests do not have. Another one has to be worth it. Those of docs/migration
# are not counted: they are what other frameworks' users have.
MAX_NOT_RUN = 6
PAGES = [page for page in pages() if page.parent.name != "api"]
# In commands: scripts and files of the repository. What builds make is not there in each checkout.
TOP = "build|python|benchmarks|clusters|docs|caffe|ec2|tests"
PLACE = re.compile(rf"(?<![\w./-])(?:{TOP})/[\w./*-]+")
MADE = re.compile(r"^(?:build/tools/|caffe/data/.*\.bin)")

Check = Callable[[str, str], None]


def of(page: Path, *languages: str) -> list[Block]:
    found = blocks(page.read_text(encoding="utf-8"))
    return [block for block in found if block.language in languages]


def having(*languages: str) -> Any:
    """A case for each page that has blocks of these languages."""
    chosen = [pytest.param(page, id=name(page)) for page in PAGES if of(page, *languages)]
    return pytest.mark.parametrize("page", chosen)


@pytest.mark.spark
@having("python")
def test_python_runs(page: Path, spark: SparkSession) -> None:
    # As in a program, so that functions reach Python's workers.
    space: dict[str, Any] = {"__name__": "__main__", "spark": spark}
    try:
        for block in of(page, "python"):
            if block.not_run is None:
                run(block, name(page), space)
    finally:
        with contextlib.suppress(ImportError):
            from matplotlib import pyplot

            pyplot.close("all")
        space.clear()
        gc.collect()


def run(block: Block, page: str, space: dict[str, Any]) -> None:
    """Runs a block; traces have the page's lines. What a prompt shows is compared."""
    if block.text.startswith(">>>"):
        examples = doctest.DocTestParser().get_doctest(block.text, space, page, page, block.line)
        flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
        problems: list[str] = []
        runner = doctest.DocTestRunner(verbose=False, optionflags=flags)
        runner.run(examples, out=problems.append, clear_globs=False)
        space.update(examples.globs)
        assert not problems, "".join(problems)
        return
    exec(compile("\n" * (block.line - 1) + block.text, page, "exec"), space)


@pytest.mark.boundary
@having("bash", "json", "prototxt", "yaml")
def test_texts_can_be_read(page: Path) -> None:
    for block in of(page, "bash", "json", "prototxt", "yaml"):
        where = f"{name(page)}:{block.line}"
        if block.language == "bash":
            check_commands(block.text, where)
        elif block.language == "prototxt":
            check_prototxt(block.text, where)
        else:
            yaml = pytest.importorskip("yaml")  # JSON is YAML.
            assert list(yaml.safe_load_all(block.text)), f"{where}: nothing in it"


def check_commands(text: str, where: str) -> None:
    done = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True)
    assert done.returncode == 0, f"{where}: {done.stderr}"
    missing = [place for place in PLACE.findall(text) if not there(place)]
    assert not missing, f"{where}: no such files: {missing}"


def there(place: str) -> bool:
    return bool(MADE.match(place)) or any(ROOT.glob(place.rstrip("/.,")))


def check_prototxt(text: str, where: str) -> None:
    if "..." in text:  # A part of one.
        return
    is_net = re.search(r"^\s*(layers?\b|input\b)", text, re.MULTILINE)
    try:
        spec.net(text) if is_net else spec.solver(text, net=caffe_pb2.NetParameter())
    except SparkNetError as error:
        raise AssertionError(f"{where}: {error}") from None


@pytest.mark.boundary
@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (check_commands, "build/setup && ls docs/*.md\n", "if true; do\n"),
        (check_commands, "build/tools/caffe time\n", "python python/apps/none.py\n"),
        (check_prototxt, "base_lr: 0.1\nnet: 'x'\n", "base_lrr: 0.1\n"),
        (check_prototxt, 'layer { name: "a"\n  type: "ReLU" }\n', "layer { nam: 'a'\n }\n"),
        (check_prototxt, "layer { ... }\n", "layer {\n"),
    ],
)
def test_what_cannot_be_read_is_seen(check: Check, good: str, bad: str) -> None:
    check(good, "page:1")
    with pytest.raises(AssertionError, match="page:1: "):
        check(bad, "page:1")


@pytest.mark.unit
def test_versions_and_extras_are_ours() -> None:
    pom = ElementTree.parse(ROOT / "build" / "pom.xml")
    project = (ROOT / "python" / "pyproject.toml").read_text(encoding="utf-8")
    extras = set(re.findall(r"^(\w+) = \[", project.partition("dependencies]")[2], re.MULTILINE))
    assert {"spark", "local"} <= extras
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        versions = re.findall(r"sparknet-(?:assembly-)?(\d[\d.]*\d)", text)
        assert set(versions) <= {pom.findtext("version")}, name(page)
        named = re.findall(r"(?:sparknet|\.whl)\[([\w,]+)\]", text)
        assert {extra for each in named for extra in each.split(",")} <= extras, name(page)


@pytest.mark.unit
def test_few_blocks_are_not_run() -> None:
    left_out = [(page, b) for page in PAGES for b in of(page, "python") if b.not_run]
    for page, block in left_out:
        compile(block.text, f"{name(page)}:{block.line}", "exec")
    assert len([page for page, _ in left_out if page.parent.name != "migration"]) <= MAX_NOT_RUN


@pytest.mark.unit
def test_links_lead_to_files() -> None:
    """As pages are read in the repository; build/docs looks at those of the site."""
    bad = [
        f"{name(page)}: {link}"
        for page in [*pages(), *sorted((ROOT / "benchmarks").rglob("*.md"))]
        for link in links(page)
        if not (page.parent / link).exists()
    ]
    assert not bad, bad


def links(page: Path) -> Iterator[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)", text):
        path = link.partition("#")[0]
        if path and not re.match(r"[a-z]+:", path):
            yield path
