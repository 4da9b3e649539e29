"""Programs for a cluster, run on its master by spark-submit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sparknet_ec2.remote import Remote


@dataclass(frozen=True)
class Options:
    """jar: with the class; None: SparkNet's. cores, memory: of an executor, "4g"; workers: how
    many executors there may be. conf: NAME=VALUE."""

    jar: Path | None = None
    py_files: Sequence[Path] = ()
    name: str | None = None
    workers: int | None = None
    cores: int | None = None
    memory: str | None = None
    driver_memory: str | None = None
    conf: Sequence[str] = ()
    s3: bool = False


def submit(
    remote: Remote,
    master_address: str,
    program: str,
    arguments: Sequence[str],
    options: Options,
) -> int:
    """Runs a Python file of this machine, or a Scala class; its output comes as it is written.

    Gives its exit status. Ctrl-C ends the program there (KeyboardInterrupt). OptionError if there is
    no such file.
    """
    raise NotImplementedError
