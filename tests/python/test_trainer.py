"""The trainer's loop, against a JVM that is faked."""

from __future__ import annotations

import io
import logging
import sys

import numpy as np
import pandas
import pytest
from fakes import FakeDataset, FakeJvm, FakeTrainer

from sparknet import spec
from sparknet._jvm import Kept, Resumed
from sparknet.data import Dataset
from sparknet.errors import ArgumentError, FileError, NumericError, ShapeError, StateError
from sparknet.history import Evaluation, Round
from sparknet.notices import Notice
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


def make(
    jvm: FakeJvm, test: bool = True, solver: object = SOLVER, **options: object
) -> tuple[Trainer, FakeTrainer]:
    train = Dataset(FakeDataset(1000), jvm, SHAPE)
    tested = Dataset(FakeDataset(100), jvm, SHAPE) if test else None
    trainer = Trainer(solver, train, tested, net=NET, **options)  # type: ignore[arg-type]
    assert jvm.made is not None
    return trainer, jvm.made


def test_the_loop_by_hand(jvm: FakeJvm) -> None:
    trainer, made = make(jvm)
    trainer.broadcast()
    done = trainer.train(tau=5)
    whole = trainer.average()
    assert trainer.test()["accuracy"] == 0.05
    assert done.images == 100
    assert trainer.iteration == 5
    assert made.calls == ["broadcast", "train 5", "average", "test"]
    # It knows of the average, which the one before it could not.
    assert whole is not None
    assert whole == done._replace(turns=whole.turns)
    assert done.turns == ()
    assert [turn.exchange for turn in whole.turns] == [0.5]
    assert trainer.history.rounds[["iteration", "loss"]].values.tolist() == [[5, 1.0]]
    assert trainer.history.tests.to_dict("list") == {
        "iteration": [5],
        "accuracy": [0.05],
        "loss": [0.25],
    }
    assert trainer.history.rounds.turns.tolist() == [whole.turns]
    made.loses_round = True
    again = trainer.train(5)
    assert trainer.average() is None
    assert trainer.history.rounds.turns.tolist() == [whole.turns, again.turns]


def test_train_for_some_time(jvm: FakeJvm) -> None:
    trainer, made = make(jvm)
    assert trainer.train(seconds=0.5).seconds == 0.5
    assert made.calls == ["train for 0.5"]
    assert len(trainer.history.rounds) == 1
    for arguments in ({}, {"tau": 1, "seconds": 1.0}):
        with pytest.raises(ArgumentError, match="either tau or seconds"):
            trainer.train(**arguments)
    assert made.calls == ["train for 0.5"]


ROUNDS = [Round(3 * n, 1 / n, 60, 0.5, 2) for n in (1, 2, 3)]
TESTED = Evaluation(6, {"loss": 0.25, "accuracy": 0.06})
KEPT = ["/tmp/p_iter_6.caffemodel", "/tmp/p_iter_6.solverstate"]


def test_fit_has_a_run_done_and_notes_and_shows_it(jvm: FakeJvm, capsys) -> None:  # type: ignore[no-untyped-def]
    trainer, made = make(jvm)
    made.runs = [*ROUNDS[:2], TESTED, KEPT, ROUNDS[2]]
    history = trainer.fit(3, tau=3, test_every=2, snapshot_every=2, snapshot_prefix="/tmp/p")
    given = {"rounds": 3, "tau": 3, "test_every": 2, "snapshot_every": 2}
    assert made.given["plan"].options == {**given, "snapshot_prefix": "/tmp/p"}
    assert history.rounds.iteration.tolist() == [3, 6, 9]
    assert history.tests.accuracy.tolist() == [0.06]
    assert trainer.snapshots == KEPT
    shown = capsys.readouterr().err.splitlines()
    assert [line.split(" [")[0] for line in shown] == [
        "training  33% loss 1.0000, 120 images/s",
        "training  67% loss 0.5000, 120 images/s",
        "iteration 6: accuracy 0.0600, loss 0.2500",
        "snapshot /tmp/p_iter_6.caffemodel",
        "training 100% loss 0.3333, 120 images/s",
    ]


