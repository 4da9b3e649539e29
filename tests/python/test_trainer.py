"""The trainer's loop, against a JVM that is faked."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import FakeDataset, FakeJvm, FakeTrainer

from sparknet.data import Dataset
from sparknet.errors import ArgumentError, FileError, NumericError, ShapeError, StateError
from sparknet.proto import caffe_pb2
from sparknet.trainer import Trainer

pytestmark = pytest.mark.unit

SHAPE = (1, 2, 2)
SOLVER = "base_lr: 0.1\n"
NET = """
layer { name: "data" type: "JavaData" top: "data"
        java_data_param { shape { dim: 10 dim: 1 dim: 2 dim: 2 } } }
layer { name: "label" type: "JavaData" top: "label" java_data_param { shape { dim: 10 dim: 1 } } }
"""


@pytest.fixture
def jvm() -> FakeJvm:
    return FakeJvm()


def make(jvm: FakeJvm, test: bool = True, **options: object) -> tuple[Trainer, FakeTrainer]:
    train = Dataset(FakeDataset(1000), jvm, SHAPE)
    tested = Dataset(FakeDataset(100), jvm, SHAPE) if test else None
    trainer = Trainer(SOLVER, train, tested, net=NET, **options)  # type: ignore[arg-type]
    assert jvm.made is not None
    return trainer, jvm.made


def test_the_loop_by_hand(jvm: FakeJvm) -> None:
    trainer, made = make(jvm)
    trainer.broadcast()
    done = trainer.train(tau=5)
    trainer.average()
    assert trainer.test()["accuracy"] == 0.05
    assert done.images == 100
    assert trainer.iteration == 5
    assert made.calls == ["broadcast", "train 5", "average", "test"]
    assert trainer.history.losses() == [(5, 1.0)]
    assert trainer.history.scores("accuracy") == [(5, 0.05)]


def test_fit_by_rounds_tests_and_snapshots_on_time(jvm: FakeJvm, capsys) -> None:  # type: ignore[no-untyped-def]
    trainer, made = make(jvm)
    history = trainer.fit(
        5, tau=3, test_every=2, snapshot_every=2, snapshot_prefix="/tmp/p", progress=True
    )
    each = ["broadcast", "train 3", "average"]
    kept = ["test", "snapshot /tmp/p"]
    rounds = each * 2 + kept + each * 2 + kept + each
    assert made.calls == ["check /tmp/p", *rounds, "snapshot /tmp/p"]
    assert len(history.rounds) == 5
    assert trainer.snapshots == ["/tmp/p_iter_15.caffemodel", "/tmp/p_iter_15.solverstate"]
    shown = capsys.readouterr().err
    assert "snapshot /tmp/p_iter_12.caffemodel" in shown
    assert "loss 0.0769, 120 images/s" in shown
    assert "iteration 6: accuracy 0.0600, loss 0.2500" in shown


def test_no_second_snapshot_of_the_last_round(jvm: FakeJvm) -> None:
    trainer, made = make(jvm)
    trainer.fit(2, snapshot_every=2, snapshot_prefix="/tmp/p", progress=False)
    assert made.calls.count("snapshot /tmp/p") == 1


def test_a_prefix_that_cannot_be_written_to_stops_fit_at_once(jvm: FakeJvm) -> None:
    trainer, made = make(jvm)
    made.refuses_prefix = FileError("snapshots cannot be written to 's3a://b/p': access denied")
    with pytest.raises(FileError, match="access denied"):
        trainer.fit(2, snapshot_prefix="s3a://b/p", progress=False)
    assert made.calls == ["check s3a://b/p"]


def test_fit_by_epochs_counts_images(jvm: FakeJvm) -> None:
    trainer, _ = make(jvm, workers=3)
    history = trainer.fit(epochs=2, tau=4, progress=False)
    # 120 images a round, 2,000 images asked for.
    assert len(history.rounds) == 17
    trainer.fit(epochs=0.1, tau=4, progress=False)
    assert len(history.rounds) == 18


def test_silent_without_progress(jvm: FakeJvm, capsys) -> None:  # type: ignore[no-untyped-def]
    make(jvm)[0].fit(2, test_every=1, progress=False)
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


def test_fit_needs_one_length(jvm: FakeJvm) -> None:
    trainer, _ = make(jvm)
    for arguments in ({}, {"rounds": 1, "epochs": 1}):
        with pytest.raises(ArgumentError, match="either rounds or epochs"):
            trainer.fit(**arguments)
    with pytest.raises(ArgumentError, match="snapshot_prefix"):
        trainer.fit(1, snapshot_every=1)


def test_interrupt_names_the_last_snapshot(jvm: FakeJvm, capsys) -> None:  # type: ignore[no-untyped-def]
    trainer, made = make(jvm)
    made.fails_in_round = (3, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(9, tau=1, snapshot_every=1, snapshot_prefix="/tmp/p")
    assert "interrupted; last snapshot: /tmp/p_iter_2.caffemodel" in capsys.readouterr().err
    assert trainer.snapshots[1] == "/tmp/p_iter_2.solverstate"
    assert made.calls[-1] == "cancel"


def test_an_error_of_a_round_comes_out_and_the_trainer_closes(jvm: FakeJvm) -> None:
    trainer, made = make(jvm)
    made.fails_in_round = (2, NumericError("loss is NaN"))
    with pytest.raises(NumericError, match="NaN"), trainer:
        trainer.fit(9, progress=False)
    assert made.calls[-1] == "close"
    assert len(trainer.history.rounds) == 1


def test_test_without_test_data(jvm: FakeJvm) -> None:
    with pytest.raises(StateError, match="pass test="):
        make(jvm, test=False)[0].test()


def test_weights_by_name(jvm: FakeJvm) -> None:
    trainer, made = make(jvm)
    weights = trainer.weights
    weights["ip"][1][:] = [3, 4]
    assert made.current.max() == 0  # A copy.
    trainer.broadcast(weights)
    np.testing.assert_array_equal(made.current, [0, 0, 0, 0, 0, 0, 3, 4])
    with pytest.raises(ShapeError):
        trainer.set_weights({"ip": [np.zeros(1)]})


def test_restore_by_kind_of_file(jvm: FakeJvm) -> None:
    trainer, made = make(jvm)
    for name in ("b.solverstate", "b.caffemodel", "b.solverstate.h5", "b.caffemodel.h5"):
        taken = trainer.restore(f"/a/{name}")
        assert taken == f"/a/{name}: {'all' if 'state' in name else 'some'}"
    assert made.calls == [
        "restore /a/b.solverstate",
        "load /a/b.caffemodel",
        "restore /a/b.solverstate.h5",
        "load /a/b.caffemodel.h5",
    ]


def test_mean_is_spread_over_an_item_and_options_go_on(jvm: FakeJvm) -> None:
    _, made = make(jvm, mean=np.array([7.0]), scale=0.5, seed=3, threads=1)
    for name in ("train", "test"):
        _, view = made.given[name]
        np.testing.assert_array_equal(view.mean, np.full(4, 7, np.float32))
        assert (view.scale, view.crop, view.mirror) == (0.5, None, False)
    assert jvm.options == {"seed": 3, "threads": 1}
    with pytest.raises(ShapeError, match=r"mean of shape \(3,\)"):
        make(jvm, mean=np.zeros(3))


def test_batch_sizes_reach_the_net(jvm: FakeJvm) -> None:
    make(jvm, batch_size=25)
    solver = caffe_pb2.SolverParameter.FromString(jvm.solver)
    shapes = [list(layer.java_data_param.shape.dim) for layer in solver.net_param.layer]
    assert shapes == [[25, 1, 2, 2], [25, 1]]


def test_wrong_number_of_workers(jvm: FakeJvm) -> None:
    with pytest.raises(ArgumentError, match="workers"):
        make(jvm, workers=0)
