"""What a fit of an estimator tells while it runs, and how it is ended; on Spark."""

from __future__ import annotations

import logging
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import numpy as np
import pytest

from sparknet import errors

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytest.importorskip("pyspark")
from pyspark.ml.evaluation import MulticlassClassificationEvaluator
from pyspark.ml.tuning import CrossValidator, ParamGridBuilder

from sparknet.ml import CaffeClassifier, CaffeModel, fitting

pytestmark = pytest.mark.spark

NET = """
name: "mlp"
layer { name: "ip1" type: "InnerProduct" bottom: "data" top: "ip1"
  inner_product_param { num_output: 8 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
  inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
"""
ROWS = 200


@pytest.fixture(scope="module")
def frame(spark: SparkSession) -> DataFrame:
    points = np.random.default_rng(1).normal(size=(ROWS, 2))
    rows = [(i, [float(x), float(y)], int(x > y)) for i, (x, y) in enumerate(points)]
    return spark.createDataFrame(rows, ["id", "features", "label"]).repartition(2).cache()


def classifier(**arguments: Any) -> CaffeClassifier:
    given = {"epochs": 4, "learning_rate": 0.1, "num_workers": 2, "seed": 1, "tau": 5}
    return CaffeClassifier(NET, **{"batch_size": 10, **given, **arguments})


def test_a_fit_shows_how_far_it_is(frame: DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    held = frame.withColumn("held", frame["id"] % 4 == 0)
    classifier(validation_indicator_col="held").fit(held)
    shown = [line for line in capsys.readouterr().err.splitlines() if line.startswith("training")]
    # 4 passes over 150 rows, 100 of them a round.
    assert [line.split()[1] for line in shown] == ["0%", "17%", "33%", "50%", "67%", "83%", "100%"]
    assert "loss" in shown[-1]
    assert "images/s, validation accuracy" in shown[-1]


def test_it_can_be_quiet(frame: DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    quiet = classifier(progress=False)
    quiet.fit(frame)
    quiet.copy().fit(frame)
    assert "training" not in capsys.readouterr().err


def test_fits_side_by_side_draw_no_bars_and_tell_warnings(
    frame: DataFrame, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    spoilt = frame.selectExpr("id", "label", "if(id = 7, null, features) as features")
    with caplog.at_level(logging.INFO, "sparknet"), ThreadPoolExecutor(2) as threads:
        skipping = classifier(handle_invalid="skip")
        fits = [threads.submit(skipping.fit, spoilt) for _ in range(2)]
        assert all(fit.result(300).has_summary for fit in fits)
    assert "training" not in capsys.readouterr().err
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2


def test_what_there_is_to_tell_is_told(
    frame: DataFrame, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = classifier(epochs=1).fit(frame)
    first.save_caffe(tmp_path)
    assert first.weights_report == ""
    spoilt = frame.selectExpr("id", "label", "if(id = 7, null, features) as features")
    start = tmp_path / "weights.caffemodel"
    other = NET.replace('"ip2"', '"ip3"')
    with caplog.at_level(logging.INFO, "sparknet"):
        tuned = CaffeClassifier(other, weights=start, epochs=1, handle_invalid="skip", seed=1).fit(
            spoilt
        )
    report = f"{start}: took 1 of 2 layers; not in the file: ip3; not in the net: ip2"
    assert tuned.weights_report == report
    records = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert records.count(("INFO", report)) == 1
    left_out = [text for level, text in records if level == "WARNING"]
    assert len(left_out) == 1
    assert left_out[0].startswith("1 of 200 records left out: 1 null in column 'features'")
    with caplog.at_level(logging.INFO, "sparknet"):
        loaded = CaffeModel.load_caffe(tmp_path / "deploy.prototxt", start)
    assert loaded.weights_report == f"{start}: took 2 of 2 layers"
    assert caplog.messages[-1] == loaded.weights_report
    copied = tuned.copy()
    assert copied.weights_report == report
    with pytest.raises(errors.ShapeError, match="none of its layers is in net"):
        CaffeClassifier(other.replace("ip1", "ip4"), weights=start).fit(frame)


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What fits have done, as it comes."""
    done: list[Any] = []
    show = fitting._Shown.show

    def noted(shown: Any, event: Any) -> None:
        done.append(event)
        show(shown, event)

    monkeypatch.setattr(fitting._Shown, "show", noted)
    return done


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def running(context: Any) -> list[str]:
    """The descriptions of jobs that run."""
    jobs = context._jsc.sc().statusStore()
    ids = context.statusTracker().getActiveJobsIds()
    return [str(jobs.job(each).description().toString()) for each in ids]


@pytest.mark.parametrize("when", ["rows are looked at", "rounds run"])
def test_ctrl_c_ends_the_fit_and_no_jobs_of_others(
    spark: SparkSession,
    frame: DataFrame,
    tmp_path: Path,
    events: list[Any],
    capsys: pytest.CaptureFixture[str],
    when: str,
) -> None:
    runs, slow, go = (str(tmp_path / name) for name in ("runs", "slow", "go"))

    def waits(file: str) -> None:
        import pathlib
        import time

        pathlib.Path(file).touch()
        while not pathlib.Path(go).exists():
            time.sleep(0.05)

    def interrupt() -> None:
        if when == "rounds run":
            until(lambda: len(events) >= 2)
        else:
            until(lambda: Path(slow).exists())
        os.kill(os.getpid(), signal.SIGINT)

    context: Any = spark.sparkContext
    if when == "rounds run":
        trained, epochs = frame, 1e9
    else:
        stuck = frame.rdd.map(lambda row: (waits(slow), row)[1])
        trained, epochs = spark.createDataFrame(stuck, frame.schema), 1
    with ThreadPoolExecutor(2) as threads:
        try:
            other = threads.submit(lambda: context.parallelize([runs], 1).map(waits).count())
            until(lambda: Path(runs).exists())
            sent = threads.submit(interrupt)
            with pytest.raises(KeyboardInterrupt):
                classifier(epochs=epochs).fit(trained)
            sent.result(60)
            # Jobs of the fit are gone; that of the other, which Spark 4's Py4J runs twice, is not.
            until(lambda: not any("SparkNet: " in told for told in running(context)))
            assert running(context)
            assert not other.done()
        finally:
            Path(go).touch()
        assert other.result(120) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert classifier(epochs=1).fit(frame).has_summary


def test_ctrl_c_ends_fits_in_threads(
    spark: SparkSession, frame: DataFrame, events: list[Any]
) -> None:
    def interrupt() -> None:
        until(lambda: len(events) >= 4)
        os.kill(os.getpid(), signal.SIGINT)

    estimator = classifier(epochs=1e9, num_workers=1)
    search = CrossValidator(
        estimator=estimator,
        estimatorParamMaps=ParamGridBuilder().addGrid(estimator.tau, [2, 3]).build(),
        evaluator=MulticlassClassificationEvaluator(metricName="accuracy"),
        numFolds=2,
        parallelism=2,
    )
    with ThreadPoolExecutor(1) as threads:
        sent = threads.submit(interrupt)
        with pytest.raises(KeyboardInterrupt):
            search.fit(frame)
        sent.result(60)
    status = spark.sparkContext.statusTracker()
    until(lambda: not status.getActiveJobsIds())
    rounds = len(events)
    assert classifier(epochs=1).fit(frame).has_summary
    assert len(events) - rounds == 2  # Of this fit alone.