def test_fit_by_epochs_shows_images(jvm: FakeJvm, capsys) -> None:  # type: ignore[no-untyped-def]
    trainer, made = make(jvm)
    made.runs = [*ROUNDS]
    trainer.fit(epochs=0.15, tau=3)  # Of 1,000 images.
    assert made.given["plan"].options == {"images": 150.0, "tau": 3}
    shown = capsys.readouterr().err
    assert [line.split()[1] for line in shown.splitlines()] == ["40%", "80%", "100%"]
    made.runs = [*ROUNDS]
    assert len(trainer.fit(epochs=0.15, progress=False).rounds) == 6


def test_fit_tests_what_there_is(jvm: FakeJvm) -> None:
    trainer, made = make(jvm, test=False)
    trainer.fit(1, test_every=1, progress=False)
    assert made.given["plan"].options == {"rounds": 1, "tau": 10, "test_every": 0}


def test_fit_shows_what_a_run_with_checkpoints_had_done(jvm: FakeJvm, capsys) -> None:  # type: ignore[no-untyped-def]
    trainer, made = make(jvm)
    made.runs = [Resumed(6, 2, 120), ROUNDS[2], Kept("/tmp/c/iter_9")]
    history = trainer.fit(3, tau=3, checkpoint="/tmp/c", every=4, keep=5)
    kept = {"checkpoint": "/tmp/c", "every": 4, "keep": 5}
    assert made.given["plan"].options == {"rounds": 3, "tau": 3, **kept}
    assert history.rounds.iteration.tolist() == [9]
    assert "training 100%" in capsys.readouterr().err


def test_a_prefix_that_cannot_be_written_to_stops_fit_at_once(jvm: FakeJvm, capsys) -> None:  # type: ignore[no-untyped-def]
    trainer, made = make(jvm)
    made.refuses_prefix = FileError("snapshots cannot be written to 's3a://b/p': access denied")
    with pytest.raises(FileError, match="access denied"):
        trainer.fit(2, snapshot_prefix="s3a://b/p")
    assert capsys.readouterr().err == ""


def test_silent_without_progress(jvm: FakeJvm, capsys) -> None:  # type: ignore[no-untyped-def]
    trainer, made = make(jvm)
    made.runs = [ROUNDS[0], TESTED, KEPT]
    trainer.fit(1, test_every=1, snapshot_prefix="/tmp/p", progress=False)
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


def test_what_the_jvm_tells_is_handed_on(jvm: FakeJvm, caplog: pytest.LogCaptureFixture) -> None:
    trainer, made = make(jvm)
    made.runs = [ROUNDS[0], ROUNDS[1]]
    for call in (
        lambda: trainer.train(1),
        lambda: trainer.test(),
        lambda: trainer.snapshot("/tmp/p"),
        lambda: trainer.fit(2, progress=False),
    ):
        caplog.clear()
        made.told = [Notice(logging.WARNING, "1 record left out")]
        call()
        assert caplog.messages == ["1 record left out"]


