"""sparknet.local: pycaffe's manners, on native memory, with named errors."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sparknet
from sparknet import errors, spec
from sparknet.local import TEST, TRAIN, Net, Solver, set_random_seed

pytestmark = pytest.mark.boundary

NET = """
name: "small"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 4 dim: 2 dim: 3 dim: 3 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 4 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 3 kernel_size: 2 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
        inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
        include { phase: TEST } }
"""
SOLVER = """
net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 random_seed: 3
snapshot_prefix: "small" test_iter: 1 test_interval: 1000
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.prototxt").write_text(NET)
    (tmp_path / "solver.prototxt").write_text(SOLVER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def net(folder: Path) -> Net:
    return seeded(7)


def seeded(seed: int) -> Net:
    """Of the folder's net, with a seed of its own."""
    set_random_seed(seed)
    try:
        return Net("net.prototxt", TEST)
    finally:
        set_random_seed(-1)


@pytest.fixture
def batch() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(5)
    return {"data": generator.normal(size=(4, 2, 3, 3)), "label": np.array([0, 1, 4, 2])}


def reference(net: Net, data: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, float]:
    """Scores and loss of the net, computed by NumPy from its parameters."""
    kernel, bias = (blob.data.astype(np.float64) for blob in net.params["conv"])
    windows = np.lib.stride_tricks.sliding_window_view(data, (2, 2), axis=(2, 3))
    conv = np.einsum("nchwij,ocij->nohw", windows, kernel) + bias[:, None, None]
    weights, offset = (blob.data.astype(np.float64) for blob in net.params["ip"])
    scores = np.maximum(conv, 0).reshape(len(data), -1) @ weights.T + offset
    log = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    return scores, -float(log[np.arange(len(data)), label].mean())


def test_names_and_shapes(net: Net) -> None:
    assert net.inputs == ["data", "label"]
    assert net.outputs == ["accuracy", "loss"]
    assert list(net.params) == ["conv", "ip"]
    assert [blob.shape for blob in net.params["conv"]] == [(3, 2, 2, 2), (3,)]
    assert net.blobs["data"].shape == (4, 2, 3, 3)
    assert net.blobs["data"].count == 72
    assert net.blobs["loss"].shape == ()
    assert net.blobs["loss"].data.shape == ()


def test_forward_equals_numpy(net: Net, batch: dict[str, np.ndarray]) -> None:
    outputs = net.forward(**batch)
    scores, loss = reference(net, **batch)
    np.testing.assert_allclose(net.blobs["ip"].data, scores, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(outputs["loss"], loss, rtol=1e-4)
    assert outputs["accuracy"] == np.mean(scores.argmax(1) == batch["label"])


def test_writing_reaches_the_engine_also_after_the_net_has_run(
    net: Net, batch: dict[str, np.ndarray]
) -> None:
    data, weights = net.blobs["data"].data, net.params["ip"][0].data
    data[...], net.blobs["label"].data[...] = batch["data"], batch["label"]
    first = float(net.forward()["loss"])
    weights *= 2
    data[0] += 1
    second = float(net.forward()["loss"])
    scores, loss = reference(net, data.astype(np.float64), batch["label"])
    assert abs(second - first) > 1e-3
    assert second == pytest.approx(loss, rel=1e-4)
    # An array handed out earlier shows what the engine computed since.
    activations = net.blobs["ip"].data
    net.params["ip"][1].data[...] += 1
    net.forward()
    np.testing.assert_allclose(activations, scores + 1, rtol=1e-4, atol=1e-5)


def test_backward_equals_finite_differences(net: Net, batch: dict[str, np.ndarray]) -> None:
    net.forward(**batch)
    net.clear_param_diffs()
    net.backward()
    for layer in ("conv", "ip"):
        for blob in net.params[layer]:
            gradient = blob.diff.copy().ravel()
            values = blob.data.reshape(-1)
            for index in range(0, values.size, 7):
                before = values[index]
                values[index] = before + 1e-2
                above = reference(net, **batch)[1]
                values[index] = before - 1e-2
                below = reference(net, **batch)[1]
                values[index] = before
                slope = (above - below) / 2e-2
                assert gradient[index] == pytest.approx(slope, rel=2e-2, abs=1e-3)


def test_parameter_gradients_add_up_until_cleared(net: Net, batch: dict[str, np.ndarray]) -> None:
    net.forward(**batch)
    net.clear_param_diffs()
    net.backward()
    once = net.params["ip"][0].diff.copy()
    assert np.abs(once).max() > 0
    net.backward()
    np.testing.assert_allclose(net.params["ip"][0].diff, 2 * once, rtol=1e-5)
    net.clear_param_diffs()
    assert not net.params["ip"][0].diff.any()


def test_parts_of_a_net(net: Net, batch: dict[str, np.ndarray]) -> None:
    full = net.forward(**batch)["loss"].copy()
    assert list(net.forward(end="ip")) == ["ip"]
    net.blobs["ip"].data[...] = 0
    part = net.forward(start="loss")
    assert float(part["loss"]) == pytest.approx(np.log(5), rel=1e-5)
    assert float(full) != pytest.approx(np.log(5), rel=1e-3)


def test_save_and_copy_from(net: Net, folder: Path, batch: dict[str, np.ndarray]) -> None:
    net.save("weights.caffemodel")
    other = seeded(8)
    assert not np.array_equal(other.params["ip"][0].data, net.params["ip"][0].data)
    assert other.copy_from("weights.caffemodel") == "weights.caffemodel: took 2 of 2 layers"
    third = Net(folder / "net.prototxt", weights=folder / "weights.caffemodel")
    for copy in (other, third):
        for layer, blobs in net.params.items():
            for mine, its in zip(blobs, copy.params[layer]):
                np.testing.assert_array_equal(mine.data, its.data)


def test_a_seed_is_for_nets_and_for_solvers_that_have_none(folder: Path) -> None:
    def first(net: Net) -> np.ndarray:
        return net.params["ip"][0].data.copy()

    def solved(text: str, seed: int) -> np.ndarray:
        set_random_seed(seed)
        try:
            return first(Solver(text, NET).net)
        finally:
            set_random_seed(-1)

    np.testing.assert_array_equal(first(seeded(7)), first(seeded(7)))
    assert not np.array_equal(first(seeded(7)), first(seeded(8)))
    np.testing.assert_array_equal(solved("base_lr: 1", 7), solved("base_lr: 1", 7))
    assert not np.array_equal(solved("base_lr: 1", 7), solved("base_lr: 1", 8))
    own = "base_lr: 1 random_seed: 3"
    np.testing.assert_array_equal(solved(own, 7), solved(own, 8))
    assert not np.array_equal(first(seeded(-1)), first(seeded(-1)))


def test_threads_are_the_nets_own(net: Net, batch: dict[str, np.ndarray]) -> None:
    loss = float(net.forward(**batch)["loss"])
    for threads in (1, 3):
        other = Net("net.prototxt", TEST, threads=threads)
        for layer, blobs in net.params.items():
            for mine, its in zip(blobs, other.params[layer]):
                its.data[...] = mine.data
        assert float(other.forward(**batch)["loss"]) == pytest.approx(loss, rel=1e-6)
    with pytest.raises(errors.ArgumentError, match="number of threads -1"):
        Net("net.prototxt", TEST, threads=-1)
    with pytest.raises(errors.ArgumentError, match="number of threads 5000"):
        Solver("solver.prototxt", threads=5000)


def test_nets_of_text_of_messages_and_of_code(net: Net) -> None:
    expected = repr(net)
    for source in (NET, spec.net(NET), sparknet.Net.load(NET)):
        assert repr(Net(source, TEST)) == expected
    assert Net(NET, TRAIN).outputs == ["loss"]
    assert Net("examples/mnist/lenet.prototxt").blobs["prob"].shape == (64, 10)
    with pytest.raises(errors.ParseError, match="<text>:1:"):
        Net("layer { nam: 'x' }")
    with pytest.raises(errors.ArgumentError, match="expected a path, prototxt text or a Net"):
        Net(7)  # type: ignore[arg-type]


def test_text_of_old_caffe() -> None:
    old = """
    name: "old" input: "data" input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 3
    layers { name: "ip" type: INNER_PRODUCT bottom: "data" top: "ip"
             inner_product_param { num_output: 5 } }
    """
    assert Net(old).params["ip"][0].shape == (5, 18)


def test_lines_say_what_there_is(net: Net, folder: Path) -> None:
    assert repr(net) == (
        "<Net 'small', TEST: 7 layers, 92 parameters; inputs data (4, 2, 3, 3), label (4,);"
        " outputs accuracy (), loss ()>"
    )
    assert repr(net.blobs["data"]) == "<Blob (4, 2, 3, 3): 72 values>"
    solver = Solver("solver.prototxt")
    assert repr(solver) == f"<Solver at iteration 0 of {solver.net!r}>"


@pytest.mark.parametrize("name", ["kept.caffemodel", "kept.caffemodel.h5"])
@pytest.mark.parametrize("phase", [TRAIN, TEST])
def test_save_with_the_net(
    name: str, phase: int, net: Net, folder: Path, batch: dict[str, np.ndarray]
) -> None:
    net = Net("net.prototxt", phase)
    assert net.save(name) == [name]
    assert not (folder / "kept.prototxt").exists()
    written = net.save(name, prototxt=True)
    assert written == ["kept.prototxt", name]
    other = Net(written[0], phase, weights=written[1])
    assert other.inputs == net.inputs
    np.testing.assert_array_equal(other.forward(**batch)["loss"], net.forward(**batch)["loss"])
    assert other.outputs == net.outputs
    # Nothing of what the engine adds.
    kept = [layer.name for layer in spec.net("kept.prototxt").layer]
    expected = [layer.name for layer in spec.net(NET).layer]
    assert kept == (expected if phase == TEST else expected[:-1])
    assert "blobs" not in (folder / "kept.prototxt").read_text()


def test_summary_and_drawing(net: Net, folder: Path) -> None:
    assert net.summary().parameters == 3 * 8 + 3 + 5 * 12 + 5
    assert "12 x 5" not in net.draw("net.svg").source
    assert (folder / "net.svg").is_file()


def test_weights_by_name_are_copies(net: Net) -> None:
    weights = net.weights
    assert {name: [blob.shape for blob in blobs] for name, blobs in weights.items()} == {
        name: [blob.shape for blob in blobs] for name, blobs in net.params.items()
    }
    weights["ip"][1][...] = 7
    assert not np.any(net.params["ip"][1].data == 7)
    net.set_weights(weights)
    np.testing.assert_array_equal(net.params["ip"][1].data, 7)
    for name, blobs in weights.items():
        for blob, parameters in zip(blobs, net.params[name]):
            np.testing.assert_array_equal(blob, parameters.data)


def test_weights_that_are_not_the_nets_change_nothing(net: Net) -> None:
    before = net.weights
    zeros = {name: [np.zeros_like(blob) for blob in blobs] for name, blobs in before.items()}
    with pytest.raises(errors.ShapeError, match=r"unknown \['ip1'\]; did you mean ip\?"):
        net.set_weights({"conv": zeros["conv"], "ip1": zeros["ip"]})
    with pytest.raises(errors.ShapeError, match="'ip', blob 1: shape"):
        net.set_weights({"conv": zeros["conv"], "ip": [zeros["ip"][0], np.zeros(4)]})
    for name, blobs in before.items():
        np.testing.assert_array_equal(net.params[name][0].data, blobs[0])


def test_memory_of_another_shape_is_out_of_reach(folder: Path) -> None:
    (folder / "views.prototxt").write_text(
        """
        layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 4 dim: 6 } } }
        layer { name: "y" type: "Reshape" bottom: "x" top: "y" reshape_param {
          shape { dim: -1 dim: 3 } } }
        layer { name: "z" type: "Power" bottom: "y" top: "z" power_param { scale: 2 } }
        """
    )
    net = Net(folder / "views.prototxt", TEST)
    for items in (1, 100_000):
        net.blobs["x"].reshape(items, 6)
        with pytest.raises(errors.StateError, match=r"'y': .*reshape the net first"):
            net.blobs["y"].data.sum()
        net.blobs["x"].data[...] = 1
        net.forward(start="z")
        assert net.blobs["y"].data.shape == (2 * items, 3)
        np.testing.assert_array_equal(net.blobs["z"].data, 2)
        net.blobs["x"].reshape(4, 6)
        net.reshape()


def test_weights_that_do_not_match_are_told(net: Net, folder: Path) -> None:
    text = (folder / "net.prototxt").read_text()
    (folder / "other.prototxt").write_text(text.replace('name: "', 'name: "my-'))
    net.save("weights.caffemodel")
    other = Net(folder / "other.prototxt", TEST)
    missing = "not in the file: my-conv, my-ip; not in the net: conv, ip"
    with pytest.raises(errors.ShapeError, match=missing):
        other.copy_from("weights.caffemodel")
    damaged = bytearray((folder / "weights.caffemodel").read_bytes())
    damaged[-2] ^= 64
    (folder / "weights.caffemodel").write_bytes(damaged)
    with pytest.raises(errors.ParseError, match=r"weights\.caffemodel' is damaged: its checksum"):
        net.copy_from("weights.caffemodel")
    net.params["ip"][0].data[0, 0] = np.nan
    net.save("nan.caffemodel")
    with pytest.raises(errors.NumericError, match=r"layer 'ip', parameter 0: value 0 is -?nan"):
        net.copy_from("nan.caffemodel")


def test_reshape(net: Net, batch: dict[str, np.ndarray]) -> None:
    net.blobs["data"].reshape(2, 2, 3, 3)
    net.blobs["label"].reshape(2)
    net.reshape()
    assert net.blobs["ip"].shape == (2, 5)
    half = {name: values[:2] for name, values in batch.items()}
    loss = float(net.forward(**half)["loss"])
    assert loss == pytest.approx(reference(net, **half)[1], rel=1e-4)


def test_arrays_outlive_the_net_object(folder: Path) -> None:
    arrays = [Net("net.prototxt", TEST).params["ip"][0].data for _ in range(20)]
    gc.collect()
    for array in arrays:
        array += 1
        assert np.isfinite(array).all()


def test_solver_learns_a_fixed_batch(folder: Path, batch: dict[str, np.ndarray]) -> None:
    solver = Solver("solver.prototxt")
    solver.net.blobs["data"].data[...] = batch["data"]
    solver.net.blobs["label"].data[...] = batch["label"]
    first = solver.step(1)
    last = solver.step(30)
    assert solver.iter == 31
    assert last < first / 2
    assert len(solver.test_nets) == 1
    assert solver.test_nets[0].outputs == ["accuracy", "loss"]


def test_a_solver_of_keywords(batch: dict[str, np.ndarray]) -> None:
    solver = Solver(net=NET, learning_rate=0.1, momentum=0.9, random_seed=3)
    for name, values in batch.items():
        solver.net.blobs[name].data[...] = values
    first = solver.step(1)
    assert solver.step(30) < first / 2
    assert Solver({"base_lr": 0.1, "type": "Adam"}, sparknet.Net.load(NET)).iter == 0
    assert Solver('base_lr: 0.1 lr_policy: "fixed"', NET).test_nets == []


def test_snapshot_and_restore(folder: Path, batch: dict[str, np.ndarray]) -> None:
    def fed() -> Solver:
        solver = Solver("solver.prototxt")
        solver.net.blobs["data"].data[...] = batch["data"]
        solver.net.blobs["label"].data[...] = batch["label"]
        return solver

    straight = fed()
    straight.step(8)
    broken = fed()
    broken.step(5)
    caffemodel, solverstate = broken.snapshot()
    assert (Path(caffemodel).name, Path(solverstate).name) == (
        "small_iter_5.caffemodel",
        "small_iter_5.solverstate",
    )
    resumed = fed()
    assert resumed.restore(solverstate) == f"{caffemodel}: took 2 of 2 layers"
    assert resumed.iter == 5
    resumed.step(3)
    for layer, blobs in straight.net.params.items():
        np.testing.assert_allclose(resumed.net.params[layer][0].data, blobs[0].data, rtol=1e-5)


WRONG = {
    "syntax": ('name: "n"\nlayer {\n  nam: "x"\n}\n', errors.ParseError, "3"),
    "unknown type": (
        'layer { name: "odd" type: "Convolutoin" top: "y" }',
        errors.NetError,
        "(?s)Convolutoin.*Convolution",
    ),
    "missing bottom": (
        'layer { name: "r" type: "ReLU" bottom: "nowhere" top: "y" }',
        errors.NetError,
        "nowhere",
    ),
    "mismatched shapes": (
        NET.replace("shape { dim: 4 } }", "shape { dim: 3 } }", 1),
        errors.ShapeError,
        "loss",
    ),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_wrong_prototxts_are_named_and_the_jvm_lives(name: str, folder: Path) -> None:
    text, kind, reason = WRONG[name]
    (folder / "wrong.prototxt").write_text(text)
    with pytest.raises(kind, match=reason):
        Net("wrong.prototxt", TEST)
    assert Net("net.prototxt", TEST).inputs == ["data", "label"]


def test_wrong_calls(net: Net, batch: dict[str, np.ndarray]) -> None:
    with pytest.raises(errors.ArgumentError, match="no input 'image'"):
        net.forward(image=batch["data"])
    with pytest.raises(errors.ShapeError, match="'data' has shape"):
        net.forward(data=batch["data"][:1])
    with pytest.raises(errors.ArgumentError, match="no layer 'nowhere'"):
        net.forward(end="nowhere")
    with pytest.raises(errors.ArgumentError, match="phase"):
        Net("net.prototxt", 3)
    with pytest.raises(errors.FileError, match=r"gone\.prototxt"):
        Net("gone.prototxt", TEST)
    with pytest.raises(errors.FileError, match=r"gone\.caffemodel"):
        net.copy_from("gone.caffemodel")


def test_label_out_of_range(net: Net, batch: dict[str, np.ndarray]) -> None:
    with pytest.raises(errors.NumericError, match="label"):
        net.forward(data=batch["data"], label=[0, 1, 5, 2])


def test_data_layers_name_the_layer_and_the_file(root: Path) -> None:
    path = root / "caffe/examples/cifar10/cifar10_quick_train_test.prototxt"
    with pytest.raises(errors.FileError, match=r"layer 'cifar' \(Data\).*mean\.binaryproto"):
        Net(path, TRAIN)


def in_a_process(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    package = str(Path(__file__).resolve().parents[2] / "python")
    variables = {**os.environ, "PYTHONPATH": package, **environment}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=variables, check=False
    )


def test_a_missing_jar_says_what_to_do() -> None:
    done = in_a_process(
        "from sparknet.local import Net\nNet('x.prototxt')", SPARKNET_JAR="/nowhere/x.jar"
    )
    assert "SetupError: SPARKNET_JAR names /nowhere/x.jar" in done.stderr


def test_missing_pyjnius_says_what_to_install() -> None:
    code = (
        "import sys\nsys.modules['jnius_config'] = None\n"
        "from sparknet.local import Net\nNet('x.prototxt')"
    )
    assert "SetupError: sparknet.local needs pyjnius: pip install" in in_a_process(code).stderr


def test_missing_jvm_says_what_to_install(jar: Path, tmp_path: Path) -> None:
    code = "from sparknet.local import Net\nNet('x.prototxt')"
    done = in_a_process(code, JAVA_HOME=str(tmp_path), PATH=str(tmp_path))
    assert "SetupError: no JVM could be started: install a JRE" in done.stderr
