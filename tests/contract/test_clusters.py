"""The recipes in clusters/ agree with their pages, each other, and published schemas."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLUSTERS = ROOT / "clusters"
HOWTO = ROOT / "docs" / "howto"
KUBERNETES = CLUSTERS / "kubernetes"
DOCKERFILE = (KUBERNETES / "Dockerfile").read_text()

pytestmark = pytest.mark.boundary

# Options of spark-submit, and the settings that they stand for.
SETTINGS = {
    "--master": "spark.master",
    "--deploy-mode": "spark.submit.deployMode",
    "--name": "spark.app.name",
    "--num-executors": "spark.executor.instances",
    "--total-executor-cores": "spark.cores.max",
    "--executor-cores": "spark.executor.cores",
    "--executor-memory": "spark.executor.memory",
    "--driver-memory": "spark.driver.memory",
    "--jars": "spark.jars",
    "--py-files": "spark.submit.pyFiles",
}


class Submission(NamedTuple):
    """What a line of spark-submit's asks for. kind: the class, of a jar."""

    settings: dict[str, str]
    kind: str | None
    program: str
    arguments: list[str]


def submission(words: list[str]) -> Submission:
    """Of the words after spark-submit; the same size is written in one way."""
    settings: dict[str, str] = {}
    kind = None
    rest = list(words)
    while rest[0].startswith("--"):
        option, value, *rest = rest
        if option == "--class":
            kind = value
        elif option == "--conf":
            key, _, setting = value.partition("=")
            settings[key] = setting
        else:
            settings[SETTINGS[option]] = value
    program, *arguments = rest
    jars = [jar for jar in settings.pop("spark.jars", "").split(",") if jar not in ("", program)]
    if jars:
        settings["spark.jars"] = ",".join(jars)
    return Submission({k: size(v) for k, v in settings.items()}, kind, program, arguments)


def size(value: str) -> str:
    """In megabytes, if it is one."""
    gigabytes = re.fullmatch(r"(\d+)g", value)
    return f"{int(gigabytes[1]) * 1024}m" if gigabytes else value


