"""What the JVM has to tell reaches a Python program, and once: its own log does not say it too."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from PIL import Image
from processes import running, submit

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# What notebooks show is what Python itself writes to stderr: here that goes to a file.
JOB = """
import contextlib, logging, sys
import sparknet
from sparknet import data

folder = sys.argv[1]
spark = sparknet.session()
net = '''
  layer { name: "data" type: "JavaData" top: "data"
    java_data_param { shape { dim: 4 dim: 3 dim: 8 dim: 8 } } }
  layer { name: "label" type: "JavaData" top: "label" java_data_param { shape { dim: 4 dim: 1 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
    inner_product_param { num_output: 2 } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
'''
solver = "base_lr: 0.1 lr_policy: 'fixed' net_param {" + net + "}"
with open(f"{folder}/notebook", "w") as notebook, contextlib.redirect_stderr(notebook):
    packed = data.images(f"{folder}/images.tar", f"{folder}/labels.txt", height=8, width=8)
    # One partition for two workers: the items are dealt out.
    with sparknet.Trainer(solver, packed, workers=2, scale=1 / 256, threads=1) as trainer:
        trainer.fit(2, tau=2, progress=False)
logging.basicConfig(filename=f"{folder}/log", level=logging.INFO)
with sparknet.Trainer(solver, packed, workers=2, scale=1 / 256, threads=1) as trainer:
    trainer.train(1)
    trainer.average()
spark.stop()
"""

LEFT_OUT = "2 of 22 records left out: 2 not an image (20.jpg, 21.jpg)"
THREADS = "workers: 2, executors that train: 2, threads of each net: 1"


def write_images(folder: Path) -> None:
    """Twenty images of two classes, and two files that are none."""
    lines = []
    with tarfile.open(folder / "images.tar", "w") as tar:
        for number in range(22):
            content = io.BytesIO()
            if number < 20:
                Image.new("RGB", (8, 8), (250, 5, 5 + number % 2)).save(content, "JPEG")
            else:
                content.write(b"no image")
            entry = tarfile.TarInfo(f"{number}.jpg")
            entry.size = len(content.getvalue())
            tar.addfile(entry, io.BytesIO(content.getvalue()))
            lines.append(f"{number}.jpg {number % 2}")
    (folder / "labels.txt").write_text("\n".join(lines))


def test_a_python_program_is_told_once(jar: Path, tmp_path: Path) -> None:
    write_images(tmp_path)
    (tmp_path / "job.py").write_text(JOB)
    # Spark's own default: everything from INFO on is on the terminal.
    command = submit(jar, tmp_path / "job.py", tmp_path)
    with running(command, tmp_path) as program:
        assert program.wait() == 0
        terminal = program.text
    assert " INFO " in terminal
    assert "records left out" not in terminal
    assert "threads of each net" not in terminal
    shown = (tmp_path / "notebook").read_text()
    assert shown == f"SparkNet: {LEFT_OUT}\nSparkNet: {THREADS}\n"
    log = (tmp_path / "log").read_text().splitlines()
    assert [line for line in log if ":py4j" not in line] == [f"INFO:sparknet:{THREADS}"]