def test_what_is_told_is_above_the_bar(jvm: FakeJvm, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    trainer, made = make(jvm)
    made.runs = [ROUNDS[0], ROUNDS[1]]
    made.told_in_run = [[], [Notice(logging.WARNING, "worker 0 was lost")]]
    trainer.fit(2)
    lines = screen.getvalue().split("\n")
    # What was drawn is overwritten with blanks before, and the bar comes again after it.
    assert [line.split("\r")[-1] for line in lines[:1]] == ["SparkNet: worker 0 was lost"]
    assert lines[0].split("\r")[-2].strip() == ""
    assert "training 100%" in lines[1]


def test_what_is_left_to_tell_when_a_run_fails(
    jvm: FakeJvm, caplog: pytest.LogCaptureFixture
) -> None:
    trainer, made = make(jvm)
    made.runs = [NumericError("loss is NaN")]
    made.told = [Notice(logging.WARNING, "1 record left out")]
    with pytest.raises(NumericError, match="NaN"):
        trainer.fit(2, progress=False)
    assert caplog.messages == ["1 record left out"]


def test_fit_needs_one_length(jvm: FakeJvm) -> None:
    trainer, made = make(jvm)
    with pytest.raises(ArgumentError, match="rounds or epochs, not both"):
        trainer.fit(1, epochs=1)
    with pytest.raises(ArgumentError, match="the solver has no max_iter"):
        trainer.fit()
    with pytest.raises(ArgumentError, match="snapshot_prefix"):
        trainer.fit(1, snapshot_every=1)
    assert made.calls == []


def test_interrupt_names_the_last_snapshot(jvm: FakeJvm, capsys) -> None:  # type: ignore[no-untyped-def]
    trainer, made = make(jvm)
    made.runs = [ROUNDS[0], KEPT, KeyboardInterrupt(), ROUNDS[1]]
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(9, tau=1, snapshot_every=1, snapshot_prefix="/tmp/p")
    assert "interrupted; last snapshot: /tmp/p_iter_6.caffemodel" in capsys.readouterr().err
    assert trainer.snapshots == KEPT
    assert made.calls[-1] == "cancel"


def test_an_error_of_a_round_comes_out_and_the_trainer_closes(jvm: FakeJvm) -> None:
    trainer, made = make(jvm)
    made.runs = [ROUNDS[0], NumericError("loss is NaN")]
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


def keywords(jvm: FakeJvm, **options: object) -> caffe_pb2.SolverParameter:
    """What reaches the JVM of a trainer without a solver of its own."""
    data = Dataset(FakeDataset(1000), jvm, SHAPE)
    Trainer(train=data, net=NET, **options)  # type: ignore[arg-type]
    return caffe_pb2.SolverParameter.FromString(jvm.solver)


def test_a_solver_of_keywords(jvm: FakeJvm) -> None:
    solver = keywords(
        jvm, learning_rate=0.5, momentum=0.25, weight_decay=2, optimizer="ADAM", delta=0.5, seed=3
    )
    fields = {
        field.name: value for field, value in solver.ListFields() if field.name != "net_param"
    }
    assert fields == {
        "base_lr": 0.5,
        "momentum": 0.25,
        "weight_decay": 2,
        "type": "Adam",
        "delta": 0.5,
        "lr_policy": "fixed",
    }
    assert jvm.options == {"seed": 3}
    assert keywords(jvm, solver={"base_lr": 0.5}, momentum=0.25).momentum == 0.25
    for options, match in [
        ({}, "needs a learning rate"),
        ({"learning_rate": 1, "optimizer": "sgdd"}, "did you mean SGD"),
        ({"solver": {"base_lrr": 1}}, "did you mean base_lr"),
    ]:
        with pytest.raises(ArgumentError, match=match):
            keywords(jvm, **options)
    with pytest.raises(ArgumentError, match="pass train="):
        Trainer(net=NET, learning_rate=1)


def test_test_data_bring_a_test_net(jvm: FakeJvm) -> None:
    make(jvm)
    assert list(caffe_pb2.SolverParameter.FromString(jvm.solver).test_iter) == [1]
    make(jvm, test=False)
    assert list(caffe_pb2.SolverParameter.FromString(jvm.solver).test_iter) == []


def test_an_option_that_nobody_knows_may_be_one_of_the_solver(jvm: FakeJvm) -> None:
    jvm.refuses = ArgumentError("there is no option 'weight_decy'; there are seed and threads")
    with pytest.raises(ArgumentError, match="and threads; did you mean weight_decay"):
        make(jvm, weight_decy=1)
    jvm.refuses = ArgumentError("there is no option 'miror'; there are seed and threads")
    with pytest.raises(ArgumentError, match="did you mean mirror"):
        make(jvm, miror=True)
    jvm.refuses = ArgumentError("threads must be at least 0, not -1")
    with pytest.raises(ArgumentError, match=r"not -1$"):
        make(jvm, threads=-1)


def test_the_solver_that_is_shown_is_a_copy(jvm: FakeJvm) -> None:
    trainer, _ = make(jvm)
    assert trainer.solver.base_lr == pytest.approx(0.1)
    trainer.solver.base_lr = 7
    assert trainer.solver.base_lr == pytest.approx(0.1)
    with pytest.raises(AttributeError):
        trainer.solver = caffe_pb2.SolverParameter()  # type: ignore[misc]


def test_a_line_says_what_is_trained(jvm: FakeJvm) -> None:
    trainer, made = make(jvm, workers=3)
    made.steps = 40
    assert repr(trainer) == "<Trainer of net '': 8 weights, 3 workers, iteration 40>"


def test_wrong_number_of_workers(jvm: FakeJvm) -> None:
    with pytest.raises(ArgumentError, match="workers"):
        make(jvm, workers=0)


def test_a_worker_for_each_slot(jvm: FakeJvm) -> None:
    jvm.cluster_slots = 3
    assert make(jvm)[1].workers == 3
    assert make(jvm, workers=5)[1].workers == 5


FOLLOWED = spec.solver(SOLVER, NET, max_iter=50, test_interval=20, snapshot=10, snapshot_prefix="p")


def test_fit_without_a_length_does_what_the_solver_says(jvm: FakeJvm, capsys) -> None:  # type: ignore[no-untyped-def]
    trainer, made = make(jvm, solver=FOLLOWED)
    made.steps = 5  # It has been trained before.
    made.runs = [Round(14, 1.0, 60, 0.5, 2), Round(50, 1.0, 60, 0.5, 2)]
    trainer.fit(tau=9)
    plan = made.given["plan"]
    assert plan.options == {"tau": 9}
    told = plan.solver
    assert (told.max_iter, told.test_interval, told.snapshot) == (50, 20, 10)
    assert (told.snapshot_prefix, told.HasField("net_param")) == ("p", False)
    shown = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in shown] == ["20%", "100%"]  # 9 and 45 of 45 steps.
    made.runs = [Resumed(41, 4, 60), Round(50, 1.0, 60, 0.5, 2)]
    trainer.fit(checkpoint="c")  # 36 and 45 of 45.
    assert [line.split()[1] for line in capsys.readouterr().err.splitlines()] == ["100%"]
    made.runs = []
    trainer.fit(test_every=0, snapshot_every=4, progress=False)
    assert made.given["plan"].options == {"tau": 10, "test_every": 0, "snapshot_every": 4}
    without = make(jvm, test=False, solver=spec.solver(FOLLOWED, test_interval=0))[0]
    without.fit(validation=Dataset(FakeDataset(5), jvm, SHAPE), progress=False)
    assert jvm.made is not None
    assert jvm.made.given["plan"].options == {"tau": 10, "test_every": 1}
    make(jvm, test=False, solver=FOLLOWED)[0].fit(progress=False)
    assert jvm.made is not None
    assert jvm.made.given["plan"].options == {"tau": 10, "test_every": 0}


