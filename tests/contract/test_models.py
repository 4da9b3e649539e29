"""The prototxts under caffe/: parsed by the schema, equal to what is published of the models."""

from __future__ import annotations

import csv
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from caffe_schema import ROOT, SHARED, parse
from model_shapes import TEST, walk
from published_models import IN_TABLE, MODELS

pytestmark = pytest.mark.unit

CAFFE = ROOT / "caffe"
PROTOTXTS = sorted(
    path for tree in ("examples", "models") for path in (CAFFE / tree).rglob("*.prototxt")
)

JAVA_NET = "examples/cifar10/cifar10_full_java_train_test.prototxt"
JAVA_SOLVER = "examples/cifar10/cifar10_full_java_solver.prototxt"
DIGITS_NET = "examples/digits/digits_lenet_train_test.prototxt"
DIGITS_SOLVER = "examples/digits/digits_lenet_solver.prototxt"


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


@pytest.mark.parametrize("path", PROTOTXTS, ids=lambda path: str(path.relative_to(CAFFE)))
def test_parses(path: Path) -> None:
    if not is_solver(path):
        assert parse(path, "NetParameter").layer  # type: ignore[attr-defined]
        return
    parameters: Any = parse(path, "SolverParameter")
    assert (CAFFE / parameters.net).is_file(), "paths in a solver are relative to caffe/"
    assert (CAFFE / parameters.snapshot_prefix).parent.is_dir()


@pytest.mark.parametrize("model", IN_TABLE)
def test_layers_agree_with_the_table(model: str) -> None:
    expected = [row for row in table(model) if row["index"] != "solver"]
    layers = net(MODELS[model].net).layer
    assert [layer.name for layer in layers] == [row["layer"] for row in expected]
    for layer, row in zip(layers, expected):
        check_layer(layer, row)


@pytest.mark.parametrize("model", IN_TABLE)
def test_solver_agrees_with_the_table(model: str) -> None:
    (row,) = (row for row in table(model) if row["index"] == "solver")
    expected = {**settings(row["parameters"]), **MODELS[model].relocated}
    # The published ones ask for a GPU; who has asked for none is not to be warned of its lack.
    expected["solver_mode"] = "CPU"
    assert dict(flat(solver(MODELS[model].solver))) == expected


@pytest.mark.parametrize("path", filter(is_solver, PROTOTXTS), ids=lambda path: path.parent.name)
def test_no_solver_of_ours_asks_for_a_gpu(path: Path) -> None:
    parameters: Any = parse(path, "SolverParameter")
    assert parameters.HasField("solver_mode"), "Caffe's own default is a GPU"
    assert parameters.solver_mode == 0


@pytest.mark.parametrize("model", MODELS)
def test_deploy_net_takes_the_weights_of_the_trained_one(model: str) -> None:
    """The layers between data and loss are the same, so weights match by name and shape."""
    ends = {"Data", "Input", "Accuracy", "SoftmaxWithLoss", "Softmax"}
    facts = MODELS[model]
    trained, deployed = net(facts.net), net(facts.deploy)
    assert [layer for layer in deployed.layer if layer.type not in ends] == [
        layer
        for layer in trained.layer
        if layer.type not in ends and not layer.name.startswith(facts.heads)
    ]
    assert tuple(deployed.layer[0].input_param.shape[0].dim)[1:] == facts.image
    losses = [layer for layer in trained.layer if layer.type == "SoftmaxWithLoss"]
    assert list(losses[-1].bottom) == [facts.scores, "label"]
    last = deployed.layer[-1]
    assert [last.type, *last.bottom, *last.top] == ["Softmax", facts.scores, "prob"]


@pytest.mark.parametrize("model", MODELS)
def test_shapes_and_number_of_weights(model: str) -> None:
    facts = MODELS[model]
    shapes, weights = walk(net(facts.net), (2, *facts.image))
    assert {name: shapes[name] for name in facts.shapes} == {
        name: (2, *shape) for name, shape in facts.shapes.items()
    }
    assert weights == facts.weights
    _, deployed = walk(net(facts.deploy), (1, *facts.image), TEST)
    assert deployed == (facts.deployed_weights or facts.weights)


