"""``sparknet submit``."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sparknet import jar, sparks
from sparknet import s3 as s3a
from sparknet.commands import options, submit_options
from sparknet.commands.cluster import Cluster, check_settings
from sparknet.commands.values import Megabytes, Setting
from sparknet.errors import ArgumentError, FileError, SetupError
from sparknet.sparks import Spark

__all__ = ["submit"]

_JAVA_OPTIONS = "spark.driver.extraJavaOptions"


class _Request(NamedTuple):
    """What is asked for. Sizes: None is Spark's own."""

    program: str
    arguments: Sequence[str]
    master: str | None
    deploy_mode: str | None
    workers: int | None
    cores: int | None
    memory: Megabytes | None
    overhead: Megabytes | None
    driver_memory: Megabytes | None
    name: str | None
    image: str | None
    own: Sequence[str]  # SparkNet's jars, that of the classes first
    jars: Sequence[str]
    py_files: Sequence[str]
    conf: Sequence[Setting]


def submit(
    program: submit_options.ProgramFile,
    arguments: submit_options.Arguments = None,
    master: options.Master = None,
    deploy_mode: submit_options.DeployMode = None,
    workers: submit_options.Workers = None,
    cores: submit_options.Cores = None,
    memory: options.Memory = None,
    overhead: submit_options.Overhead = None,
    driver_memory: submit_options.DriverMemory = None,
    name: submit_options.Name = None,
    image: submit_options.Image = None,
    own_jar: submit_options.Jar = None,
    jars: submit_options.Jars = None,
    py_files: submit_options.PyFiles = None,
    s3: options.S3 = False,
    conf: options.Conf = None,
    show: submit_options.Print = False,
) -> None:
    """Run a program of yours on a cluster, by spark-submit, with SparkNet's jar where it belongs.

    PROGRAM is a Python file, or a Scala class of SparkNet's jar, such as apps.CifarApp, or of a jar
    of yours: my.jar:my.App. Options of the program come after `--`: sparknet submit app.py --master
    yarn -- --epochs 3.
    """
    environment, executable = _spark_submit()
    request = _Request(
        program,
        arguments or [],
        master,
        None if deploy_mode is None else deploy_mode.value,
        workers,
        cores,
        memory,
        overhead,
        driver_memory,
        name,
        image,
        [own_jar] if own_jar else [str(path) for path in jar.paths(_spark(executable))],
        jars or [],
        py_files or [],
        conf or [],
    )
    if s3:
        request = _with_s3(request, Path(executable).resolve().parents[1])
    _check(request)
    command = [executable, *_arguments(request)]
    added = {**({} if "--class" in command else _pythons(request)), **environment}
    if show:
        settings = (f"{name}={shlex.quote(value)}" for name, value in added.items())
        print(*settings, shlex.join(command))
        return
    check_settings(master)
    sys.stdout.flush()
    os.execve(executable, command, {**os.environ, **added})


def _spark_submit() -> tuple[dict[str, str], str]:
    """That of ``$SPARK_HOME``, of the path, or of PySpark, in this order; and its environment."""
    home = os.environ.get("SPARK_HOME")
    if home:
        own = Path(home, "bin", "spark-submit")
        if not own.is_file():
            raise SetupError(f"SPARK_HOME is {home}, where there is no bin/spark-submit")
        return {}, str(own)
    on_path = shutil.which("spark-submit")
    if on_path is not None:
        return {}, on_path
    package = importlib.util.find_spec("pyspark")
    if package is None or not package.submodule_search_locations:
        raise SetupError("no spark-submit: set SPARK_HOME, or pip install 'sparknet[spark]'")
    folder = Path(package.submodule_search_locations[0])
    # It would ask the first python3 of the path for its PySpark.
    return {"SPARK_HOME": str(folder)}, str(folder / "bin" / "spark-submit")


def _spark(executable: str) -> Spark | None:
    """The Spark that a spark-submit starts; None is the one at hand."""
    return sparks.in_folder(Path(executable).resolve().parents[1])


def _pythons(request: _Request) -> dict[str, str]:
    """The driver takes the Python of this command, where it runs on this machine; executors do, if
    they are here. Elsewhere, and where it is set already, Spark's settings hold."""
    added = {}
    if request.deploy_mode != "cluster":
        added["PYSPARK_DRIVER_PYTHON"] = sys.executable
    if request.master is None or request.master.startswith("local"):
        added["PYSPARK_PYTHON"] = sys.executable
    return {name: value for name, value in added.items() if name not in os.environ}