def test_other_data_for_fit_and_evaluate(jvm: FakeJvm) -> None:
    trainer, made = make(jvm, test=False)
    first, second = Dataset(FakeDataset(50), jvm, SHAPE), Dataset(FakeDataset(70), jvm, SHAPE)
    trainer.fit(epochs=2, train=first, validation=second, progress=False)
    assert made.given["train"][0] is first.handle
    assert made.given["test"][0] is second.handle
    assert made.given["plan"].options == {"images": 100.0, "tau": 10, "test_every": 1}
    assert trainer.evaluate(first) == {"accuracy": 0.0, "loss": 0.25}
    assert made.given["test"][0] is first.handle
    assert len(trainer.history.tests) == 0
    trainer.test()  # With the trainer's own again.
    assert made.given["test"][0] is second.handle


def test_data_that_are_no_data_set(jvm: FakeJvm) -> None:
    good, array = Dataset(FakeDataset(9), jvm, SHAPE), np.zeros((2, 1, 2, 2))
    trainer = Trainer(SOLVER, good, good, net=NET)
    frame = pandas.DataFrame({"a": [1]})
    for name, made in (
        ("train", lambda given: Trainer(SOLVER, given, net=NET)),
        ("test", lambda given: Trainer(SOLVER, good, given, net=NET)),
        ("train", lambda given: trainer.fit(1, train=given)),
        ("validation", lambda given: trainer.fit(1, validation=given)),
        ("data to test on", trainer.evaluate),
    ):
        with pytest.raises(ArgumentError, match=f"{name} is no.*ndarray: pass .*from_numpy"):
            made(array)
        with pytest.raises(ArgumentError, match=f"{name} is no.*pandas.*: pass .*from_numpy"):
            made(frame)
    spark = type("DataFrame", (), {"__module__": "pyspark.sql.dataframe"})()
    with pytest.raises(ArgumentError, match=r"pass sparknet\.data\.from_dataframe"):
        Trainer(SOLVER, spark, net=NET)


def test_the_learning_rate_is_the_jvms(jvm: FakeJvm) -> None:
    trainer, made = make(jvm)
    assert trainer.learning_rate == 0.1
    trainer.learning_rate /= 2
    assert trainer.learning_rate == 0.05
    trainer.learning_rate = None
    assert made.calls == ["rate 0.05", "rate None"]


def test_what_only_a_run_has(jvm: FakeJvm) -> None:
    trainer, _ = make(jvm)
    for ask in (trainer.stop, lambda: trainer.tau, lambda: trainer.round):
        with pytest.raises(StateError, match="no fit is running"):
            ask()