GOOGLENET_SCORES = [f"loss{i}/{score}" for i in "123" for score in (f"loss{i}", "top-1", "top-5")]


# What a test reports, by which apps ask for it.
@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("caffenet", ["accuracy", "loss"]),
        ("alexnet", ["accuracy", "loss"]),
        ("googlenet", GOOGLENET_SCORES),
        ("squeezenet_v1.1", ["accuracy", "accuracy_top5", "loss"]),
        ("vgg16", ["accuracy", "accuracy_top5", "loss"]),
        ("resnet50", ["accuracy", "accuracy_top5", "loss"]),
    ],
)
def test_outputs_of_a_test(model: str, expected: list[str]) -> None:
    shapes, _ = walk(net(MODELS[model].net), (1, *MODELS[model].image), TEST)
    read = {name for layer in net(MODELS[model].net).layer for name in layer.bottom}
    assert sorted(set(shapes) - read) == expected


def trained_layers(path: str) -> list[str]:
    """Names of the layers with weights, which trained models are loaded by."""
    kinds = ("BatchNorm", "Convolution", "InnerProduct", "Scale")
    return [layer.name for layer in net(path).layer if layer.type in kinds]


def test_layers_of_vgg16_are_named_as_published() -> None:
    blocks = [(1, 2), (2, 2), (3, 3), (4, 3), (5, 3)]
    convolutions = [f"conv{block}_{i + 1}" for block, count in blocks for i in range(count)]
    assert trained_layers(MODELS["vgg16"].net) == [*convolutions, "fc6", "fc7", "fc8"]


def test_layers_of_resnet50_are_named_as_published() -> None:
    expected = ["conv1", "bn_conv1", "scale_conv1"]
    for stage, letters in ((2, "abc"), (3, "abcd"), (4, "abcdef"), (5, "abc")):
        for letter in letters:
            for branch in ["1"] * (letter == "a") + ["2a", "2b", "2c"]:
                tag = f"{stage}{letter}_branch{branch}"
                expected += [f"res{tag}", f"bn{tag}", f"scale{tag}"]
    assert trained_layers(MODELS["resnet50"].net) == [*expected, "fc1000"]


# Simonyan and Zisserman, section 3.1; He et al., section 3.4: images per update, momentum,
# weight decay, first learning rate, updates.
@pytest.mark.parametrize(
    ("model", "images", "momentum", "decay", "rate", "updates"),
    [("vgg16", 256, 0.9, 5e-4, 0.01, 370_000), ("resnet50", 256, 0.9, 1e-4, 0.1, 600_000)],
)
def test_solver_follows_the_paper(
    model: str, images: int, momentum: float, decay: float, rate: float, updates: int
) -> None:
    ours = solver(MODELS[model].solver)
    batch = net(MODELS[model].net).layer[0].data_param.batch_size
    assert (ours.iter_size * batch, ours.max_iter) == (images, updates)
    assert (ours.momentum, ours.weight_decay, ours.base_lr) == pytest.approx(
        (momentum, decay, rate)
    )


def test_number_of_weights_of_the_digits_net() -> None:
    assert walk(net(DIGITS_NET), (32, 1, 8, 8))[1] == 30_360


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
    full = [layer for layer in net(MODELS["cifar10_full"].net).layer if layer.type != "Data"]
    assert [layer for layer in net(JAVA_NET).layer if layer.type != "JavaData"] == full
    ours, theirs = solver(JAVA_SOLVER), solver(MODELS["cifar10_full"].solver)
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
    """And no model is there without its facts."""
    named = {path for m in MODELS.values() for path in (m.net, m.solver, m.deploy)}
    others = {JAVA_NET, JAVA_SOLVER, DIGITS_NET, DIGITS_SOLVER}
    assert named | others == {str(path.relative_to(CAFFE)) for path in PROTOTXTS}