def _arguments(request: _Request) -> list[str]:
    """All after ``spark-submit``."""
    archive, kind = _parts(request)
    jars = [file for file in (*request.own, *request.jars) if file != archive]
    line = _place(request)
    if request.name is not None:
        line += ["--name", request.name]
    if jars:
        line += ["--jars", ",".join(jars)]
    if kind is None:
        line += ["--py-files", ",".join([request.own[0], *request.py_files])]
    else:
        line += ["--class", kind]
    for key, value in _settings(request):
        line += ["--conf", f"{key}={value}"]
    return [*line, archive, *request.arguments]


def _with_s3(request: _Request, spark_home: Path) -> _Request:
    settings = s3a.settings(dict(request.conf), spark_home)
    # --jars is there in any case, and Spark takes it instead of the setting.
    jars = settings.pop("spark.jars", None)
    added = [] if jars is None else [jars]
    return request._replace(
        jars=[*request.jars, *added], conf=[Setting(pair) for pair in settings.items()]
    )


def _parts(request: _Request) -> tuple[str, str | None]:
    """The file that is run, and the class if it is a jar."""
    file, sign, kind = request.program.rpartition(":")
    if sign and file.endswith(".jar"):
        return _there(file), kind
    if request.program.endswith(".py"):
        return _there(request.program), None
    if request.program.endswith(".jar"):
        raise ArgumentError(f"{request.program}: name a class of it, {request.program}:my.App")
    if not all(part.isidentifier() for part in request.program.split(".")):
        raise ArgumentError(f"{request.program}: neither a .py file nor a class, such as apps.App")
    return request.own[0], request.program


def _there(file: str) -> str:
    if ":/" not in file and not os.path.isfile(file):
        raise FileError(f"{file}: no such file")
    return file


def _place(request: _Request) -> list[str]:
    """Where it runs, on how many executors of what size."""
    master, cores = request.master, request.cores
    line: list[str] = []
    if master is None:  # As sparknet.session() has it.
        here = Cluster(None, request.workers, request.memory, ())
        cores = cores or max(1, len(os.sched_getaffinity(0)) // here.executors)
        line += ["--master", f"local-cluster[{here.executors},{cores},{here.heap}]"]
        line += ["--executor-memory", f"{here.heap}m"]
    else:
        line += ["--master", master]
        if request.deploy_mode is not None:
            line += ["--deploy-mode", request.deploy_mode]
        if master.startswith("spark://") and request.workers is not None:
            cores = cores or 1
            line += ["--total-executor-cores", str(request.workers * cores)]
        elif request.workers is not None:
            line += ["--num-executors", str(request.workers)]
        if cores is not None:
            line += ["--executor-cores", str(cores)]
        if request.memory is not None:
            line += ["--executor-memory", f"{request.memory}m"]
    if request.driver_memory is not None:
        line += ["--driver-memory", f"{request.driver_memory}m"]
    if cores is not None:  # One worker for each executor, whose net has a thread for each core.
        line += ["--conf", f"spark.task.cpus={cores}"]
    if request.overhead is not None:
        line += ["--conf", f"spark.executor.memoryOverhead={request.overhead}m"]
    if request.image is not None:
        line += ["--conf", f"spark.kubernetes.container.image={request.image}"]
    return line


def _settings(request: _Request) -> list[Setting]:
    """Those that are asked for. In standalone's cluster mode a driver's JVM gets what Spark's own
    launcher gives all others, and what is asked for besides."""
    given = list(request.conf)
    if request.deploy_mode != "cluster" or not (request.master or "").startswith("spark://"):
        return given
    options = [value for key, value in given if key == _JAVA_OPTIONS]
    others = [pair for pair in given if pair[0] != _JAVA_OPTIONS]
    return [Setting((_JAVA_OPTIONS, " ".join([*sparks.JVM_OPTIONS, *options]))), *others]


def _check(request: _Request) -> None:
    """Refuses what would change nothing."""
    if request.master is None and request.deploy_mode is not None:
        raise ArgumentError("--deploy-mode goes with a --master that is a cluster")
    if request.image is not None and not (request.master or "").startswith("k8s://"):
        raise ArgumentError("--image goes with a --master that is Kubernetes: k8s://...")
