"""The prototxts under caffe/: parsed by the schema, equal to the published models' table."""

from __future__ import annotations

import csv
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from caffe_schema import ROOT, SHARED, parse

pytestmark = pytest.mark.unit

CAFFE = ROOT / "caffe"
PROTOTXTS = sorted(
    path for tree in ("examples", "models") for path in (CAFFE / tree).rglob("*.prototxt")
)

# Model in the table: net, solver, deploy net, shape of one minibatch, number of weights.
MODELS: dict[str, tuple[str, str, str, list[int], int]] = {
    "lenet": (
        "examples/mnist/lenet_train_test.prototxt",
        "examples/mnist/lenet_solver.prototxt",
        "examples/mnist/lenet.prototxt",
        [64, 1, 28, 28],
        431_080,
    ),
    "cifar10_quick": (
        "examples/cifar10/cifar10_quick_train_test.prototxt",
        "examples/cifar10/cifar10_quick_solver.prototxt",
        "examples/cifar10/cifar10_quick.prototxt",
        [100, 3, 32, 32],
        145_578,
    ),
    "cifar10_full": (
        "examples/cifar10/cifar10_full_train_test.prototxt",
        "examples/cifar10/cifar10_full_solver.prototxt",
        "examples/cifar10/cifar10_full.prototxt",
        [100, 3, 32, 32],
        89_578,
    ),
    "caffenet": (
        "models/bvlc_reference_caffenet/train_val.prototxt",
        "models/bvlc_reference_caffenet/solver.prototxt",
        "models/bvlc_reference_caffenet/deploy.prototxt",
        [256, 3, 227, 227],
        60_965_224,
    ),
    "alexnet": (
        "models/bvlc_alexnet/train_val.prototxt",
        "models/bvlc_alexnet/solver.prototxt",
        "models/bvlc_alexnet/deploy.prototxt",
        [256, 3, 227, 227],
        60_965_224,
    ),
    "googlenet": (
        "models/bvlc_googlenet/train_val.prototxt",
        "models/bvlc_googlenet/solver.prototxt",
        "models/bvlc_googlenet/deploy.prototxt",
        [32, 3, 224, 224],
        13_378_280,
    ),
}
JAVA_NET = "examples/cifar10/cifar10_full_java_train_test.prototxt"
JAVA_SOLVER = "examples/cifar10/cifar10_full_java_solver.prototxt"
DIGITS_NET = "examples/digits/digits_lenet_train_test.prototxt"


def is_solver(path: Path) -> bool:
    return path.stem.endswith("solver")


def net(path: str) -> Any:
    return parse(CAFFE / path, "NetParameter")


def solver(path: str) -> Any:
    return parse(CAFFE / path, "SolverParameter")


def table(model: str) -> list[dict[str, str]]:
    path = SHARED / "spec/models.tsv"
    if not path.exists():
        pytest.skip("the table of models (shared/spec/models.tsv) is not on this machine")
    with path.open(encoding="utf-8", newline="") as lines:
        found = [r for r in csv.DictReader(lines, delimiter="\t") if r["model"] == model]
    assert found, f"no model {model} in {path}"
    return found


def comparable(value: object) -> object:
    """Numbers as single precision, everything else as text."""
    try:
        return struct.unpack("f", struct.pack("f", float(str(value))))[0]
    except ValueError:
        return str(value)


def flat(message: Any, prefix: str = "") -> Iterator[tuple[str, object]]:
    """The fields that are set, as the table writes them: path[index].field and value."""
    for field, value in message.ListFields():
        repeated = not isinstance(value, (str, bytes)) and hasattr(value, "__len__")
        for index, item in enumerate(value if repeated else [value]):
            path = f"{prefix}{field.name}[{index}]" if repeated else prefix + field.name
            if field.message_type:
                yield from flat(item, path + ".")
            elif field.enum_type:
                yield path, field.enum_type.values_by_number[item].name
            else:
                yield path, comparable(item)


def settings(text: str) -> dict[str, object]:
    """The table's last column: `field=value field=value`, or `-` for none."""
    pairs = [] if text == "-" else [pair.split("=", 1) for pair in text.split(" ")]
    return {path: comparable(value) for path, value in pairs}


def layer_settings(layer: Any) -> dict[str, object]:
    fields = ("name", "type", "bottom", "top", "include")
    return {path: value for path, value in flat(layer) if path.split("[")[0] not in fields}


def check_layer(layer: Any, row: dict[str, str]) -> None:
    def names(text: str) -> list[str]:
        return [] if text == "-" else text.split(",")

    where = f"{row['model']}, {row['layer']}"
    assert (layer.name, layer.type) == (row["layer"], row["type"]), where
    assert list(layer.bottom) == names(row["bottoms"]), where
    assert list(layer.top) == names(row["tops"]), where
    phases = {} if row["phase"] == "-" else {"include[0].phase": row["phase"]}
    assert {k: v for k, v in flat(layer) if k.startswith("include")} == phases, where
    assert layer_settings(layer) == settings(row["parameters"]), where


