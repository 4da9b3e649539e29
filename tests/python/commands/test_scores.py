"""``sparknet test``, against scores that NumPy computes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from command_line import Known, in_session, known, run

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spark: SparkSession) -> Known:
    made = known()
    made.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    in_session(monkeypatch, spark)
    return made


def scores(*arguments: str) -> dict[str, float]:
    ended = run("test", *arguments, "--json")
    assert (ended.status, ended.err) == (0, "")
    found: dict[str, float] = json.loads(ended.out)
    return found


COLUMNS = ("--features", "a,b,c,d")


def test_by_the_layers_of_the_net(net: Known) -> None:
    found = scores("trained.prototxt", "known.caffemodel", "rows.csv", *COLUMNS)
    assert found == {
        "accuracy": pytest.approx(net.accuracy, abs=1e-6),
        "loss": pytest.approx(net.loss, rel=1e-5),
    }
    ended = run("test", "trained.prototxt", "known.caffemodel", "rows.csv", *COLUMNS)
    assert ended.out == f"accuracy  {net.accuracy:.4f}\nloss      {net.loss:.4f}\n"
    seen = ("--mean", "0.5", "--scale", "0.25")
    rows = net._replace(rows=(net.rows - 0.5) * 0.25)
    found = scores("trained.prototxt", "known.caffemodel", "rows.csv", *COLUMNS, *seen)
    assert found["loss"] == pytest.approx(rows.loss, rel=1e-5)


def test_a_net_without_loss_is_judged_as_a_classifier(net: Known) -> None:
    found = scores("deployed.prototxt", "known.caffemodel", "rows.csv", *COLUMNS)
    assert found["accuracy"] == pytest.approx(net.accuracy, abs=1e-6)
    assert found["logLoss"] == pytest.approx(net.loss, rel=1e-5)


def test_a_saved_model(net: Known, tmp_path: Path) -> None:
    from sparknet.ml import CaffeModel

    model = CaffeModel.load_caffe(
        "deployed.prototxt", "known.caffemodel", features_col=["a", "b", "c", "d"]
    )
    model.setParams(label_col="other")
    model.save(f"file://{tmp_path}/model")
    assert scores("model", "rows.csv", "--label", "label")["accuracy"] == pytest.approx(
        net.accuracy, abs=1e-6
    )
    ended = run("test", "model", "rows.csv")
    assert ended.status == 1
    assert ended.err.startswith("error: there is no column 'other'")


def test_errors(net: Known) -> None:
    given = ("trained.prototxt", "known.caffemodel", "rows.csv")
    ended = run("test", *given, *COLUMNS, "--channel-order", "bgr")
    assert (ended.status, ended.out) == (1, "")
    assert "--channel-order bgr goes with a net without a loss" in ended.err
    ended = run("test", *given, "--features", "a,q-q")
    assert ended.err == "error: there is no column 'q-q'; there are id, a, b, c, d, label\n"
    other = Path("trained.prototxt").read_text().replace('name: "ip"', 'name: "other"')
    more = 'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "unused"'
    more += " inner_product_param { num_output: 3 } }"
    Path("other.prototxt").write_text(other + more)
    ended = run("test", "other.prototxt", *given[1:], *COLUMNS)
    assert (ended.status, ended.out) == (1, "")
    assert "took 1 of 2 layers; not in the file: other" in ended.err
    ended = run("test", *given, *COLUMNS, "--label", "lable")
    assert ended.status == 1
    assert "no column 'lable'" in ended.err


def test_a_pipeline_has_no_scores(net: Known, tmp_path: Path) -> None:
    from pyspark.ml import PipelineModel

    from sparknet.ml import CaffeModel

    model = CaffeModel.load_caffe("deployed.prototxt", "known.caffemodel")
    PipelineModel([model]).save(f"file://{tmp_path}/pipeline")
    ended = run("test", "pipeline", "rows.csv")
    assert (ended.status, ended.out) == (1, "")
    assert "a PipelineModel has no scores; predict uses it" in ended.err
    ended = run("test", "pipeline", "rows.csv", "--scale", "2")
    assert "a PipelineModel sees data in its own way, without scale" in ended.err
