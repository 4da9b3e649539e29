"""``sparknet predict``, against what NumPy computes."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from command_line import Known, in_session, known, run
from PIL import Image

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

GIVEN = ("predict", "deployed.prototxt", "known.caffemodel", "rows.csv", "--features", "a,b,c,d")


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spark: SparkSession) -> Known:
    made = known()
    made.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    in_session(monkeypatch, spark)
    return made


def test_rows_are_printed(net: Known) -> None:
    ended = run(*GIVEN, "--rows", "3")
    assert (ended.status, ended.err) == (0, "")
    lines = [line for line in ended.out.splitlines() if line.startswith("|")]
    assert lines[0].replace(" ", "") == "|id|label|probability|prediction|"
    assert len(lines) == 4
    first = [cell.strip() for cell in lines[1].strip("|").split("|")]
    assert first[0] == "0"
    assert np.allclose(json.loads(first[2]), net.likely[0], atol=0.00006)
    assert float(first[3]) == net.scores[0].argmax()
    chosen = run(*GIVEN, "--columns", "id,p*", "--rows", "1").out.splitlines()[1]
    assert chosen.replace(" ", "") == "|id|probability|prediction|"


def written(folder: Path) -> list[str]:
    return [line for part in sorted(folder.glob("part-*")) for line in part.read_text().split("\n")]


def test_rows_are_written(net: Known, tmp_path: Path) -> None:
    ended = run(*GIVEN, "--output", "scores.json")
    assert (ended.status, ended.out, ended.err) == (0, "scores   scores.json\n", "")
    rows = [json.loads(line) for line in written(tmp_path / "scores.json") if line]
    rows.sort(key=lambda row: row["id"])
    assert len(rows) == len(net.rows)
    assert [row["prediction"] for row in rows] == net.scores.argmax(axis=1).tolist()
    assert np.allclose([row["rawPrediction"] for row in rows], net.scores, atol=1e-5)
    assert np.allclose([row["probability"] for row in rows], net.likely, atol=1e-6)
    assert [row["a"] for row in rows] == net.rows[:, 0].tolist()
    again = run(*GIVEN, "--output", "scores.json")
    said = "error: scores.json is there already: --overwrite replaces it\n"
    assert (again.status, again.out, again.err) == (1, "", said)
    assert run(*GIVEN, "--output", "scores.json", "--overwrite").status == 0


def test_csv_has_text_and_numbers_only(net: Known, tmp_path: Path) -> None:
    (tmp_path / "names").write_text("cat\ndog\nfish, of all kinds\n")
    given = (*GIVEN, "--classes", "names", "--columns", "id,probability,predicted_label")
    assert run(*given, "-o", "out", "--output-format", "csv").status == 0
    rows = list(
        csv.DictReader((line for line in written(tmp_path / "out") if line), escapechar="\\")
    )
    assert list(rows[0]) == ["id", "probability", "predicted_label"]
    names = ["cat", "dog", "fish, of all kinds"]
    for row in rows:
        number = int(row["id"])
        assert np.allclose(json.loads(row["probability"]), net.likely[number], atol=1e-6)
        assert row["predicted_label"] == names[net.scores[number].argmax()]


def test_saved_pipelines(net: Known, spark: SparkSession, tmp_path: Path) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import VectorAssembler

    from sparknet.ml import CaffeModel

    stages = [
        VectorAssembler(inputCols=["a", "b", "c", "d"], outputCol="features"),
        CaffeModel.load_caffe("deployed.prototxt", "known.caffemodel"),
    ]
    frame = spark.read.csv("file://" + str(tmp_path / "rows.csv"), header=True, inferSchema=True)
    Pipeline(stages=stages).fit(frame).save(f"file://{tmp_path}/pipeline")
    assert run("predict", "pipeline", "rows.csv", "-o", "scores.parquet").status == 0
    rows = spark.read.parquet("file://" + str(tmp_path / "scores.parquet")).orderBy("id").collect()
    assert [row["prediction"] for row in rows] == net.scores.argmax(axis=1).tolist()
    # Vectors are arrays, which all programs read.
    assert rows[0]["features"] == net.rows[0].tolist()
    ended = run("predict", "pipeline", "rows.csv", "--classes", "rows.csv")
    assert "--classes: a saved model has the names of its classes itself" in ended.err


def test_images(net: Known, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    colours = [(10, 20, 30), (200, 100, 0)]
    for number, colour in enumerate(colours):
        Image.new("RGB", (9, 7), colour).save(tmp_path / "photos" / f"{number}.png")
    prototxt = (tmp_path / "deployed.prototxt").read_text()
    # Three channels of a pixel each, and a fourth weight for none.
    wide = prototxt.replace("dim: 1 dim: 4", "dim: 1 dim: 3 dim: 1 dim: 1")
    (tmp_path / "image.prototxt").write_text(wide)
    seen = net._replace(weights=net.weights[:, :3], rows=np.array(colours, dtype=np.float32) / 256)
    seen.write(tmp_path)
    (tmp_path / "image.prototxt").write_text(wide)
    given = ("predict", "image.prototxt", "known.caffemodel", "photos", "--image-size", "1")
    more = ("--scale", str(1 / 256), "-o", "out.json")
    for order in ("rgb", "bgr"):
        assert run(*given, *more, "--channel-order", order, "--overwrite").status == 0
        rows = [json.loads(line) for line in written(tmp_path / "out.json") if line]
        rows.sort(key=lambda row: row["path"])
        assert "content" not in rows[0]
        assert rows[0]["path"].endswith("photos/0.png")
        expected = seen if order == "rgb" else seen._replace(rows=seen.rows[:, ::-1])
        assert np.allclose([row["probability"] for row in rows], expected.likely, atol=1e-5)


def test_errors(net: Known, tmp_path: Path) -> None:
    ended = run(*GIVEN, "--output", "scores.txt")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("error: --output scores.txt: a name ends in .parquet, .csv or")
    (tmp_path / "names").write_text("cat\n")
    ended = run(*GIVEN, "--classes", "names")
    assert ended.err == "error: 1 labels for a net of 3 classes\n"
    ended = run(*GIVEN[:4], "--features", "label")
    said = "error: column 'label' has one number in each row, not 4\n"
    assert (ended.status, ended.out, ended.err) == (1, "", said)
