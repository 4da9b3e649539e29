"""``build/wheel``: packages that need nothing else of ours, on every Python and Spark."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import environments
import pytest
from processes import ROOT, running

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.xdist_group("wheel")]

LINES = ["spark-3.5", "spark-3.5-scala-2.13", "spark-4"]

USE = """
import sparknet
from sparknet import jar, models
from sparknet.local import Net
print("jars", jar.spark_jars())
print("version", sparknet.__version__)
with open("net.prototxt", "w") as net:
    net.write(models.prototxt("examples/mnist/lenet.prototxt"))
print("outputs", Net("net.prototxt").forward().keys())
"""

# In a session that the program made before it knew of SparkNet, but for one setting. Two classes,
# told apart by the sign of the sum of four numbers.
TRAIN = """
import sys
import numpy, pandas
from pyspark.sql import SparkSession
from sparknet import jar
from sparknet.ml import CaffeClassifier

builder = SparkSession.builder.master("local-cluster[2,1,1024]")
spark = builder.config("spark.jars", jar.spark_jars()).getOrCreate()
numbers = numpy.random.RandomState(1).uniform(-1, 1, (600, 4))
rows = [(row.tolist(), float(row.sum() > 0)) for row in numbers]
frame = spark.createDataFrame(rows, "features array<double>, label double").repartition(4)
net = '''
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
'''
model = CaffeClassifier(net, epochs=20, learning_rate=0.1, seed=1).fit(frame)
scored = model.transform(frame).select("prediction", "label").collect()
right = numpy.mean([row.prediction == row.label for row in scored])
print("spark", spark.version, "rows", len(scored), "accuracy", right)
spark.stop()
"""


@pytest.fixture(scope="module")
def packages(
    tmp_path_factory: pytest.TempPathFactory,
    fresh_environments: dict[str, environments.Environment],
) -> Path:
    """The folder with the wheel and the source distribution. Environments come meanwhile."""
    folder = tmp_path_factory.mktemp("wheel")
    with running([ROOT / "build" / "wheel"], folder) as program:
        assert program.wait(1800) == 0
        assert "auditwheel says" in program.out
    return ROOT / "target" / "dist"


@pytest.fixture(scope="module")
def wheel(packages: Path) -> Path:
    (found,) = packages.glob("sparknet-*.whl")
    return found


@pytest.fixture
def environment(
    request: pytest.FixtureRequest, fresh_environments: dict[str, environments.Environment]
) -> Iterator[environments.Environment]:
    made = fresh_environments[request.param]
    problem = made.ready()
    if problem:
        pytest.skip(problem)
    yield made
    made.remove()


def entries(wheel: Path, jar: str) -> set[str]:
    with zipfile.ZipFile(wheel) as packed:
        content = io.BytesIO(packed.read(f"sparknet/jars/{jar}"))
    return set(zipfile.ZipFile(content).namelist())


def test_it_has_a_jar_for_each_line_and_the_libraries_once(wheel: Path) -> None:
    version = wheel.name.split("-")[1]
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
    jars = {Path(name).name for name in names if name.endswith(".jar")}
    assert jars == {f"sparknet-{version}-{each}.jar" for each in ["natives", *LINES]}
    natives = entries(wheel, f"sparknet-{version}-natives.jar")
    listed = (ROOT / "target" / "native" / "lib" / "FILES").read_text().split()[1::2]
    libraries = {f"native/linux-x86-64/{name}" for name in ["FILES", *listed]}
    assert {name for name in natives if not name.endswith("/")} == libraries
    for line in LINES:
        own = entries(wheel, f"sparknet-{version}-{line}.jar")
        assert {"libs/CaffeNet.class", "sparknet/jar.py", "scala/Option.class"} <= own
        assert not [name for name in own if name.startswith("native/")]
    # What editors and type checkers know the package by.
    for typed in ("py.typed", "proto/caffe_pb2.pyi", "proto/layer_calls.pyi"):
        assert f"sparknet/{typed}" in names


def test_its_tag_is_no_wish(wheel: Path, tmp_path: Path) -> None:
    assert re.fullmatch(r"sparknet-[\d.]+-py3-none-manylinux_2_\d+_x86_64\.whl", wheel.name)
    audit = [sys.executable, ROOT / "build" / "audit_wheel.py"]
    # oneDNN wants the glibc of 2021.
    bold = tmp_path / re.sub(r"manylinux_2_\d+", "manylinux_2_28", wheel.name)
    bold.symlink_to(wheel)
    with running([*audit, bold], tmp_path) as program:
        assert program.wait() != 0
        assert f"{bold.name} says manylinux_2_28_x86_64" in program.err


def test_a_wheel_can_be_built_from_the_source(packages: Path, wheel: Path, tmp_path: Path) -> None:
    (archive,) = packages.glob("sparknet-*.tar.gz")
    with tarfile.open(archive) as content:
        content.extractall(tmp_path)
    folder = tmp_path / archive.name[: -len(".tar.gz")]
    tracked = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z"], check=True, capture_output=True, text=True
    ).stdout.split("\0")
    # Files that are deleted and not yet committed are in neither.
    expected = {name for name in tracked if name and (ROOT / name).exists()}
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
    assert expected <= names
    assert (folder / "build" / "setup").stat().st_mode & 0o100
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    again = tmp_path / "again"
    command = [*build, "-w", again, folder]
    # A machine without make is told so, and nothing is installed on it.
    bare = tmp_path / "bin"
    bare.mkdir()
    tools = "awk bash dirname env flock grep head mkdir nproc readlink sed sh"
    for tool in tools.split():
        (bare / tool).symlink_to(str(shutil.which(tool)))
    (bare / "apt-get").symlink_to(str(shutil.which("false")))  # It has one, which is not called.
    with running(command, tmp_path, PATH=str(bare)) as program:
        assert program.wait() != 0
        assert re.search(r"apt-get install -y .*\bmake\b", program.text)
    # Here its steps take what they would make: that takes a quarter of an hour.
    taken = ["native/lib", *(f"{line}/scala-2.13" for line in LINES[1:]), "scala-2.12"]
    copies = "".join(
        f"mkdir -p target/{Path(each).parent} && ln -s {ROOT}/target/{each} target/{each}\n"
        for each in taken
    )
    proto = f"cp {ROOT}/python/sparknet/proto/*.py* python/sparknet/proto/\n"
    head = f'#!/bin/bash\nset -e\ncd {folder}\necho "$@" >steps\n'
    (folder / "build" / "setup").write_text(head + copies + proto)
    with running(command, tmp_path) as program:
        assert program.wait() == 0
    assert (folder / "steps").read_text().split() == ["tools", "native", "jars", "calls"]
    (built,) = again.glob("*.whl")
    assert built.name == wheel.name
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(built) as second:
        assert first.namelist() == second.namelist()


@pytest.mark.parametrize("environment", [wish.spark for wish in environments.WISHES], indirect=True)
def test_it_trains_and_scores_in_a_fresh_environment(
    environment: environments.Environment, wheel: Path, tmp_path: Path
) -> None:
    environment.install(wheel, "spark", "local")
    print(environment.installed())
    python = environment.python
    path = {"PYSPARK_PYTHON": str(python), "PYSPARK_DRIVER_PYTHON": str(python)}
    script = tmp_path / "program.py"
    script.write_text(USE)
    with running([python, "-I", script], tmp_path, **path) as program:
        assert program.wait() == 0
        out = program.out
    version = wheel.name.split("-")[1]
    (site,) = environment.folder.glob("lib/python3.*/site-packages/sparknet")
    line = "spark-4" if environment.wish.spark.startswith("4") else "spark-3.5"
    jars = [f"{site}/jars/sparknet-{version}-{each}.jar" for each in (line, "natives")]
    assert f"jars {','.join(jars)}\n" in out
    assert f"version {version}\n" in out
    assert "outputs dict_keys(['prob'])" in out
    script.write_text(TRAIN)
    with running([python, "-I", script], tmp_path, **path) as program:
        assert program.wait() == 0
        shown = re.search(r"spark (\S+) rows (\d+) accuracy (\S+)", program.out)
    assert shown is not None
    assert shown[1] == environment.wish.spark
    assert int(shown[2]) == 600
    assert float(shown[3]) > 0.9
    with running([environment.folder / "bin" / "sparknet", "info"], tmp_path, **path) as program:
        assert program.wait() == 0
        assert jars[0] in program.out