def commands(page: str, name: str) -> Iterator[str]:
    """Commands of a page's blocks that begin with a name, their lines joined."""
    for block in re.findall(r"^```bash\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if re.match(rf"{name}\b", line):
                yield line


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where commands of pages run: jars as a wheel has them, and a spark-submit that is not run."""
    for file in ("bin/sparknet", "spark/bin/spark-submit"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_text(f'#!/bin/sh\nexec {sys.executable} -m sparknet "$@"\n')
        (tmp_path / file).chmod(0o755)
    (tmp_path / "net.jar").touch()
    for folder in ("clusters", "python"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    return tmp_path


def said(place: Path, command: str) -> str:
    """What a command of bash prints."""
    known = {name: value for name, value in os.environ.items() if "PYSPARK" not in name}
    own = {
        "PATH": f"{place}/bin:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "python"),
        "SPARK_HOME": str(place / "spark"),
        "SPARKNET_JAR": str(place / "net.jar"),
        "JAR": str(place / "net.jar"),
    }
    done = subprocess.run(
        ["bash", "-c", command], cwd=place, env={**known, **own}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def printed(place: Path, command: str) -> Submission:
    """What `submit` asks spark-submit for."""
    script, _, given = command.partition(" ")
    words = shlex.split(said(place, f"{script} --print {given}"))
    at = next(index for index, word in enumerate(words) if word.endswith("/bin/spark-submit"))
    return submission(words[at + 1 :])


def without_jars_of_the_image(asked: Submission) -> Submission:
    """On Kubernetes jars are among Spark's own; `submit` names one, so that none is sent."""
    kept = {
        k: v for k, v in asked.settings.items() if not v.startswith("local:///opt/sparknet.jar")
    }
    return asked._replace(settings=kept)


@pytest.mark.parametrize(("kind", "count"), [("standalone", 1), ("yarn", 2), ("kubernetes", 1)])
def test_a_page_has_the_lines_of_its_recipe(place: Path, kind: str, count: int) -> None:
    page = (HOWTO / f"{kind}.md").read_text()
    plain = [
        submission(shlex.split(said(place, line.replace("spark-submit", "printf '%q '", 1))))
        for line in commands(page, "spark-submit")
    ]
    assert len(plain) == count
    recipe = [
        printed(place, line)
        for line in commands(page, f"clusters/{kind}/submit")
        if kind != "standalone" or "--deploy-mode" not in line
    ]
    if kind == "kubernetes":
        assert recipe != plain
        recipe = [without_jars_of_the_image(asked) for asked in recipe]
    assert recipe == plain


def test_what_is_given_counts_more_than_the_recipe(place: Path) -> None:
    line = "clusters/yarn/submit --cores 3 --workers 7 --deploy-mode client apps.CifarApp 7"
    asked = printed(place, line)
    assert asked.settings["spark.executor.cores"] == asked.settings["spark.task.cpus"] == "3"
    assert asked.settings["spark.executor.instances"] == "7"
    assert asked.settings["spark.submit.deployMode"] == "client"
    assert (asked.kind, asked.arguments) == ("apps.CifarApp", ["7"])


def test_drift_is_seen() -> None:
    line = "--master yarn --executor-memory 4g --conf spark.task.cpus=8 a.py --n 1"
    same = "--conf spark.task.cpus=8 --executor-memory 4096m --master yarn a.py --n 1"
    assert submission(line.split()) == submission(same.split())
    for other in (same.replace("=8", "=4"), same.replace("4096", "4095"), f"{same}0"):
        assert submission(line.split()) != submission(other.split())


def environment(name: str) -> str:
    """A variable that spark-env.sh sets."""
    script = f'source {CLUSTERS}/standalone/conf/spark-env.sh; printf %s "${name}"'
    return subprocess.check_output(["bash", "-euc", script], text=True)


def test_machines_of_the_standalone_cluster_have_room(place: Path) -> None:
    asked = printed(place, "clusters/standalone/submit apps.CifarApp 4").settings
    lines = (CLUSTERS / "standalone/conf/workers").read_text().splitlines()
    workers = [line for line in lines if not line.startswith("#")]
    cores = int(environment("SPARK_WORKER_CORES"))
    assert int(asked["spark.executor.cores"]) == cores
    assert int(asked["spark.cores.max"]) == cores * len(workers)
    assert asked["spark.executor.memory"] == size(environment("SPARK_WORKER_MEMORY"))
    assert asked["spark.master"] == f"spark://{environment('SPARK_MASTER_HOST')}:7077"


def test_containers_of_yarn_have_room(place: Path) -> None:
    asked = printed(place, "clusters/yarn/submit apps.CifarApp 4").settings
    root = ElementTree.parse(CLUSTERS / "yarn/yarn-site.xml").getroot()
    limits = {p.findtext("name"): int(p.findtext("value") or "") for p in root.iter("property")}
    megabytes = sum(
        int(asked[f"spark.executor.{name}"].rstrip("m")) for name in ("memory", "memoryOverhead")
    )
    # The defaults, which do not do, are 8192 and 4 (yarn-default.xml of Hadoop 3).
    assert 8192 < megabytes <= limits["yarn.scheduler.maximum-allocation-mb"]
    cores = int(asked["spark.executor.cores"])
    assert 4 < cores <= limits["yarn.scheduler.maximum-allocation-vcores"]
    # And the driver's container beside it: 1 GB, and at least 384 MB more.
    assert megabytes + 1024 + 384 <= limits["yarn.nodemanager.resource.memory-mb"]
    assert cores + 1 <= limits["yarn.nodemanager.resource.cpu-vcores"]


def application() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml")
    loaded: dict[str, Any] = yaml.safe_load((KUBERNETES / "digits.yaml").read_text())
    return loaded


def valid(document: dict[str, Any]) -> bool:
    """By the models that the operator's authors make of its published schema, and of Kubernetes'
    for what stands inside. What they do not know they leave out."""
    models = pytest.importorskip("kubeflow_spark_api.models")
    try:
        known = models.SparkV1beta2SparkApplication.from_dict(document)
    except ValueError:
        return False
    return bool(known.to_dict() == document)


def test_the_spark_application_is_one() -> None:
    whole = application()
    assert valid(whole)
    assert (whole["apiVersion"], whole["kind"]) == (
        "sparkoperator.k8s.io/v1beta2",
        "SparkApplication",
    )
    # Their values are in the schema of the definition (sparkoperator.k8s.io_sparkapplications.yaml
    # of kubeflow/spark-operator 2.4), and not in the models.
    spec = whole["spec"]
    assert spec["type"] in ("Java", "Python", "Scala", "R")
    assert spec["mode"] in ("cluster", "client")
    assert spec["restartPolicy"]["type"] in ("Never", "Always", "OnFailure")
    # A name of Kubernetes', of which there is room for the driver's suffix in 63 characters.
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?", whole["metadata"]["name"])


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("spec", "executor", "instances"), "2"),
        (("spec", "executor", "core"), 2),
        (("spec", "driver", "memoryOverhead"), 1024),
        (("spec", "sparkConf", "spark.task.cpus"), 2),
        (("spec", "sparkVersion"), 3.5),
        (("spec", "imagePullPolicies"), "Always"),
        (("metadata", "names"), "x"),
    ],
)
def test_what_is_no_spark_application_is_seen(place: tuple[str, ...], value: Any) -> None:
    whole = application()
    inner = whole
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    assert not valid(whole)


