"""The trainer on Spark with the native engine: learning, weights, snapshots, and errors."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from digits_data import SOLVER, digits

import sparknet
from sparknet import data, errors, feeds, spec
from sparknet.data import Dataset
from sparknet.local import TEST, Net
from sparknet.proto import caffe_pb2
from sparknet.trainer import Trainer

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def train(spark: SparkSession) -> Dataset:
    images, labels = digits()
    return data.from_numpy(images[360:], labels[360:], 2, spark)


@pytest.fixture(scope="module")
def test(spark: SparkSession) -> Dataset:
    images, labels = digits()
    return data.from_numpy(images[:360], labels[:360], 2, spark)


def make(train: Dataset, test: Dataset | None = None, **options: Any) -> Trainer:
    return Trainer(options.pop("solver", SOLVER), train, test, workers=2, seed=4, **options)


def code(batch: int) -> sparknet.Net:
    net = sparknet.Net("code", inputs={"data": (batch, 1, 8, 8), "label": (batch,)})
    data, label = net.inputs
    hidden = data.InnerProduct("ip1", num_output=40, weight_filler={"type": "xavier"})
    scores = hidden.ReLU(in_place=True).InnerProduct(
        "ip2", num_output=10, weight_filler={"type": "xavier"}
    )
    scores.SoftmaxWithLoss("loss", label)
    scores.Accuracy("accuracy", label, include="TEST")
    return net


def test_a_net_in_code_and_keywords_are_all_that_it_takes(train: Dataset, test: Dataset) -> None:
    options: dict[str, Any] = {"net": code(32), "learning_rate": 0.05, "momentum": 0.9}
    with make(train, test, solver=None, test_batch_size=20, **options) as trainer:
        trainer.fit(15, tau=10, progress=False)
        assert trainer.test()["accuracy"] > 0.9
        assert repr(trainer) == ("<Trainer of net 'code': 3,010 weights, 2 workers, iteration 150>")


OLD = """
name: "old"
layers { name: "ip" type: INNER_PRODUCT bottom: "pixels" top: "ip" blobs_lr: 1 blobs_lr: 2
         inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layers { name: "loss" type: SOFTMAX_LOSS bottom: "ip" bottom: "class" }
layers { name: "accuracy" type: ACCURACY bottom: "ip" bottom: "class" top: "accuracy"
         include { phase: TEST } }
"""


def test_prototxts_of_old_caffe_train(train: Dataset, test: Dataset) -> None:
    """Layers of V1, data layers that are not named data and label, and old transforms in them."""
    data_layer = (
        'layers { name: "d" type: DATA top: "pixels" top: "class"'
        ' data_param { source: "nowhere" batch_size: 20 scale: 2 mirror: true } }'
    )
    net = OLD.replace("layers", data_layer + "\nlayers", 1)
    with make(train, test, solver=None, net=net, learning_rate=0.1) as trainer:
        layers = trainer.solver.net_param.layer
        assert [layer.name for layer in layers] == ["pixels", "class", "ip", "loss", "accuracy"]
        assert list(layers[0].java_data_param.shape.dim) == [20, 1, 8, 8]
        assert [param.lr_mult for param in layers[2].param] == [1, 2]
        trainer.fit(10, tau=10, progress=False)
        assert trainer.test()["accuracy"] > 0.8
    view = feeds.view(
        feeds.read(spec.solver(None, net, learning_rate=1), train.jvm), (1, 8, 8), *[None] * 4
    )
    assert (view.scale, view.mirror) == (2, True)
    assert [layer.type for layer in sparknet.Net.load(net).layers][1:3] == [
        "InnerProduct",
        "SoftmaxWithLoss",
    ]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"weight_decy": 0.1}, "no option 'weight_decy'; .*; did you mean weight_decay"),
        ({"test_batchsize": 1}, "no option 'test_batchsize'; .*; did you mean .*test_batch_size"),
    ],
)
def test_unknown_options(train: Dataset, options: dict[str, Any], match: str) -> None:
    with pytest.raises(errors.ArgumentError, match=match):
        make(train, solver=None, net=code(4), learning_rate=1, **options)


def test_learns_and_scores_as_the_same_weights_do_in_this_process(
    train: Dataset, test: Dataset, tmp_path: Path
) -> None:
    with make(train, test) as trainer:
        before = trainer.test()
        history = trainer.fit(25, tau=10, progress=False)
        after = trainer.test()
        assert before["accuracy"] < 0.3
        assert after["accuracy"] > 0.9
        assert trainer.iteration == 250
        assert history.rounds.workers.tolist() == [2] * 25
        assert history.images == 2 * 10 * 32 * 25
        assert history.rounds.loss.iloc[-1] < history.rounds.loss.iloc[0] / 4
        caffemodel, _ = trainer.snapshot(tmp_path / "digits")
    (tmp_path / "net.prototxt").write_text(str(deploy_net()))
    net = Net(tmp_path / "net.prototxt", TEST, weights=caffemodel)
    images, labels = digits()
    outputs = net.forward(data=images[:360], label=labels[:360].reshape(-1, 1))
    assert float(outputs["accuracy"]) == pytest.approx(after["accuracy"], abs=1e-6)
    assert float(outputs["loss"]) == pytest.approx(after["loss"], rel=1e-4)


def deploy_net() -> caffe_pb2.NetParameter:
    """The test net with Input layers for 360 items."""
    net = caffe_pb2.NetParameter(name="digits")
    for layer in spec.solver(SOLVER).net_param.layer:
        if caffe_pb2.TRAIN in [rule.phase for rule in layer.include]:
            continue
        added = net.layer.add()
        added.CopyFrom(layer)
        if layer.type == "JavaData":
            added.type = "Input"
            added.input_param.shape.add().CopyFrom(layer.java_data_param.shape)
            added.input_param.shape[0].dim[0] = 360
            added.ClearField("java_data_param")
    return net


def test_steps_one_by_one(train: Dataset, test: Dataset) -> None:
    with make(train, test, batch_size=16) as trainer:
        start = trainer.weights
        trainer.broadcast()
        done = trainer.train(3)
        assert (done.images, done.workers, done.iteration) == (96, 2, 3)
        with pytest.raises(errors.StateError, match="average"):
            trainer.train(3)
        unchanged = trainer.weights
        assert [(turn.worker, turn.steps, turn.images) for turn in done.turns] == [
            (0, 3, 48),
            (1, 3, 48),
        ]
        whole = trainer.average()
        assert whole is not None
        assert whole[:6] == done[:6]
        for before, turn in zip(done.turns, whole.turns):
            assert turn.compute == before.compute > 0
            assert turn.exchange > before.exchange
            assert turn.seconds == pytest.approx(whole.turns[0].seconds)
            assert turn.feed >= 0
            assert turn.seconds > before.seconds == pytest.approx(done.seconds)
        moved = trainer.weights
        for layer, blobs in start.items():
            np.testing.assert_array_equal(unchanged[layer][0], blobs[0])
            assert np.abs(moved[layer][0] - blobs[0]).max() > 0
        assert trainer.iteration == 3


def test_steps_for_some_time(train: Dataset) -> None:
    with make(train) as trainer:
        done = trainer.train(seconds=0.2)
        trainer.average()
        assert trainer.iteration == done.iteration >= 1
        # Workers need not take as many steps; of two counts this is the mean, rounded.
        assert abs(done.images / 64 - done.iteration) <= 0.5
        assert (done.workers, done.lost) == (2, 0)
        with pytest.raises(errors.ArgumentError, match="positive"):
            trainer.train(seconds=0)


def test_fit_tests_and_keeps_weights_on_time(train: Dataset, test: Dataset, tmp_path: Path) -> None:
    with make(train, test) as trainer:
        prefix = tmp_path / "digits"
        history = trainer.fit(
            5, tau=2, test_every=2, snapshot_every=3, snapshot_prefix=prefix, progress=False
        )
        assert history.rounds.iteration.tolist() == [2, 4, 6, 8, 10]
        assert history.tests.iteration.tolist() == [4, 8]
        kept = {int(path.stem.split("_iter_")[1]) for path in tmp_path.iterdir()}
        assert kept == {6, 10}
        assert trainer.snapshots[0] == f"{prefix}_iter_10.caffemodel"
        # 1437 images and 64 a step of both workers: the third round passes a tenth of them.
        history = trainer.fit(epochs=0.1, tau=1, progress=False)
        assert history.rounds.iteration.tolist()[5:] == [11, 12, 13]


def test_a_round_of_fit_is_one_call(
    spark: SparkSession, train: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = spark.sparkContext._gateway._gateway_client
    send, calls = client.send_command, []

    def counted(command: str, *args: Any, **options: Any) -> Any:
        calls.append(command)
        return send(command, *args, **options)

    with make(train) as trainer:
        trainer.fit(1, tau=1, progress=False)
        monkeypatch.setattr(client, "send_command", counted)
        counts = []
        for rounds in (3, 13):
            calls.clear()
            trainer.fit(rounds, tau=1, progress=False)
            counts.append(sum("next" in command for command in calls))
            # Others tell the JVM which objects of earlier tests Python has let go of.
            others = [c for c in calls if c.startswith("c\n") and "next" not in c]
            assert len(others) < 6
        assert counts == [4, 14]  # The last call says that nothing is left.


def test_weights_are_named_and_shaped_and_can_be_set(train: Dataset) -> None:
    with make(train) as trainer:
        weights = trainer.weights
        first = next(iter(weights))
        assert weights[first][0].shape == (20, 1, 3, 3)
        assert weights[first][0].std() > 0
        for blobs in weights.values():
            for blob in blobs:
                blob[...] = 0.25
        trainer.broadcast(weights)
        for layer, blobs in trainer.weights.items():
            for index, blob in enumerate(blobs):
                np.testing.assert_array_equal(blob, weights[layer][index])


def test_snapshot_is_plain_caffe_and_restores(
    train: Dataset, test: Dataset, tmp_path: Path
) -> None:
    with make(train, test) as trainer:
        trainer.fit(3, tau=4, progress=False)
        caffemodel, solverstate = trainer.snapshot(tmp_path / "digits")
        scores = trainer.test()
        weights = trainer.weights
    assert Path(caffemodel).name == "digits_iter_12.caffemodel"
    state = caffe_pb2.SolverState.FromString(Path(solverstate).read_bytes())
    assert state.iter == 12
    assert len(state.history) == sum(len(blobs) for blobs in weights.values())
    stored = caffe_pb2.NetParameter.FromString(Path(caffemodel).read_bytes())
    blobs = {layer.name: layer.blobs for layer in stored.layer if layer.blobs}
    for layer, arrays in weights.items():
        for index, array in enumerate(arrays):
            np.testing.assert_array_equal(np.array(blobs[layer][index].data), array.ravel())
    with make(train, test) as resumed:
        resumed.restore(solverstate)
        assert resumed.iteration == 12
        assert resumed.test() == pytest.approx(scores, rel=1e-5)
        resumed.fit(1, tau=4, progress=False)
        assert resumed.iteration == 16
    with make(train, test) as loaded:
        loaded.restore(caffemodel)
        assert loaded.iteration == 0
        assert loaded.test() == pytest.approx(scores, rel=1e-5)


def test_places_are_paths_of_this_process_or_uris(
    train: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run 1:2").mkdir()
    monkeypatch.chdir(tmp_path / "run 1:2")  # Not the JVM's.
    with make(train) as trainer:
        history = trainer.fit(1, tau=1, snapshot_prefix="own", progress=False)
        here = f"{tmp_path}/run 1:2"
        pair = ["own_iter_1.caffemodel", "own_iter_1.solverstate"]
        assert trainer.snapshots == [f"{here}/{name}" for name in pair]
        assert sorted(path.name for path in Path().iterdir()) == pair
        trainer.restore("own_iter_1.solverstate")
        trainer.restore("../run 1:2/own_iter_1.caffemodel")
        trainer.restore(f"file://{here}/own_iter_1.solverstate")
        with pytest.raises(errors.FileError, match="nosuch://host/x"):
            trainer.restore("nosuch://host/x.solverstate")
        for prefix, why in [("none/own", "there is no folder .*/none"), ("nosuch://h/x", "nosuch")]:
            reason = f"cannot be written to '.*{prefix}': .*{why}"
            with pytest.raises(errors.FileError, match=reason):
                trainer.fit(1, snapshot_prefix=prefix, progress=False)
        assert len(history.rounds) == 1


def test_the_solver_says_how_long_and_what_comes_between(
    train: Dataset, test: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # Not the JVM's.
    solver = spec.solver(
        SOLVER, max_iter=11, test_interval=4, snapshot=5, snapshot_prefix="own", test_iter=[1]
    )
    with make(train, test, solver=solver) as trainer:
        history = trainer.fit(tau=2, progress=False)
        assert history.rounds.iteration.tolist() == [2, 4, 6, 8, 10, 11]
        assert history.tests.iteration.tolist() == [0, 4, 8]
        kept = {path.name.split("_iter_")[1] for path in tmp_path.glob("*.caffemodel")}
        assert kept == {f"{n}.caffemodel" for n in (6, 10, 11)}
        assert len(trainer.fit(progress=False).rounds) == 6  # It is there already.


def test_a_solver_is_not_asked_where_fit_says_how_long(train: Dataset) -> None:
    # Nearly every solver of Caffe's names a folder that is not there.
    solver = spec.solver(SOLVER, snapshot=10, snapshot_prefix="none/x", max_iter=5)
    with make(train, solver=solver) as trainer:
        trainer.fit(1, tau=1, progress=False)
        with pytest.raises(errors.FileError, match=r"there is no folder .*/none"):
            trainer.fit(tau=1, progress=False)
        trainer.fit(tau=2, snapshot_every=0, progress=False)
        assert trainer.iteration == 5


def test_mean_and_scale_are_applied(spark: SparkSession, train: Dataset, test: Dataset) -> None:
    images, labels = digits()
    raw = [
        data.from_numpy((part * 16).astype(np.uint8), numbers, 2, spark)
        for part, numbers in ((images[360:], labels[360:]), (images[:360], labels[:360]))
    ]
    with make(*raw, scale=1 / 16) as scaled, make(train, test) as plain:
        assert scaled.test() == pytest.approx(plain.test(), rel=1e-4)
        mean = train.mean()
        with make(*raw, mean=16 * mean, scale=1 / 16) as centred:
            shifted = data.from_numpy(images[:360] - mean, labels[:360], 2, spark)
            with make(train, shifted) as expected:
                assert centred.test() == pytest.approx(expected.test(), rel=1e-4)


def until(condition: Any) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def by_hand(trainer: Trainer) -> None:
    while True:
        trainer.train(1)
        trainer.average()


@pytest.mark.parametrize(
    "loop", [lambda trainer: trainer.fit(100_000, tau=1, progress=False), by_hand]
)
def test_jobs_of_others_survive_ctrl_c_and_close(
    spark: SparkSession, train: Dataset, tmp_path: Path, loop: Callable[[Trainer], Any]
) -> None:
    runs, go = str(tmp_path / "runs"), str(tmp_path / "go")

    def waits(number: int) -> int:
        import pathlib
        import time

        pathlib.Path(runs).touch()
        while not pathlib.Path(go).exists():
            time.sleep(0.05)
        return number

    def interrupt(trainer: Trainer) -> None:
        until(lambda: len(trainer.history.rounds) >= 2)
        os.kill(os.getpid(), signal.SIGINT)

    other = spark.sparkContext.parallelize([7], 1).map(waits)
    with ThreadPoolExecutor(2) as threads:
        try:
            result = threads.submit(other.collect)
            until(lambda: Path(runs).exists())
            with make(train) as trainer:
                threads.submit(interrupt, trainer)
                with pytest.raises(KeyboardInterrupt):
                    loop(trainer)
                trainer.broadcast(trainer.weights)  # Drops the round that was cut short, if any.
                trainer.train(1)
            assert not result.done()
        finally:
            Path(go).touch()
        assert result.result(120) == [7]
