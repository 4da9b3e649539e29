"""Programs for a cluster, run on its master by spark-submit."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sparknet_ec2 import deploy
from sparknet_ec2.errors import OptionError, RemoteError, SetupError
from sparknet_ec2.remote import Remote

__all__ = ["Options", "submit"]


@dataclass(frozen=True)
class Options:
    """What spark-submit is told. None: as the cluster's settings have it.

    jar: with the class; None: SparkNet's. py_files: modules of the program's. cores, memory (such
    as "4g"): of an executor; workers: how many executors there may be. conf: NAME=VALUE.
    """

    jar: Path | None = None
    py_files: Sequence[Path] = ()
    name: str | None = None
    workers: int | None = None
    cores: int | None = None
    memory: str | None = None
    driver_memory: str | None = None
    conf: Sequence[str] = ()


def submit(
    remote: Remote,
    master_address: str,
    program: str,
    arguments: Sequence[str],
    options: Options,
) -> int:
    """Runs a Python file of this machine, or a Scala class of SparkNet's jar, such as
    apps.CifarApp, or of a jar of yours, in the login user's home; its output comes as it is
    written.

    Gives its exit status. Ctrl-C ends the program there (KeyboardInterrupt). OptionError if there
    is no such file.
    """
    files = _files(program, options)
    home = deploy.home(remote, master_address)
    own = _jars(remote, master_address, home)
    folder = remote.run(master_address, 'mktemp -d "$HOME/.submitted-XXXXXXXX"').strip()
    try:
        if files:
            remote.copy(master_address, files, folder)
        line = _line(program, options, own, folder)
        command = f"cd {shlex.quote(os.path.dirname(home))} && {shlex.join([*line, *arguments])}"
        return remote.stream(master_address, command, as_root=True)
    finally:
        with contextlib.suppress(RemoteError):
            remote.run(master_address, f"rm -rf {shlex.quote(folder)}")


def _files(program: str, options: Options) -> list[Path]:
    """What has to be brought to the master."""
    files = [*options.py_files]
    if program.endswith(".py"):
        if options.jar is not None:
            raise OptionError(f"--jar goes with a class; {program} is a Python file")
        files.insert(0, Path(program))
    elif program.endswith(".jar"):
        raise OptionError(f"{program}: name the class to run, and the jar by --jar {program}")
    elif not all(part.isidentifier() for part in program.split(".")):
        raise OptionError(f"{program}: neither a .py file nor a class, such as apps.CifarApp")
    elif options.jar is not None:
        files.insert(0, options.jar)
    for file in files:
        if not file.is_file():
            raise OptionError(f"{file}: no such file")
    names = [file.name for file in files]
    for name in names:
        if names.count(name) > 1:
            raise OptionError(f"two files are called {name}")
    return files


def _jars(remote: Remote, master: str, home: str) -> list[str]:
    """SparkNet's on the master, that of the classes first."""
    try:
        return remote.run(master, f"cat {shlex.quote(home)}/target/spark_jars").split(",")
    except RemoteError as error:
        if error.code == 255:
            raise
        raise SetupError(
            f"{master}: SparkNet is not there: launch --resume brings it ({error.reason})"
        ) from None


def _line(program: str, options: Options, own: Sequence[str], folder: str) -> list[str]:
    """All before the program's arguments."""
    line = ["spark-submit", *_place(options)]
    for setting in options.conf:
        line += ["--conf", setting]
    if program.endswith(".py"):
        modules = [f"{folder}/{file.name}" for file in options.py_files]
        # Python finds sparknet in the first jar.
        line += ["--jars", ",".join(own), "--py-files", ",".join([own[0], *modules])]
        return [*line, f"{folder}/{Path(program).name}"]
    if options.jar is not None:
        return [*line, "--jars", ",".join(own), "--class", program, f"{folder}/{options.jar.name}"]
    others = ["--jars", ",".join(own[1:])] if own[1:] else []
    return [*line, *others, "--class", program, own[0]]


def _place(options: Options) -> list[str]:
    """On how many executors of what size it runs."""
    line: list[str] = []
    cores = options.cores
    if options.workers is not None:
        cores = cores or 1
        line += ["--total-executor-cores", str(options.workers * cores)]
    if cores is not None:  # One worker for each executor, whose net has a thread for each core.
        line += ["--executor-cores", str(cores), "--conf", f"spark.task.cpus={cores}"]
    given = {
        "--name": options.name,
        "--executor-memory": options.memory,
        "--driver-memory": options.driver_memory,
    }
    for name, value in given.items():
        if value is not None:
            line += [name, value]
    return line
