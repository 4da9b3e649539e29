"""The README's session, as a user types it into a PySpark shell that knows the jar only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from processes import ROOT, running

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# Typed after the README's lines.
MORE = """
trainer.iteration, trainer.weights["conv1"][0].shape
items = spark.sparkContext.parallelize([(train.mean() * 0 + i, i) for i in range(10)])
print("mean", float(data.from_rdd(items).mean().mean()))
"""


def session_of_the_readme() -> str:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (block,) = (block for block in blocks if "trainer.broadcast()" in block)
    return str(block)


def test_pyspark_shell(jar: Path, cifar: Path, tmp_path: Path) -> None:
    (tmp_path / "caffe" / "data").mkdir(parents=True)
    (tmp_path / "caffe" / "data" / "cifar10").symlink_to(cifar)
    (tmp_path / "caffe" / "examples").symlink_to(ROOT / "caffe" / "examples")
    typed = tmp_path / "typed"
    typed.write_text(session_of_the_readme() + MORE)
    shell = f"pyspark --master 'local-cluster[2,1,1024]' --jars {jar} --py-files {jar} < {typed}"
    # -i: the shell is a shell although nobody sits in front of it.
    with running(["bash", "-c", shell], tmp_path, PYSPARK_DRIVER_PYTHON_OPTS="-i") as program:
        assert program.wait() == 0
        assert "Traceback" not in program.text
        assert "SyntaxError" not in program.text
        losses = re.findall(r"^(\d+\.\d+(?:e-?\d+)?)$", program.out, re.MULTILINE)
        assert len(losses) == 5
        assert re.search(r"\{'accuracy': [\d.]+, 'loss': [\d.e-]+\}", program.out)
        assert "(50, (32, 3, 5, 5))" in program.out
        assert "mean 4.5" in program.out
        assert program.leftovers() == []
