"""The Spark session of a command."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sparknet.commands.values import Megabytes, Setting
from sparknet.errors import ArgumentError, SetupError, StateError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["Cluster", "check_settings", "running", "told_in_a_line"]

_HERE = 2  # Workers on this machine, where nobody says how many.
_HEAP = Megabytes(1024)


class Cluster(NamedTuple):
    """Where a command runs. master: None is this machine; memory: of an executor's heap; s3: with
    what s3a:// takes."""

    master: str | None
    workers: int | None
    memory: Megabytes | None
    conf: Sequence[Setting] | None
    s3: bool = False

    @property
    def executors(self) -> int:
        """On this machine."""
        return self.workers or _HERE

    @property
    def heap(self) -> Megabytes:
        """Of each executor."""
        return self.memory or _HEAP

    @property
    def settings(self) -> dict[str, str]:
        """Of Spark, beside those that go with the master."""
        settings = dict(self.conf or ())
        if self.master is not None and self.memory is not None:
            settings = {"spark.executor.memory": f"{self.memory}m", **settings}
        return settings


@contextlib.contextmanager
def running(cluster: Cluster, name: str, ui: bool = False) -> Iterator[SparkSession]:
    """A session that ends with the block. Failures of Spark's are errors of one line.

    name: of the application, as Spark's pages show it. ui: whether it has pages; their place is
    printed.
    """
    if importlib.util.find_spec("pyspark") is None:
        raise SetupError("this command needs PySpark: pip install 'sparknet[spark]'")
    check_settings(cluster.master)
    import sparknet
    from sparknet.sessions import stopping

    with told_in_a_line():
        spark = sparknet.session(
            cluster.executors,
            master=cluster.master,
            memory_mb=cluster.heap,
            app_name=f"SparkNet {name}",
            ui=ui,
            s3=cluster.s3,
            config=cluster.settings,
        )
        with stopping(spark):
            # What goes wrong comes as an error; Spark would log its trace beside it.
            spark.sparkContext.setLogLevel("FATAL")
            if ui:
                print(f"watch it at {spark.sparkContext.uiWebUrl}/sparknet", flush=True)
            yield spark


def check_settings(master: str | None) -> None:
    """SetupError if a cluster cannot be found, which Spark would say with a trace."""
    if master == "yarn" and not {"HADOOP_CONF_DIR", "YARN_CONF_DIR"} & set(os.environ):
        raise SetupError("yarn: HADOOP_CONF_DIR names no folder of the cluster's configuration")


@contextlib.contextmanager
def told_in_a_line() -> Iterator[None]:
    """What Spark and the JVM raise is an error of this package."""
    from pyspark.errors import AnalysisException, PySparkException

    from sparknet._jvm.calls import translated

    try:
        with translated("this"):
            try:
                yield
            except AnalysisException as error:  # A wrong place, column or format.
                raise ArgumentError(_first_line(error)) from None
    except PySparkException as error:
        raise StateError(_first_line(error)) from None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