def test_the_operator_is_asked_for_what_submit_asks(place: Path) -> None:
    spec = application()["spec"]
    submitted = printed(place, f"clusters/kubernetes/submit {spec['mainApplicationFile']}")
    settings = without_jars_of_the_image(submitted).settings
    assert settings.pop("spark.master").startswith("k8s://")  # The operator knows its own.
    executor, driver = spec["executor"], spec["driver"]
    assert settings == {
        **spec["sparkConf"],
        "spark.submit.deployMode": spec["mode"],
        "spark.kubernetes.container.image": spec["image"],
        "spark.kubernetes.authenticate.driver.serviceAccountName": driver["serviceAccount"],
        "spark.driver.memory": size(driver["memory"]),
        "spark.driver.memoryOverhead": size(driver["memoryOverhead"]),
        "spark.executor.instances": str(executor["instances"]),
        "spark.executor.cores": str(executor["cores"]),
        "spark.executor.memory": size(executor["memory"]),
        "spark.executor.memoryOverhead": size(executor["memoryOverhead"]),
    }
    assert (submitted.kind, submitted.arguments) == (None, spec.get("arguments", []))


def pom(name: str) -> str:
    """A property of build/pom.xml for Spark 3.5, its first profile, or its own version."""
    text = (ROOT / "build" / "pom.xml").read_text()
    found = re.search(rf"<{re.escape(name)}>(.*?)</", text)
    assert found, name
    return found[1]


def test_versions_are_those_of_the_pom(place: Path) -> None:
    spark = pom("spark.version")
    java = re.search(r"^ARG SPARK=(.*)$", DOCKERFILE, re.MULTILINE)
    assert java
    assert java[1] == f"{spark}-scala{pom('scala.binary.version')}-java17-python3-ubuntu"
    spec = application()["spec"]
    assert spec["sparkVersion"] == spark
    page = (HOWTO / "kubernetes.md").read_text()
    images = re.findall(r"registry/sparknet:[\d.]*\d", page)
    assert {spec["image"], *images} == {f"registry/sparknet:{pom('version')}"}


def test_python_packages_are_those_of_the_wheel() -> None:
    project = (ROOT / "python" / "pyproject.toml").read_text()
    # PySpark is the image's own, and what else goes with it is not.
    (pandas,) = re.findall(r"'(pandas[^']*)'", DOCKERFILE)
    (spark,) = re.findall(r"^spark = \[(.*)\]$", project, re.MULTILINE)
    assert f'"{pandas}"' in spark.split(", ")
    (extra,) = re.findall(r"\.whl\)\[(\w+)\]", DOCKERFILE)
    assert re.search(rf"^{extra} = \[", project, re.MULTILINE)


