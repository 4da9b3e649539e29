"""Every registered layer type has a test file of its own, and every such file a layer."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "caffe/src/caffe/layers"
TESTS = ROOT / "tests/native/caffe/layers"


def registered() -> dict[str, str]:
    """Type names by the stem of the source file that registers them."""
    types = {}
    for source in sorted(SOURCES.glob("*.cpp")):
        for name in re.findall(r"^CAFFE_REGISTER_LAYER\((\w+), \w+\)", source.read_text(), re.M):
            assert source.stem not in types, f"{source.name} registers two types"
            types[source.stem] = name
    return types


def test_layers_are_found() -> None:
    assert {"Convolution", "Pooling", "SoftmaxWithLoss", "JavaData"} <= set(registered().values())


@pytest.mark.parametrize("stem", sorted(registered()))
def test_a_layer_has_tests(stem: str) -> None:
    test = TESTS / f"test_{stem}.cpp"
    assert test.is_file(), f"{registered()[stem]} has no {test.relative_to(ROOT)}"
    text = test.read_text()
    assert registered()[stem] in text, f"{test.name} does not name {registered()[stem]}"
    assert len(re.findall(r"^TEST(?:_P|_F)?\(", text, re.M)) > 0


def test_a_test_has_its_layer() -> None:
    stems = {path.stem.removeprefix("test_") for path in TESTS.glob("test_*.cpp")}
    assert stems == set(registered())
