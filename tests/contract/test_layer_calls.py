"""The calls that editors and mypy see have every layer type of the engine, with all its fields."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from caffe_schema import file_descriptor
from test_layer_tests import registered

from sparknet.layers import Layers

ROOT = Path(__file__).resolve().parents[2]
CALLS = ROOT / "python/sparknet/proto/layer_calls.pyi"
TYPES = sorted(registered().values())

pytestmark = pytest.mark.unit


@cache
def calls() -> dict[str, dict[str, list[ast.FunctionDef]]]:
    """Class -> layer type -> its definitions: several if they are overloaded."""
    found: dict[str, dict[str, list[ast.FunctionDef]]] = {}
    for node in ast.parse(CALLS.read_text()).body:
        if isinstance(node, ast.ClassDef) and node.name.endswith("Calls"):
            for method in node.body:
                assert isinstance(method, ast.FunctionDef)
                found.setdefault(node.name, {}).setdefault(method.name, []).append(method)
    return found


def fields(message: str) -> set[str]:
    """Names of a message's fields; none if there is no such message."""
    (found,) = [m for m in file_descriptor().message_type if m.name == message] or [None]
    return set() if found is None else {field.name for field in found.field}


def test_every_registered_type_is_known_at_run_time() -> None:
    assert sorted(Layers) == TYPES


@pytest.mark.parametrize("name", ["LayerCalls", "NetCalls", "TopCalls"])
def test_every_registered_type_is_a_call(name: str) -> None:
    assert sorted(calls()[name]) == TYPES


@pytest.mark.parametrize("kind", TYPES)
def test_a_call_has_the_fields_of_its_type_and_those_of_all_layers(kind: str) -> None:
    # What else a type takes, test_layer_types shows by setting all of it.
    shared = {name for name in fields("LayerParameter") if not name.endswith("_param")}
    expected = fields(f"{kind}Parameter") | shared - {"name", "type", "bottom", "top"}
    for name, known in calls().items():
        for method in known[kind]:
            given = {argument.arg for argument in method.args.kwonlyargs}
            assert expected <= given, f"{name}.{kind}"


def checked(tmp_path: Path, code: str) -> str:
    """What mypy says of a program."""
    program = tmp_path / "program.py"
    program.write_text(code)
    options = ["--config-file", "python/pyproject.toml", "--cache-dir", "target/mypy"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, str(program)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": "python"},
        check=False,
    )
    return done.stdout.replace(str(tmp_path), "")


RIGHT = """
from sparknet import Net
from sparknet.layers import Include, Layers
from sparknet.nets import Top

net = Net("n", inputs={"data": (2, 3, 8, 8), "label": [2]}, phase="TEST", force_backward=True)
data, label = net.inputs
conv: Top = data.Convolution("c", num_output=4, kernel_size=[3, 3], bias_filler={"value": 0.5})
pooled, mask = net.Pooling("p", conv, top=["p", "mask"], pool="MAX", kernel_size=2)
pooled.ReLU(in_place=True).Eltwise("sum", pooled, operation="SUM", coeff=[1, -1])
net.SoftmaxWithLoss("loss", ["p", label], include=[{"phase": "TRAIN"}, Include.Test])
net.Silence("hush", [mask])
Layers.Convolution("c", ["data"], num_output=2, weight_filler={"type": "msra"}).name
"""


@pytest.mark.slow
def test_mypy_knows_types_and_fields(tmp_path: Path) -> None:
    assert checked(tmp_path, RIGHT).startswith("Success")
    wrong = [
        'data.Convolutoin("c")',
        'data.Convolution("c", num_outputs=4)',
        'data.Convolution("c", num_output="four")',
        'data.Convolution("c", weight_filler={"typo": "msra"})',
        'data.Pooling("p", pool="MAXIMUM")',
        'Layers.Poolin("p")',
        'x: Top = data.Slice("s", top=["a", "b"])',
    ]
    said = checked(tmp_path, RIGHT + "\n".join(wrong) + "\n")
    first = RIGHT.count("\n") + 1
    lines = {int(line.split(":")[1]) for line in said.splitlines() if ": error: " in line}
    assert lines == set(range(first, first + len(wrong))), said
