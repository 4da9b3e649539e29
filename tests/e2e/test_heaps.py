"""Nets that are too large for the heaps of a Spark that nobody configured."""

from __future__ import annotations

from pathlib import Path

import pytest
from processes import python

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# Two layers of 30.5 million weights, as many in all as CaffeNet has.
JOB = """
import numpy as np
import sparknet
from sparknet import data, errors

net = '''
  layer { name: "data" type: "JavaData" top: "data"
    java_data_param { shape { dim: 1 dim: 5523 } } }
  layer { name: "label" type: "JavaData" top: "label" java_data_param { shape { dim: 1 dim: 1 } } }
  layer { name: "a" type: "InnerProduct" bottom: "data" top: "a"
    inner_product_param { num_output: 5523 } }
  layer { name: "b" type: "InnerProduct" bottom: "a" top: "b"
    inner_product_param { num_output: 5523 } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "b" bottom: "label" top: "loss" }
'''
spark = sparknet.session(2)
train = data.from_numpy(np.zeros((4, 5523), np.float32), np.zeros(4), 2)
try:
    sparknet.Trainer("base_lr: 0.1 lr_policy: 'fixed' net_param {" + net + "}", train, workers=2)
except errors.OutOfMemoryError as error:
    print("told:", error)
spark.stop()
"""


def test_names_the_setting_that_is_too_small(jar: Path, tmp_path: Path) -> None:
    with python(jar, tmp_path, JOB) as program:
        assert program.wait() == 0
        (told,) = (line for line in program.out.splitlines() if line.startswith("told:"))
    assert "spark.driver.memory is too small" in told
    assert "61.0 million weights" in told
    assert "set it to 2400m" in told