def test_what_the_image_is_made_of_is_there_and_let_through() -> None:
    copied = re.findall(r"^COPY (\S+) (\S+)$", DOCKERFILE, re.MULTILINE)
    assert copied == [("python/apps", "/opt/sparknet/apps")]
    assert (ROOT / "python/apps").is_dir()
    mounted = re.findall(r"--mount=type=bind,source=(\S+?),", DOCKERFILE)
    assert mounted == ["target/dist"]  # Where build/wheel puts the wheel.
    assert 'DIST="$TARGET/dist"' in (ROOT / "build/wheel").read_text()
    lines = (KUBERNETES / "Dockerfile.dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    # Each is of use, and nothing that is used is kept out.
    wheel = f"target/dist/sparknet-{pom('version')}-py3-none-manylinux_2_34_x86_64.whl"
    assert sorted(rules[1:]) == ["!python/apps", "!target/dist/*.whl"]
    assert fnmatch(wheel, "target/dist/*.whl")
    # The program is one of those that are copied.
    program = application()["spec"]["mainApplicationFile"]
    target = copied[0][1]
    assert program.startswith(f"local://{target}/")
    assert (ROOT / "python/apps" / program.rpartition("/")[2]).is_file()
    # And the jar that submit names is linked.
    (jar,) = re.findall(r"--jar local://(\S+)", (KUBERNETES / "submit").read_text())
    assert re.search(rf" {re.escape(jar)}$", DOCKERFILE, re.MULTILINE)


def test_the_commands_of_the_image(tmp_path: Path) -> None:
    """As BuildKit gives them to the shell, in a tree with a Spark and, for pip, a stand-in."""
    (run,) = re.findall(r"^RUN --mount\S+ \\\n((?: .*\n)+)", DOCKERFILE, re.MULTILINE)
    for place in ("/tmp/dist", "/opt/sparknet.jar"):
        run = run.replace(place, f"{tmp_path}{place}")
    package = tmp_path / "site" / "sparknet"
    shutil.copytree(ROOT / "python/sparknet", package, ignore=shutil.ignore_patterns("jars"))
    home = tmp_path / "opt" / "spark"
    for folder in (home / "jars", package / "jars", tmp_path / "bin", tmp_path / "tmp/dist"):
        folder.mkdir(parents=True)
    (tmp_path / "tmp/dist/sparknet-9.8-py3-none-any.whl").touch()
    (home / "jars" / "spark-core_2.12-3.5.5.jar").touch()
    lines = {"spark-3.5": ("3.5", "2.12"), "spark-4": ("4", "2.13"), "natives": ("", "")}
    for name, (spark, scala) in lines.items():
        with zipfile.ZipFile(package / "jars" / f"sparknet-9.8-{name}.jar", "w") as jar:
            properties = f"version=9.8\nspark={spark}\nscala={scala}\n"
            jar.writestr("sparknet/version.properties", properties)
    pip = tmp_path / "bin" / "pip3"
    pip.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/pip\n")
    pip.chmod(0o755)
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    variables = {
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
        "PYTHONPATH": str(tmp_path / "site"),
        "SPARK_HOME": str(home),
    }
    subprocess.run(["/bin/bash", "-o", "pipefail", "-c", run], env=variables, check=True)
    wheel = tmp_path / "tmp/dist/sparknet-9.8-py3-none-any.whl[apps]"
    installed = (tmp_path / "pip").read_text().splitlines()
    assert installed[:3] == ["install", "--no-cache-dir", str(wheel)]
    classes = package / "jars/sparknet-9.8-spark-3.5.jar"
    natives = package / "jars/sparknet-9.8-natives.jar"
    links = {path.name: path.resolve() for path in (home / "jars").iterdir() if path.is_symlink()}
    assert links == {classes.name: classes, natives.name: natives}
    assert (tmp_path / "opt/sparknet.jar").resolve() == classes
