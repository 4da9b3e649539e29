"""How Spark's JVMs start in tests, which start hundreds of them and do little with each.

The second compiler would take as much of the processor as they do themselves. Most of what else a
start takes is reading and checking Spark's classes, which the JVM can have done before: run as a
program, this makes such an archive of them (class data sharing), which halves the time. It is for
the class path that it was made with, and the JVM goes without it elsewhere. A folder with files
may not be on that path, so that settings come on the command line and not from Spark's folder of
them.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Spark's folder of settings: empty.
SETTINGS = Path(__file__).resolve().parents[1] / "target/no-settings"
COMPILER = "-XX:TieredStopAtLevel=1"


def archive() -> Path:
    """Where it is, or would be: it belongs to its PySpark."""
    pyspark = importlib.util.find_spec("pyspark")
    assert pyspark is not None
    assert pyspark.origin is not None
    return Path(pyspark.origin).with_name("classes.jsa")


def variables() -> dict[str, str]:
    """Of the environment of all programs that start JVMs of Spark."""
    SETTINGS.mkdir(parents=True, exist_ok=True)
    options = COMPILER
    if archive().exists():
        # Nothing is said about an archive that is not for this class path.
        options += f" -XX:SharedArchiveFile={archive()} -Xlog:cds=off -Xlog:cds+dynamic=off"
    return {"SPARK_CONF_DIR": str(SETTINGS), "SPARK_SUBMIT_OPTS": everywhere(options)}


def everywhere(options: str) -> str:
    """The driver's options, with which executors get them, too, and a driver in a cluster."""
    properties = [f"spark.{part}.defaultJavaOptions={options}" for part in ("driver", "executor")]
    return " ".join([options, *(f'"-D{line}"' for line in properties)])


def work(spark: SparkSession) -> None:
    """Some of everything."""
    numbers = spark.range(1000).selectExpr("id", "id % 7 as key", "rand() as value")
    numbers.groupBy("key").sum("value").collect()
    with tempfile.TemporaryDirectory() as folder:
        numbers.write.parquet(f"{folder}/numbers")
        spark.read.parquet(f"{folder}/numbers").count()
    pairs = spark.sparkContext.parallelize(range(8), 4).map(lambda n: (n % 2, n))
    pairs.reduceByKey(max).collect()


def main() -> None:
    """Has a JVM write what it has loaded for a driver, an executor, and a cluster in a process."""
    from pyspark.sql import SparkSession

    new = archive().with_suffix(".new")
    new.unlink(missing_ok=True)
    archive().unlink(missing_ok=True)
    os.environ.update(variables())
    os.environ["SPARK_SUBMIT_OPTS"] = f"-XX:ArchiveClassesAtExit={new} {everywhere(COMPILER)}"
    for master in ("local[2]", "local-cluster[1,1,1024]"):
        spark = SparkSession.builder.master(master).getOrCreate()
        work(spark)
        jvm = spark.sparkContext._gateway.proc  # type: ignore[union-attr]
        spark.stop()
    jvm.stdin.close()  # It ends then.
    jvm.wait()
    new.rename(archive())


if __name__ == "__main__":
    main()
