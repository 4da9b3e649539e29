"""docs/layers is a manual of what the engine has: each type once, and fields that there are."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from functools import cache

import pytest
from blocks import ROOT

from sparknet.layer_types import Layers, doc
from sparknet.proto import caffe_pb2

pytestmark = pytest.mark.boundary

MANUAL = ROOT / "docs" / "layers"
PAGES = {page.name: page.read_text(encoding="utf-8") for page in sorted(MANUAL.glob("*.md"))}
MESSAGES = caffe_pb2.DESCRIPTOR.message_types_by_name
# Of one value, or of a whole layer: no message that a reader has to fill.
WITHOUT_TABLE = {"BlobProto", "LayerParameter"}
TABLE = re.compile(r"^<!-- fields of (\w+) -->$", re.MULTILINE)


@cache
def engine() -> ctypes.CDLL:
    library = ctypes.CDLL(str(ROOT / "build" / "libccaffe.so"))
    library.ccaffe_last_error.restype = ctypes.c_char_p
    return library


@cache
def layer_types() -> list[str]:
    names, data, size = ctypes.c_void_p(), ctypes.c_char_p(), ctypes.c_size_t()
    assert engine().ccaffe_layer_types(ctypes.byref(names)) == 0
    assert engine().ccaffe_buffer_content(names, ctypes.byref(data), ctypes.byref(size)) == 0
    types = (data.value or b"").decode().split()
    engine().ccaffe_buffer_destroy(names)
    return types


def known(refused: str) -> list[str]:
    """What the engine says it knows when it is asked for what it does not."""
    found = re.search(r"\(known(?: types)?: (.*)\)", refused)
    assert found, refused
    return found[1].split(", ")


def refusal(solver: caffe_pb2.SolverParameter) -> str:
    made, message = ctypes.c_void_p(), solver.SerializeToString()
    status = engine().ccaffe_solver_create(
        message, ctypes.c_size_t(len(message)), ctypes.c_int32(0), ctypes.byref(made)
    )
    assert status != 0
    return str(engine().ccaffe_last_error().decode())


def sections(page: str) -> Iterator[tuple[str, str]]:
    """Headings of the second level, and what is below them."""
    parts = re.split(r"^## (.+)$", PAGES[page], flags=re.MULTILINE)
    yield from zip(parts[1::2], parts[2::2])


def types_of(page: str) -> list[str]:
    """What a page tells of: a heading of one word is the name of a type."""
    return [heading for heading, _ in sections(page) if re.fullmatch(r"\w+", heading)]


def first_column(text: str) -> list[str]:
    """What stands in code, but for headings."""
    return re.findall(r"^\| `(\w+)` \|.*\n(?!\| ---)", text, re.MULTILINE)


def test_every_layer_type_is_on_one_page() -> None:
    assert len(layer_types()) > 60
    told = [kind for page in PAGES if page != "solvers.md" for kind in types_of(page)]
    assert sorted(told) == layer_types()


def test_every_solver_is_on_the_page_of_solvers() -> None:
    refused = refusal(caffe_pb2.SolverParameter(type="none"))
    assert "Nesterov" in known(refused)
    assert sorted(types_of("solvers.md")) == known(refused)


def test_every_policy_is_in_the_table() -> None:
    refused = refusal(caffe_pb2.SolverParameter(lr_policy="none"))
    table = first_column(dict(sections("solvers.md"))["Learning rate policies"])
    assert sorted(table) == known(refused)


def fillers() -> list[str]:
    """Those of the engine."""
    net = caffe_pb2.NetParameter()
    data = net.layer.add(name="data", type="Input", top=["data"])
    data.input_param.shape.add(dim=[1, 1])
    ip = net.layer.add(name="ip", type="InnerProduct", bottom=["data"], top=["ip"])
    ip.inner_product_param.num_output = 1
    ip.inner_product_param.weight_filler.type = "none"
    return known(refusal(caffe_pb2.SolverParameter(lr_policy="fixed", net_param=net)))


def test_every_filler_is_in_the_table() -> None:
    table = [name for name in first_column(PAGES["fillers.md"]) if name.islower()]
    assert sorted(table) == fillers()


def test_the_index_has_the_types_of_each_page() -> None:
    rows = re.findall(r"^\| \[[^\]]+\]\((\w+\.md)\) \| (.*) \|$", PAGES["index.md"], re.MULTILINE)
    assert {page for page, _ in rows} | {"index.md"} == set(PAGES)
    for page, told in rows:
        if types_of(page):
            assert told.partition(";")[0].split(", ") == sorted(types_of(page)), page


def test_every_message_has_one_table() -> None:
    tables = [name for text in PAGES.values() for name in TABLE.findall(text)]
    taken = {name for kind in Layers for name in re.findall(r"^Fields of (\w+):", doc(kind), re.M)}
    assert sorted(tables) == sorted(taken - WITHOUT_TABLE | {"NetState", "SolverParameter"})
    for page in PAGES:
        for kind in types_of(page):
            if f"{kind}Parameter" in taken:
                assert f"<!-- fields of {kind}Parameter -->" in PAGES[page], kind


def fields_of(kind: str, page: str, text: str) -> set[str]:
    """Fields that a section may tell of: those of its type, or of the message in it."""
    names = TABLE.findall(text)
    if kind in Layers:
        own = doc(kind).partition("Fields of LayerParameter:")[0]
        names += re.findall(r"^Fields of (\w+):", own, re.MULTILINE)
    elif page == "solvers.md":
        names.append("SolverParameter")
    elif page == "fillers.md":
        names.append("FillerParameter")
    return {field for name in names for field in MESSAGES[name].fields_by_name}


@pytest.mark.parametrize("page", PAGES)
def test_lists_are_of_fields_that_there_are(page: str) -> None:
    listed = 0
    for heading, text in [("", PAGES[page].partition("\n## ")[0]), *sections(page)]:
        for item in re.findall(r"^- ((?:`\w+`(?:, )?)+):", text, re.MULTILINE):
            names = set(re.findall(r"\w+", item))
            assert names <= fields_of(heading, page, text), f"{page}, {heading}: {item}"
            listed += len(names)
    assert listed > 0 or page == "index.md"


@pytest.mark.parametrize("page", PAGES)
def test_names_in_the_text_are_of_fields(page: str) -> None:
    every = {field for message in MESSAGES.values() for field in message.fields_by_name}
    text = re.sub(r"^```.*?^```$", "", PAGES[page], flags=re.MULTILINE | re.DOTALL)
    code = " ".join(re.findall(r"`([^`]+)`", text))
    named = {
        word for word in re.findall(r"\w+", code) if re.fullmatch(r"[a-z]{2,}(?:_[a-z]+)+", word)
    }
    assert named <= every | set(fillers()), named - every
