"""A Spark session with SparkNet's jar on its class path, for when there is none yet."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from pyspark.sql import SparkSession

from sparknet import jar
from sparknet import s3 as s3a
from sparknet._jvm.calls import silence
from sparknet._jvm.failures import connected, remote
from sparknet._jvm.py4j import Py4JJvm
from sparknet.errors import SetupError, SparkNetError
from sparknet.interrupts import interruptible, postponed

__all__ = ["session", "stopping"]

# Passed to the JVM as a file, because it is read before any jar is on the class path. Without
# a level of its own for the gateway Spark sets the root's to WARN, and says so. What tasks throw
# comes to the program as an error, and is not shown before that as a trace.
_QUIET = """\
rootLogger.level = error
logger.gateway.name = org.apache.spark.api.python.PythonGatewayServer
logger.gateway.level = error
logger.task.name = org.apache.spark.executor.Executor
logger.task.level = off
logger.tasks.name = org.apache.spark.scheduler.TaskSetManager
logger.tasks.level = off
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex
"""


def session(
    workers: int = 2,
    *,
    master: str | None = None,
    memory_mb: int = 1024,
    app_name: str = "SparkNet",
    ui: bool = False,
    s3: bool = False,
    config: Mapping[str, str] | None = None,
) -> SparkSession:
    """A session for training with so many workers.

    master: default is this machine, with one executor JVM per worker and the cores shared
    out among them. memory_mb: heap of each executor. ui: whether there is Spark's UI, whose tab
    SparkNet shows what trainers do; it is at ``sparkContext.uiWebUrl``. s3: with what ``s3a://``
    takes, where Spark has none of its own (``sparknet.s3``). config: further settings of Spark.
    Logs nothing below errors, so that progress bars stay visible. A session that is
    already there is returned as it is; under spark-submit its options make the session.
    """
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    if connected():
        raise remote()
    if "PYSPARK_GATEWAY_PORT" in os.environ:  # Set by spark-submit, whose JVM already runs.
        return SparkSession.builder.appName(app_name).getOrCreate()
    cores = max(1, len(os.sched_getaffinity(0)) // workers)
    builder = SparkSession.builder.appName(app_name)
    settings = {
        "spark.jars": jar.spark_jars(),
        "spark.ui.enabled": str(ui).lower(),
        "spark.ui.showConsoleProgress": "false",
    }
    if master is None:
        master = f"local-cluster[{workers},{cores},{memory_mb}]"
        settings["spark.executor.memory"] = f"{memory_mb}m"
        settings["spark.task.cpus"] = str(cores)
    if master.startswith("local"):  # Otherwise executors take the first python3 of the path.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings.update(config or {})
    if s3:
        settings = s3a.settings(settings)
    with tempfile.TemporaryDirectory(prefix="sparknet-") as folder:
        quiet = Path(folder) / "log4j2.properties"
        quiet.write_text(_QUIET, encoding="utf-8")
        options = settings.get("spark.driver.extraJavaOptions", "")
        settings["spark.driver.extraJavaOptions"] = (
            f"-Dlog4j2.configurationFile={quiet} {options}".strip()
        )
        for key, value in settings.items():
            builder = builder.config(key, value)
        with postponed() as interrupted:
            spark = builder.master(master).getOrCreate()
    if interrupted():
        with stopping(spark):
            raise KeyboardInterrupt
    spark.sparkContext.setLogLevel("ERROR")
    try:
        Py4JJvm(spark).warnings_only()
    except SetupError:  # Of the jar's: the next call starts another session with another jar.
        spark.stop()
        raise
    # Py4J logs a traceback when the JVM goes first, which Ctrl-C may bring about.
    logging.getLogger("py4j").setLevel(logging.CRITICAL)
    return spark


@contextlib.contextmanager
def stopping(spark: SparkSession) -> Iterator[None]:
    """What a program does in a session, which is stopped at the end, quietly.

    Ctrl-C raises KeyboardInterrupt inside. Spark logs nothing below errors; and once it stops
    its JVM says nothing at all: executors that were still starting would show as traces.
    """
    spark.sparkContext.setLogLevel("ERROR")
    with interruptible():
        try:
            yield
        finally:
            with contextlib.suppress(SparkNetError):  # The JVM may be gone already.
                silence(spark)
            spark.stop()
