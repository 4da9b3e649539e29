"""Programs for a cluster, run on its master by spark-submit."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sparknet_ec2 import deploy
from sparknet_ec2.errors import OptionError, RemoteError, SetupError
from sparknet_ec2.options import Options
from sparknet_ec2.remote import Remote

__all__ = ["submit"]


class _Program(NamedTuple):
    """What is run. file: of this machine, None is SparkNet's own jar; kind: the class, None is a
    Python file's."""

    file: Path | None
    kind: str | None


def submit(
    remote: Remote,
    master_address: str,
    program: str,
    arguments: Sequence[str],
    options: Options,
) -> int:
    """Runs a Python file of this machine, a Scala class of SparkNet's jar, such as apps.CifarApp,
    or one of a jar of yours, my.jar:my.App, in the login user's home; its output comes as it is
    written.

    Gives its exit status. Ctrl-C ends the program there (KeyboardInterrupt). OptionError if there
    is no such file. With --dry-run the command is printed, and nothing is run.
    """
    parts = _parts(program)
    files = _files(parts, options)
    home = deploy.home(remote, master_address)
    own = _jars(remote, master_address, home)

    def line(folder: str) -> str:
        return shlex.join([*_line(parts, options, own, folder), *arguments])

    if options.dry_run:
        print(f"{master_address}: {line('.submitted')}")
        return 0
    folder = remote.run(master_address, 'mktemp -d "$HOME/.submitted-XXXXXXXX"').strip()
    try:
        if files:
            remote.copy(master_address, files, folder)
        command = f"cd {shlex.quote(os.path.dirname(home))} && {line(folder)}"
        return remote.stream(master_address, command, as_root=True)
    finally:
        with contextlib.suppress(RemoteError):
            remote.run(master_address, f"rm -rf {shlex.quote(folder)}")


def _parts(program: str) -> _Program:
    file, sign, kind = program.rpartition(":")
    if sign and file.endswith(".jar"):
        return _Program(Path(file), _class(kind))
    if program.endswith(".py"):
        return _Program(Path(program), None)
    if program.endswith(".jar"):
        raise OptionError(f"{program}: name a class of it, {program}:my.App")
    return _Program(None, _class(program))


def _class(name: str) -> str:
    if not all(part.isidentifier() for part in name.split(".")):
        raise OptionError(f"{name!r} is neither a .py file nor a class, such as apps.CifarApp")
    return name


def _files(program: _Program, options: Options) -> list[Path]:
    """What has to be brought to the master."""
    own = [] if program.file is None else [program.file]
    files = [*own, *options.jars, *options.py_files]
    if program.kind is not None and options.py_files:
        raise OptionError(f"--py-files goes with a Python file; {program.kind} is a class")
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


def _line(program: _Program, options: Options, own: Sequence[str], folder: str) -> list[str]:
    """All before the program's arguments."""
    file = own[0] if program.file is None else f"{folder}/{program.file.name}"
    jars = [*own, *(f"{folder}/{each.name}" for each in options.jars)]
    others = [jar for jar in jars if jar != file]
    line = ["spark-submit", *_place(options)]
    for setting in options.conf:
        line += ["--conf", setting]
    if others:
        line += ["--jars", ",".join(others)]
    if program.kind is not None:
        return [*line, "--class", program.kind, file]
    # Python finds sparknet in the first jar.
    modules = [own[0], *(f"{folder}/{each.name}" for each in options.py_files)]
    return [*line, "--py-files", ",".join(modules), file]


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
