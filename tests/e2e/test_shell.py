"""The ten-line session of the README in a PySpark shell that knows the jar only."""

from __future__ import annotations

from pathlib import Path

import pytest
from processes import ROOT, running

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# What a user types; one round is as good as eight epochs here.
SESSION = """
import sparknet
from sparknet import data
train = data.cifar("{data}")
test = data.cifar("{data}", train=False)
solver = "examples/cifar10/cifar10_quick_solver.prototxt"
trainer = sparknet.Trainer(solver, train, test, workers=2, mean=train.mean(), batch_size=20)
history = trainer.fit(2, tau=2)
print("scores", sorted(trainer.test()))
print("conv1", trainer.weights["conv1"][0].shape, trainer.iteration)
items = spark.sparkContext.parallelize([(train.mean() * 0 + i, i) for i in range(10)])
print("mean", float(data.from_rdd(items).mean().mean()))
"""


def test_pyspark_shell(jar: Path, cifar: Path, tmp_path: Path) -> None:
    typed = tmp_path / "typed"
    typed.write_text(SESSION.format(data=cifar))
    shell = f"pyspark --master 'local-cluster[2,1,1024]' --jars {jar} --py-files {jar} < {typed}"
    with running(["bash", "-c", shell], tmp_path) as program:
        assert program.wait() == 0
        assert "scores ['accuracy', 'loss']" in program.out
        assert "conv1 (32, 3, 5, 5) 4" in program.out
        assert "mean 4.5" in program.out
        assert program.leftovers() == []


def test_readme_session_is_the_one_of_the_package() -> None:
    """The package's docstring and the README show the same calls."""
    import sparknet

    readme = (ROOT / "README.md").read_text()
    for call in ("data.cifar(", "sparknet.Trainer(", "trainer.fit(", "trainer.test()"):
        assert call in (sparknet.__doc__ or "")
        assert call in readme
