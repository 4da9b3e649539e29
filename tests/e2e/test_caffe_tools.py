"""The tool `caffe`: training, resuming, signals, testing, timing, and what it refuses."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from processes import Program, running
from tools import FOLDER, done, refused, tool, weights

pytestmark = pytest.mark.e2e

# A line through constant points: x is 2 in three places, t is 1 in two.
NET = """
name: "line"
layer {
  name: "data" type: "DummyData" top: "x" top: "t"
  dummy_data_param {
    shape { dim: 4 dim: 3 } shape { dim: 4 dim: 2 }
    data_filler { value: 2 } data_filler { value: 1 }
  }
}
layer {
  name: "ip" type: "InnerProduct" bottom: "x" top: "y"
  inner_product_param { num_output: 2 weight_filler { type: "gaussian" std: 0.1 } }
}
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" LOSS }
"""
SOLVER = """
net: "net.prototxt" base_lr: 0.01 lr_policy: "step" gamma: 0.5 stepsize: 3 momentum: 0.9
weight_decay: 0.1 max_iter: 8 display: 1 snapshot: 4 snapshot_prefix: "line" random_seed: 3
"""
ENDLESS = SOLVER.replace("max_iter: 8", "max_iter: 2000000000").replace("snapshot: 4", "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the net and its solver."""
    (tmp_path / "net.prototxt").write_text(NET.replace("LOSS", ""))
    (tmp_path / "solver.prototxt").write_text(SOLVER)
    (tmp_path / "endless.prototxt").write_text(ENDLESS)
    return tmp_path


