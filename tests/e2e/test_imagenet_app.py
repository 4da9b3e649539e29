"""apps.ImageNetApp under spark-submit, on tars in a folder, with a small net of 3x227x227."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path

import pytest
from PIL import Image
from processes import TRACE, running, submit

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SOLVER = """
net: "{folder}/net.prototxt"
test_iter: 1
test_interval: 1000000
base_lr: 0.0001
lr_policy: "fixed"
momentum: 0.9
max_iter: 100
random_seed: 2
"""

# Data layers as in Caffe's nets: the app replaces them.
NET = """
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN }
        data_param { source: "train_lmdb" batch_size: 256 } }
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TEST }
        data_param { source: "val_lmdb" batch_size: 50 } }
layer { name: "pool" type: "Pooling" bottom: "data" top: "pool"
        pooling_param { pool: AVE kernel_size: 57 stride: 57 } }
layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip"
        inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
        include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""

COLORS = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (120, 120, 120)]


def write_tars(folder: Path, name: str, tars: int, images: int) -> None:
    """Images of four colours, a class each, and one file that is no image."""
    lines = []
    (folder / name).mkdir(parents=True)
    for part in range(tars):
        with tarfile.open(folder / name / f"{part}.tar", "w") as tar:
            for i in range(images):
                out = io.BytesIO()
                Image.new("RGB", (300, 200 + i), COLORS[i % 4]).save(out, "JPEG")
                content = out.getvalue() if i < images - 1 else b"broken"
                entry = tarfile.TarInfo(f"{name}_{part}_{i}.JPEG")
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
                lines.append(f"{name}/{entry.name} {i % 4}\n")
    (folder / f"{name}.txt").write_text("".join(lines))


def test_trains_and_logs(jar: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_tars(data, "train", tars=4, images=21)
    write_tars(data, "val", tars=2, images=13)
    (tmp_path / "net.prototxt").write_text(NET)
    (tmp_path / "solver.prototxt").write_text(SOLVER.format(folder=tmp_path))
    places = ["train=train/", "train-labels=train.txt", "val=val/", "val-labels=val.txt"]
    sizes = ["train-batch=10", "test-batch=4", "tau=5", f"solver={tmp_path}/solver.prototxt"]
    app = ["--class", "apps.ImageNetApp", jar, "2", "11", data, *places, *sizes]
    with running([*submit(jar)[:5], *app], tmp_path) as program:
        assert program.wait() == 0
        err = program.err
    assert " WARN Dataset: 4 of 84 records left out: 4 not an image (" in err
    (log,) = tmp_path.glob("training_log_*.txt")
    messages = [line.split(": ", 1)[1] for line in log.read_text().splitlines()]
    assert "numTrainMinibatches = 8" in messages
    assert "numTestMinibatches = 6" in messages
    assert any(re.fullmatch(r"trainPartitionSizes = Array\(4, 4\)", m) for m in messages)
    accuracies = [float(m.split("%")[0]) for m in messages if m.endswith("% accuracy")]
    assert len(accuracies) == 2  # In rounds 0 and 10.
    assert accuracies[1] == 100  # Four colours: 50 iterations are plenty.
    assert messages[-1] == "finished training"


def test_mistakes_are_a_line(jar: Path, tmp_path: Path) -> None:
    for arguments, reason in (
        (["2", "1", tmp_path], "there is no such file or folder"),
        (["2", "1", tmp_path, "trane=x"], "unknown: trane"),
    ):
        command = [*submit(jar)[:5], "--class", "apps.ImageNetApp", jar, *arguments]
        with running(command, tmp_path) as program:
            assert program.wait() == 1
            assert reason in program.err
            assert not TRACE.search(program.err)
