"""Nets and solvers from paths, text and messages, and what wrong ones say."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparknet import Net, spec
from sparknet.errors import ArgumentError, FileError, ParseError
from sparknet.proto import caffe_pb2

pytestmark = pytest.mark.boundary  # The engine reads.

NET = 'name: "tiny"\nlayer { name: "ip" type: "InnerProduct" }\n'


@pytest.fixture
def net_file(tmp_path: Path) -> Path:
    path = tmp_path / "models" / "net.prototxt"
    path.parent.mkdir()
    path.write_text(NET)
    return path


def test_net_from_path_text_and_message(net_file: Path) -> None:
    message = spec.net(NET)
    assert message.layer[0].name == "ip"
    assert spec.net(net_file) == message
    assert spec.net(str(net_file)) == message
    assert spec.net(message) is message
    assert spec.net('name: "one line"').name == "one line"
    assert spec.net(Net.load(NET)) == message


def test_solver_takes_the_net_in(net_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(net_file.parent)
    solver = spec.solver('net: "net.prototxt" base_lr: 0.1\n')
    assert solver.net_param.name == "tiny"
    assert not solver.HasField("net")


def test_net_is_found_above_the_solver_file(net_file: Path) -> None:
    deep = net_file.parent / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "solver.prototxt").write_text('net: "models/net.prototxt"\n')
    assert spec.solver(deep / "solver.prototxt").net_param.name == "tiny"


def test_the_working_directory_comes_first(
    net_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    solver = net_file.parent / "solver.prototxt"
    solver.write_text('net: "net.prototxt"\n')
    here = tmp_path / "here"
    here.mkdir()
    (here / "net.prototxt").write_text('name: "of the working directory"\n')
    monkeypatch.chdir(here)
    assert spec.solver(solver).net_param.name == "of the working directory"


def test_train_and_test_nets_are_taken_in(net_file: Path) -> None:
    text = f'train_net: "{net_file}" test_net: "{net_file}" test_net: "{net_file}"\n'
    solver = spec.solver(text)
    assert solver.train_net_param.name == "tiny"
    assert [net.name for net in solver.test_net_param] == ["tiny", "tiny"]
    assert not solver.test_net


def test_a_given_net_replaces_the_solvers_own() -> None:
    solver = spec.solver('net: "nowhere.prototxt"\n', net=NET)
    assert solver.net_param.name == "tiny"
    assert not solver.HasField("net")


def test_fields_replace_those_of_the_source() -> None:
    solver = spec.solver("base_lr: 0.1 stepvalue: 3\n", NET, base_lr=0.5, stepvalue=[7, 9])
    assert solver.base_lr == 0.5
    assert list(solver.stepvalue) == [7, 9]


def test_the_callers_message_stays_as_it_is() -> None:
    given = caffe_pb2.SolverParameter(base_lr=0.1)
    spec.solver(given, NET, base_lr=0.5)
    assert given == caffe_pb2.SolverParameter(base_lr=0.1)


def test_a_solver_of_a_dict_and_of_keywords() -> None:
    expected = caffe_pb2.SolverParameter(
        base_lr=0.5, momentum=0.9, type="Nesterov", lr_policy="fixed", net_param=spec.net(NET)
    )
    fields = {"base_lr": 0.5, "momentum": 0.9, "type": "Nesterov"}
    assert spec.solver(fields, NET) == expected
    assert spec.solver(None, NET, **fields) == expected
    keywords = {"learning_rate": 0.5, "momentum": 0.9, "optimizer": "nesterov", "gamma": None}
    assert spec.solver(net=NET, **keywords) == expected
    assert spec.solver({"learning_rate": 0.1, "momentum": 0.9}, NET, **keywords) == expected
    assert spec.solver(fields, NET, lr_policy="step", gamma=0.1, stepsize=7).stepsize == 7


@pytest.mark.parametrize("name", ["SGD", "Nesterov", "Adam", "AdaGrad", "RMSProp", "AdaDelta"])
def test_optimizers_in_any_case(name: str) -> None:
    for given in (name, name.lower(), name.upper()):
        assert spec.solver(None, NET, learning_rate=1, optimizer=given).type == name


@pytest.mark.parametrize(
    ("source", "options", "match"),
    [
        ("base_lr: 0.1\n", {"base_lrs": 1}, "a solver has no field base_lrs; did you mean base_lr"),
        ({"learning_rte": 1}, {}, "no field learning_rte; did you mean learning_rate"),
        ({"momentun": 1}, {}, "no field momentun; did you mean momentum or momentum2"),
        ({"base_lr": 1}, {"optimizer": "adamm"}, "optimizer 'adamm' is not .*; did you mean Adam"),
        ({"base_lr": "much"}, {}, 'solver: field base_lr: "much" is not a number'),
        ({"base_lr": 1}, {"learning_rate": "much"}, 'solver: field learning_rate: "much" is not'),
        ({"base_lr": 1, "learning_rate": 1}, {}, "learning_rate and base_lr are the same field"),
        (None, {"momentum": 0.9}, "needs a learning rate, such as learning_rate=0.01"),
        ({"base_lr": 1, "gamma": 0.1}, {}, "gamma changes nothing without an lr_policy"),
        ({"base_lr": 1}, {"stepvalue": [3]}, "stepvalue changes nothing without an lr_policy"),
    ],
)
def test_wrong_fields_of_a_solver(
    source: spec.SolverSource | None, options: dict[str, object], match: str
) -> None:
    with pytest.raises(ArgumentError, match=match):
        spec.solver(source, NET, **options)


def test_the_policy_of_a_prototxt_stays() -> None:
    assert spec.solver('base_lr: 1 lr_policy: "inv"\n', NET).lr_policy == "inv"
    assert spec.solver("base_lr: 1\n", NET).lr_policy == "fixed"


def test_test_nets_need_no_numbers() -> None:
    solver = spec.tested(spec.solver(None, NET, learning_rate=1))
    assert list(solver.test_iter) == [1]
    assert solver.test_interval == 2**31 - 1  # Never by itself.
    given = spec.solver("base_lr: 1 test_iter: 5 test_iter: 6 test_interval: 7\n", NET)
    before = spec.solver(given)
    assert spec.tested(given) == before
    several = caffe_pb2.SolverParameter(test_net_param=[spec.net(NET)] * 2)
    assert list(spec.tested(several).test_iter) == [1, 1]
    alone = caffe_pb2.SolverParameter(train_net_param=spec.net(NET))
    assert list(spec.tested(alone).test_iter) == []


def test_layers_run_in_the_phases_of_their_rules() -> None:
    rules = ["", "include { phase: TRAIN }", "exclude { phase: TRAIN }", "include { stage: 's' }"]
    (*layers,) = spec.net("".join(f"layer {{ {rule} }}\n" for rule in rules)).layer
    assert [spec.runs_in(layer, caffe_pb2.TRAIN) for layer in layers] == [True, True, False, True]
    assert [spec.runs_in(layer, caffe_pb2.TEST) for layer in layers] == [True, False, True, True]


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ('name: "a"\nlayer {\n  nam: "x"\n}\n', "3:6", '"nam"; did you mean name'),
        ('name: "a"\nlayer {\n', "3:1", "Expected"),
        ('name: "a"\nlayer { convolution_param { num_output: many } }\n', "2:41", "many"),
    ],
)
def test_syntax_errors_name_file_line_and_column(
    tmp_path: Path, text: str, place: str, reason: str
) -> None:
    path = tmp_path / "bad.prototxt"
    path.write_text(text)
    with pytest.raises(ParseError, match=rf"bad\.prototxt:{place}: .*{reason}"):
        spec.net(path)


def test_missing_file() -> None:
    with pytest.raises(FileError, match=r"nowhere\.prototxt: No such file"):
        spec.net("nowhere.prototxt")


def test_missing_net_of_a_solver() -> None:
    with pytest.raises(FileError, match=r"nowhere\.prototxt"):
        spec.solver('net: "nowhere.prototxt"\n')


def test_a_binary_file_is_no_prototxt(tmp_path: Path) -> None:
    path = tmp_path / "weights.caffemodel"
    path.write_bytes(b"\x0a\x80\xff\xfe")
    with pytest.raises(ParseError, match=r"weights\.caffemodel:2:1: "):
        spec.net(path)


def test_wrong_kind_of_source() -> None:
    with pytest.raises(ArgumentError, match="not SolverParameter"):
        spec.net(caffe_pb2.SolverParameter())  # type: ignore[arg-type]


def test_the_models_of_the_repository_load_by_their_short_names() -> None:
    solver = spec.solver("examples/cifar10/cifar10_quick_solver.prototxt")
    assert solver.net_param.name == "CIFAR10_quick"