def sgd(start: dict[str, np.ndarray], steps: int, first: int = 0) -> dict[str, np.ndarray]:
    """What the solver makes of these weights, by hand, if it starts at iteration ``first``."""
    w, b = start["ip/0"].astype(np.float64), start["ip/1"].astype(np.float64)
    x, t = np.full((4, 3), 2.0), np.ones((4, 2))
    moment_w, moment_b = np.zeros_like(w), np.zeros_like(b)
    for step in range(first, first + steps):
        rate = 0.01 * 0.5 ** (step // 3)
        error = (x @ w.T + b - t) / 4
        moment_w = 0.9 * moment_w + rate * (error.T @ x + 0.1 * w)
        moment_b = 0.9 * moment_b + rate * (error.sum(0) + 0.1 * b)
        w, b = w - moment_w, b - moment_b
    return {"ip/0": w, "ip/1": b}


def close(ours: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert ours.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(ours[name], values, rtol=1e-5, atol=1e-6, err_msg=name)


def test_training_is_sgd_and_resuming_changes_nothing(folder: Path) -> None:
    _, log = done("caffe", "train", "--solver=solver.prototxt", folder=folder)
    whole = weights(folder / "line_iter_8.caffemodel")
    assert "Optimization Done." in log
    assert [int(n) for n in re.findall(r"Iteration (\d+), loss", log)] == list(range(9))
    # Weights at the start, from a solver that does nothing.
    none = SOLVER.replace("max_iter: 8", "max_iter: 0").replace('"line"', '"none"')
    (folder / "none.prototxt").write_text(none.replace("snapshot: 4", ""))
    done("caffe", "train", "-solver", "none.prototxt", folder=folder)
    close(whole, sgd(weights(folder / "none_iter_0.caffemodel"), 8))

    (folder / "line_iter_8.caffemodel").unlink()
    _, log = done(
        "caffe",
        "train",
        "-solver=solver.prototxt",
        "--snapshot",
        "line_iter_4.solverstate",
        folder=folder,
    )
    assert "Resuming from line_iter_4.solverstate" in log
    assert re.findall(r"Iteration (\d+), loss", log)[0] == "4"
    again = weights(folder / "line_iter_8.caffemodel")
    for name, values in whole.items():
        np.testing.assert_array_equal(again[name], values)


def test_fine_tuning_starts_from_the_weights(folder: Path) -> None:
    done("caffe", "train", "--solver", "solver.prototxt", folder=folder)
    tune = SOLVER.replace('"line"', '"tuned"').replace("max_iter: 8", "max_iter: 2")
    tune += 'weights: "replaced.caffemodel"\n'  # by the flag, so it need not be there
    (folder / "tune.prototxt").write_text(tune)
    start = folder / "line_iter_8.caffemodel"
    _, log = done("caffe", "train", "--solver=tune.prototxt", "--weights", start, folder=folder)
    assert f"Finetuning from {start}" in log
    close(weights(folder / "tuned_iter_2.caffemodel"), sgd(weights(start), 2))


def test_level_and_stage_choose_layers(folder: Path) -> None:
    extra = """
    layer { name: "staged" type: "ReLU" bottom: "y" top: "staged" include { stage: "more" } }
    layer { name: "high" type: "ReLU" bottom: "y" top: "high" include { min_level: 2 } }"""
    net = folder / "net.prototxt"
    net.write_text(net.read_text() + extra)

    def layers(*flags: str) -> set[str]:
        out, _ = done(
            "caffe", "time", "--model=net.prototxt", "--iterations=1", *flags, folder=folder
        )
        return {line.split()[0] for line in out.splitlines()[1:] if line} & {"staged", "high"}

    assert layers() == set()
    assert layers("--stage", "less,more") == {"staged"}
    assert layers("--level=2", "--stage=more") == {"staged", "high"}
    done("caffe", "train", "--solver=solver.prototxt", "--stage=more", folder=folder)
    assert b"staged" in (folder / "line_iter_8.caffemodel").read_bytes()


def started(program: Program) -> bool:
    return "Iteration 20," in program.err


def snapshots(folder: Path) -> list[int]:
    return sorted(int(p.stem.split("_")[-1]) for p in folder.glob("line_iter_*.solverstate"))


def test_interrupt_stops_with_a_snapshot(folder: Path) -> None:
    with running([FOLDER / "caffe", "train", "--solver=endless.prototxt"], folder) as program:
        program.until(lambda: started(program), "iterations")
        program.interrupt()
        assert program.wait() == 0
        assert "Optimization stopped early." in program.err
        (last,) = snapshots(folder)
        assert last >= 20
    # The snapshot is whole: the training goes on from it.
    solver = ENDLESS.replace("2000000000", str(last + 2))
    (folder / "rest.prototxt").write_text(solver)
    state = f"line_iter_{last}.solverstate"
    done("caffe", "train", "--solver=rest.prototxt", f"--snapshot={state}", folder=folder)
    assert snapshots(folder) == [last, last + 2]


def test_hangup_takes_a_snapshot_and_goes_on(folder: Path) -> None:
    command = [FOLDER / "caffe", "train", "--solver=endless.prototxt"]
    with running(command, folder) as program:
        program.until(lambda: started(program), "iterations")
        program.process.send_signal(signal.SIGHUP)
        program.until(lambda: len(snapshots(folder)) == 1, "snapshot")
        first = snapshots(folder)[0]
        program.until(lambda: f"Iteration {first + 10}," in program.err, "more iterations")
        program.interrupt()
        assert program.wait() == 0
        assert len(snapshots(folder)) == 2


def test_effects_of_signals_are_chosen(folder: Path) -> None:
    command = [FOLDER / "caffe", "train", "--solver=endless.prototxt"]
    flags = ["--sigint_effect=none", "-sighup_effect", "stop"]
    with running([*command, *flags], folder) as program:
        program.until(lambda: started(program), "iterations")
        program.interrupt()
        seen = int(re.findall(r"Iteration (\d+),", program.err)[-1])
        program.until(lambda: f"Iteration {seen + 20}," in program.err, "more iterations")
        assert snapshots(folder) == []
        program.process.send_signal(signal.SIGHUP)
        assert program.wait() == 0
        assert len(snapshots(folder)) == 1
    with running([*command, "--sigint_effect", "snapshot"], folder) as program:
        program.until(lambda: started(program), "iterations")
        program.interrupt()
        program.until(lambda: len(snapshots(folder)) == 2, "snapshot")
        assert program.process.poll() is None


def test_testing_prints_every_output_and_the_means(folder: Path) -> None:
    (folder / "net.prototxt").write_text(NET.replace("LOSS", "loss_weight: 0.5"))
    done("caffe", "train", "--solver=solver.prototxt", folder=folder)
    trained = weights(folder / "line_iter_8.caffemodel")
    silent = NET.replace("LOSS", "loss_weight: 0.5") + 'layer { name: "z" type: "ReLU" top: "z" '
    (folder / "test.prototxt").write_text(silent + 'bottom: "y" }')
    flags = ["--model=test.prototxt", "--weights= line_iter_8.caffemodel ,", "--iterations=3"]
    _, log = done("caffe", "test", *flags, folder=folder)
    y = np.full((4, 3), 2.0) @ trained["ip/0"].T + trained["ip/1"]
    loss = ((y - 1) ** 2).sum() / 2 / 4
    assert "Running for 3 iterations." in log
    lines = re.findall(r"Batch (\d), (\w+) = (\S+)", log)
    assert [line[:2] for line in lines] == [
        (str(batch), name) for batch in range(3) for name in ["loss"] + ["z"] * 8
    ]
    np.testing.assert_allclose(
        [float(line[2]) for line in lines[:9]], [loss, *np.maximum(y, 0).flat], rtol=1e-4
    )
    (total,) = re.findall(r"Loss: (\S+)", log)
    ((mean, weighted),) = re.findall(r"\d loss = (\S+) \(\* 0.5 = (\S+) loss\)", log)
    np.testing.assert_allclose([float(mean), float(weighted)], [loss, loss / 2], rtol=1e-4)
    np.testing.assert_allclose(float(total), loss / 2, rtol=1e-4)
    means = [float(value) for value in re.findall(r"\d z = (\S+)\n", log)]
    np.testing.assert_allclose(means, np.maximum(y, 0).flat, rtol=1e-4)


TIMED = """
layer { name: "in" type: "DummyData" top: "x" top: "t"
  dummy_data_param { shape { dim: 2 dim: 4 dim: 9 dim: 9 } shape { dim: 2 } } }
layer { name: "conv" type: "Convolution" bottom: "x" top: "c"
  convolution_param { num_output: 6 kernel_size: 3 group: 2 stride: 2 } }
layer { name: "up" type: "Deconvolution" bottom: "c" top: "u"
  convolution_param { num_output: 3 kernel_size: 2 } }
layer { name: "ip" type: "InnerProduct" bottom: "u" top: "y"
  inner_product_param { num_output: 5 } }
layer { name: "seen" type: "ReLU" bottom: "y" top: "seen" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "t" top: "loss" }
"""


def test_timing_shows_every_layer_and_its_arithmetic(tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text(TIMED)
    out, log = done("caffe", "time", "--model=net.prototxt", "--iterations=2", folder=tmp_path)
    table, sums = out.strip().split("\n\n")
    rows = {line.split()[0]: line.split()[1:] for line in table.splitlines()}
    names = ["in", "conv", "up", "ip", "y_ip_0_split", "seen", "loss", "total"]
    assert list(rows) == ["layer", *names]
    conv, up, ip = 2 * 2 * 6 * 2 * 9 * 16, 2 * 2 * 6 * 3 * 4 * 16, 2 * 2 * 5 * 3 * 25
    # Convolution: two images, 6 maps of 4x4 points, each of 2 channels of 3x3. Deconvolution: each
    # of 6x4x4 points into 3 maps of 2x2. The input of the net needs no gradient.
    forward = {"conv": conv, "up": up, "ip": ip, "total": conv + up + ip}
    backward = {"conv": conv, "up": 2 * up, "ip": 2 * ip, "total": conv + 2 * (up + ip)}
    for name in names:
        row = rows[name] if name == "total" else rows[name][1:]
        assert all(float(row[i]) >= 0 for i in (0, 3)), row
        if name in forward:
            assert float(row[1]) == pytest.approx(forward[name] / 1e9, rel=1e-3)
            assert float(row[4]) == pytest.approx(backward[name] / 1e9, rel=1e-3)
        else:
            assert row[1:3] + row[4:] == ["-"] * 4
    for kind in ("Forward pass", "Backward pass", "Forward-Backward"):
        assert re.search(rf"^Average {kind}: [\d.e-]+ ms\.$", sums, re.MULTILINE)
    assert re.findall(r"Iteration: (\d) forward-backward time: ", log) == ["1", "2"]


RECURRENT = """
layer { name: "in" type: "DummyData" top: "x" top: "cont" top: "fixed" top: "t"
  dummy_data_param {
    shape { dim: 3 dim: 2 dim: 4 } shape { dim: 3 dim: 2 } shape { dim: 2 dim: 7 }
    shape { dim: 3 dim: 2 dim: 5 }
  } }
layer { name: "lstm" type: "LSTM" bottom: "x" bottom: "cont" top: "h"
  recurrent_param { num_output: 5 } }
layer { name: "fixed" type: "LSTM" bottom: "x" bottom: "cont" bottom: "fixed" top: "f"
  recurrent_param { num_output: 5 } }
layer { name: "rnn" type: "RNN" bottom: "h" bottom: "cont" bottom: "fixed" top: "y"
  recurrent_param { num_output: 5 } }
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }
layer { name: "other" type: "EuclideanLoss" bottom: "f" bottom: "t" top: "other" }
"""


def test_recurrent_layers_are_counted_step_by_step(tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text(RECURRENT)
    out, _ = done("caffe", "time", "--model=net.prototxt", "--iterations=1", folder=tmp_path)
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line}
    # 3 steps of 2 sequences; 4 gates of 5 units see 4 inputs, 5 units and 7 fixed inputs.
    x, h, fixed = 2 * 6 * 20 * 4, 2 * 6 * 20 * 5, 2 * 2 * 20 * 7
    # The RNN's 5 units see 5 inputs, 5 units and 7 fixed inputs, and 5 outputs see them.
    each, still = 2 * 6 * 5 * 5, 2 * 2 * 5 * 7
    # Inputs of the net need no gradient; states do, and so does what the RNN sees of the LSTM.
    for name, forward, backward in (
        ("lstm", x + h, x + 2 * h),
        ("fixed", x + h + fixed, x + 2 * h + fixed),
        ("rnn", 3 * each + still, 6 * each + still),
    ):
        assert float(rows[name][2]) == pytest.approx(forward / 1e9, rel=1e-3), name
        assert float(rows[name][5]) == pytest.approx(backward / 1e9, rel=1e-3), name


def test_timing_takes_nets_that_spark_feeds_and_both_phases(tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text("""
        layer { name: "data" type: "JavaData" top: "x" java_data_param { shape { dim: 2 dim: 3 } } }
        layer { name: "extra" type: "ReLU" bottom: "x" top: "z" include { phase: TEST } }""")
    flags = ["--model=net.prototxt", "--iterations=1"]
    assert "extra" not in done("caffe", "time", *flags, folder=tmp_path)[0]
    assert "extra" in done("caffe", "time", *flags, "--phase=TEST", folder=tmp_path)[0]
    assert "extra" not in done("caffe", "time", *flags, "--phase", "TRAIN", folder=tmp_path)[0]


def test_device_query_says_what_there_is() -> None:
    out, _ = done("caffe", "device_query", "-gpu", "all")
    cpu = Path("/proc/cpuinfo").read_text()
    assert "GPU: none" in out
    for name in re.search(r"Instruction sets: (.*)", out).group(1).split():  # type: ignore[union-attr]
        assert name == "unknown" or re.search(rf"\b{name}\b", cpu), name
    assert int(re.search(r"Cores: (\d+)", out).group(1)) >= 1  # type: ignore[union-attr]


def test_gpu_is_accepted_with_a_warning(folder: Path) -> None:
    for flags in (["train", "--solver=solver.prototxt"], ["time", "--model=net.prototxt"]):
        _, log = done("caffe", *flags, "--gpu", "0,1", folder=folder)
        assert log.count("running on the CPU") == 1
        assert log.splitlines()[0].startswith("W ")


def test_flags_without_effect_are_told(folder: Path) -> None:
    _, log = done("caffe", "device_query", "--solver=x", "--minloglevel=1", folder=folder)
    assert "flag --solver has no effect on device_query" in log
    assert done("caffe", "device_query", "--logtostderr=1", "-alsologtostderr")[1] == ""
    assert done("caffe", "device_query", "--log_dir=x", "--v=1", "--minloglevel=2")[1] == ""


def test_help_names_commands_and_flags() -> None:
    out, log = done("caffe", "--help")
    assert log == ""
    for word in ("train", "test", "time", "device_query", "--solver", "--sighup_effect (snapshot)"):
        assert word in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage: caffe train|test|time|device_query"),
        (["train", "test"], "usage: caffe"),
        (["trian"], "unknown command 'trian'"),
        (["train", "--solvr=x"], "unknown flag --solvr"),
        (["train", "--nosolver"], "unknown flag --nosolver"),
        (["train", "--solver"], "flag --solver needs a value"),
        (["train"], "--solver is missing"),
        (["train", "--solver=none.prototxt"], "'none.prototxt' cannot be opened: No such file"),
        (["train", "--solver=bad.prototxt"], "bad.prototxt:2:"),
        (["train", "--solver=lost.prototxt"], "'lost_net.prototxt' cannot be opened"),
        (["train", "--solver=solver.prototxt", "--snapshot=a", "--weights=b"], "give one of them"),
        (["train", "--solver=solver.prototxt", "--snapshot=a"], "'a' cannot be opened"),
        (["train", "--solver=solver.prototxt", "--weights=b"], "'b' cannot be opened"),
        (["train", "--solver=solver.prototxt", "--weights=net.prototxt"], "damaged or truncated"),
        (["train", "--solver=x", "--sigint_effect=halt"], "not 'halt'"),
        (["train", "--solver=solver.prototxt", "--level=high"], "not 'high'"),
        (["test", "--weights=x"], "--model is missing"),
        (["test", "--model=net.prototxt"], "--weights is missing"),
        (["test", "--model=net.prototxt", "--weights=,"], "--weights names no file"),
        (["test", "--model=net.prototxt", "--weights=x", "--iterations=0"], "must be at least 1"),
        (["time"], "--model is missing"),
        (["time", "--model=bad.prototxt"], "bad.prototxt:2:"),
        (["time", "--model=odd.prototxt"], "layer 'odd': unknown layer type 'Odd'"),
        (["time", "--model=net.prototxt", "--iterations=1e9"], "not '1e9'"),
        (["time", "--model=net.prototxt", "--phase=test"], "not 'test'"),
        (["time", "--model=net.prototxt", "--help=maybe"], "flag --help is true or false"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_told_in_a_line(folder: Path, arguments: list[str], message: str) -> None:
    (folder / "bad.prototxt").write_text("\nlayer {{ }")
    (folder / "odd.prototxt").write_text('layer { name: "odd" type: "Odd" }')
    (folder / "lost.prototxt").write_text('net: "lost_net.prototxt"')
    assert message in refused("caffe", *arguments, folder=folder)


def test_a_loss_that_is_not_finite_ends_the_training(folder: Path) -> None:
    (folder / "solver.prototxt").write_text(SOLVER.replace("base_lr: 0.01", "base_lr: 1e30"))
    assert "the loss is" in refused("caffe", "train", "--solver=solver.prototxt", folder=folder)


def test_output_that_cannot_be_written_is_an_error() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    with full.open("w") as out:
        result = subprocess.run(
            [FOLDER / "caffe", "device_query"], stdout=out, stderr=subprocess.PIPE, text=True
        )
    assert result.returncode == 1
    assert "its output cannot be written" in result.stderr


def test_words_after_two_dashes_are_arguments() -> None:
    assert "unknown command '--help'" in tool("caffe", "--", "--help").stderr