def weight_count(parameters: Any, minibatch: list[int]) -> int:
    """Walks the shapes of a net (in TRAIN) and counts what it learns."""
    shapes: dict[str, list[int]] = {}
    count = 0
    for layer in parameters.layer:
        if any(rule.HasField("phase") and rule.phase != 0 for rule in layer.include):
            continue
        shape = list(shapes[layer.bottom[0]]) if layer.bottom else list(minibatch)
        if layer.type == "Convolution":
            p = layer.convolution_param
            kernel, pad = p.kernel_size[0], p.pad[0] if p.pad else 0
            count += p.num_output * (shape[1] // p.group) * kernel**2 + p.num_output
            stride = p.stride[0] if p.stride else 1
            extents = [(extent + 2 * pad - kernel) // stride + 1 for extent in shape[2:]]
            shape = [shape[0], p.num_output, *extents]
        elif layer.type == "Pooling":
            p = layer.pooling_param
            extents = [math.ceil((e - p.kernel_size) / p.stride) + 1 for e in shape[2:]]
            shape = [*shape[:2], *extents]
        elif layer.type == "InnerProduct":
            outputs = layer.inner_product_param.num_output
            count += outputs * math.prod(shape[1:]) + outputs
            shape = [shape[0], outputs]
        for top in layer.top:
            shapes[top] = shape
    return count


@pytest.mark.parametrize("path", PROTOTXTS, ids=lambda path: str(path.relative_to(CAFFE)))
def test_parses(path: Path) -> None:
    if not is_solver(path):
        assert parse(path, "NetParameter").layer  # type: ignore[attr-defined]
        return
    parameters: Any = parse(path, "SolverParameter")
    assert (CAFFE / parameters.net).is_file(), "paths in a solver are relative to caffe/"
    assert (CAFFE / parameters.snapshot_prefix).parent.is_dir()


@pytest.mark.parametrize("model", MODELS)
def test_layers_agree_with_the_table(model: str) -> None:
    expected = [row for row in table(model) if row["index"] != "solver"]
    layers = net(MODELS[model][0]).layer
    assert [layer.name for layer in layers] == [row["layer"] for row in expected]
    for layer, row in zip(layers, expected):
        check_layer(layer, row)


@pytest.mark.parametrize("model", MODELS)
def test_solver_agrees_with_the_table(model: str) -> None:
    (expected,) = (row for row in table(model) if row["index"] == "solver")
    assert dict(flat(solver(MODELS[model][1]))) == settings(expected["parameters"])


@pytest.mark.parametrize("model", MODELS)
def test_deploy_net_takes_the_weights_of_the_trained_one(model: str) -> None:
    """The layers between data and loss are the same, so weights match by name and shape."""
    ends = {"Data", "Input", "Accuracy", "SoftmaxWithLoss", "Softmax"}
    trained, deployed = net(MODELS[model][0]), net(MODELS[model][2])
    assert [layer for layer in deployed.layer if layer.type not in ends] == [
        layer for layer in trained.layer if layer.type not in ends
    ]
    assert list(deployed.layer[0].input_param.shape[0].dim)[1:] == MODELS[model][3][1:]
    last = [layer for layer in trained.layer if layer.type == "InnerProduct"][-1]
    assert [deployed.layer[-1].type, *deployed.layer[-1].bottom] == ["Softmax", *last.top]


@pytest.mark.parametrize("model", MODELS)
def test_number_of_weights(model: str) -> None:
    path, _, _, minibatch, weights = MODELS[model]
    assert weight_count(net(path), minibatch) == weights


def test_number_of_weights_of_the_digits_net() -> None:
    assert weight_count(net(DIGITS_NET), [32, 1, 8, 8]) == 30_360


def feeds(path: str) -> list[tuple[str, str, list[int]]]:
    """Top, phase and shape of each JavaData layer, which must come first in the net."""
    layers = list(net(path).layer)
    found = [layer for layer in layers if layer.type == "JavaData"]
    assert layers[: len(found)] == found
    return [
        (layer.top[0], ["TRAIN", "TEST"][rule.phase], list(layer.java_data_param.shape.dim))
        for layer in found
        for rule in layer.include
    ]


def test_java_net_is_the_full_net_fed_from_the_jvm() -> None:
    images, labels = [100, 3, 32, 32], [100, 1]
    assert feeds(JAVA_NET) == [
        ("data", "TRAIN", images),
        ("label", "TRAIN", labels),
        ("data", "TEST", images),
        ("label", "TEST", labels),
    ]
    full = [layer for layer in net(MODELS["cifar10_full"][0]).layer if layer.type != "Data"]
    assert [layer for layer in net(JAVA_NET).layer if layer.type != "JavaData"] == full
    ours, theirs = solver(JAVA_SOLVER), solver(MODELS["cifar10_full"][1])
    assert ours.net == JAVA_NET
    theirs.net = ours.net
    assert ours == theirs


def test_digits_net_reads_images_of_8x8() -> None:
    assert feeds(DIGITS_NET) == [
        ("data", "TRAIN", [32, 1, 8, 8]),
        ("label", "TRAIN", [32, 1]),
        ("data", "TEST", [20, 1, 8, 8]),
        ("label", "TEST", [20, 1]),
    ]


def test_all_models_are_there() -> None:
    named = {path for model in MODELS.values() for path in model[:3]} | {JAVA_NET, JAVA_SOLVER}
    assert named <= {str(path.relative_to(CAFFE)) for path in PROTOTXTS}
