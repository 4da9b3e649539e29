"""Spark's bars of stages, and ours, on one terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from processes import python

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# Each run takes long enough for Spark to draw a bar: half a second.
JOB = """
import sys, time
import numpy as np
import sparknet
from sparknet import data

bars = {"spark.ui.showConsoleProgress": "true"}
spark = sparknet.session(master="local[2]", config=bars)
net = '''
  layer { name: "data" type: "JavaData" top: "data" java_data_param { shape { dim: 4 dim: 8 } } }
  layer { name: "label" type: "JavaData" top: "label" java_data_param { shape { dim: 4 dim: 1 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
    inner_product_param { num_output: 2 } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
'''
solver = "base_lr: 0.1 lr_policy: 'fixed' net_param {" + net + "}"
train = data.from_numpy(np.zeros((16, 8), np.float32), np.zeros(16))
wait = lambda trainer, done: time.sleep(0.5)
with sparknet.Trainer(solver, train) as trainer:
    trainer.fit(1, tau=1, progress=False)
    for progress in (True, False):
        print("progress", progress, file=sys.stderr, flush=True)
        trainer.fit(5, tau=1, callbacks=[wait], progress=progress)
spark.stop()
"""


def test_sparks_bars_are_hidden_while_ours_is_there(jar: Path, tmp_path: Path) -> None:
    with python(jar, tmp_path, JOB) as program:
        assert program.wait() == 0, program.err
        ours, theirs = program.err.split("progress True\n")[1].split("progress False\n")
    assert "training 100%" in ours
    # Until ours is there, a machine that is slow enough sees theirs.
    ours = ours[ours.index("training") :]
    assert "[Stage" not in ours
    assert "[Stage" in theirs  # They come back.
