"""HDFS and YARN on this machine: `HadoopCluster.java` as a process, what it keeps and runs."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyspark
import pytest
from processes import EXECUTOR, MARK, PATIENCE, ROOT, Program, running

SOURCE = Path(__file__).with_name("HadoopCluster.java")
JARS = Path(pyspark.__path__[0]) / "jars"
MEMORY_MB = 4096  # of each of its two nodes
# YARN's web pages make classes in the JVM's own packages.
JVM = ["-Xmx512m", "-XX:TieredStopAtLevel=1", "--add-opens=java.base/java.lang=ALL-UNNAMED"]
# Spark is on all nodes, as administrators install it. What tests run fits in small heaps.
SETTINGS = {
    "spark.yarn.jars": f"local:{JARS}/*",
    "spark.driver.memory": "512m",
    "spark.executor.memory": "512m",
    "spark.ui.enabled": "false",
    "spark.yarn.maxAppAttempts": "1",
}


@dataclass(frozen=True)
class HadoopCluster:
    """Where it is, and what its clients need."""

    folder: Path
    web: str
    program: Program

    @property
    def variables(self) -> dict[str, str]:
        """Of the environment, for Spark's clients."""
        conf = str(self.folder / "conf")
        return {"HADOOP_CONF_DIR": conf, "SPARK_CONF_DIR": conf}

    def executors(self) -> list[int]:
        """Process ids of executors' JVMs, whoever's they are; each has a shell around it."""
        return self.program.descendants(f"{EXECUTOR}\0")

    def listed(self, place: str) -> list[str]:
        """Names in a folder of HDFS; none if there is no such folder."""
        try:
            answer = json.loads(self._web("GET", f"{self.web}{place}?op=LISTSTATUS"))
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return []
        found: list[Any] = answer["FileStatuses"]["FileStatus"]
        return sorted(status["pathSuffix"] for status in found)

    def put(self, file: Path, place: str) -> None:
        """Copies a file to HDFS."""
        query = "op=CREATE&noredirect=true&user.name=root"
        answer = json.loads(self._web("PUT", f"{self.web}{place}/{file.name}?{query}"))
        self._web("PUT", answer["Location"], file.read_bytes())

    def logs(self, program: Program, name: str = "std*") -> str:
        """What the containers of the application that a program submitted have written."""
        (application,) = set(re.findall(r"application_\d+_\d+", program.text))
        files = self.folder.glob(f"yarn/*/*logDir*/{application}/*/{name}")
        return "\n".join(file.read_text(errors="replace") for file in sorted(files))

    def _web(self, method: str, url: str, content: bytes | None = None) -> bytes:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(
            urllib.request.Request(url, content, method=method), timeout=PATIENCE
        ) as answer:
            return bytes(answer.read())


@contextlib.contextmanager
def hadoop_cluster(folder: Path) -> Iterator[HadoopCluster]:
    """A cluster that is gone, with all its containers, when the block ends; skips the test where
    Hadoop's daemons have not been fetched."""
    (api,) = JARS.glob("hadoop-client-api-*.jar")
    version = api.stem.rpartition("-")[2]
    daemons = ROOT / f"target/tools/hadoop-{version}"
    if not daemons.is_dir():
        pytest.skip(f"{daemons} is not here: build/setup hadoop fetches it")
    java = shutil.which("java")
    assert java is not None
    home = Path(java).resolve().parents[1]
    arguments = [folder / "conf", str(MEMORY_MB), f"JAVA_HOME,{MARK}"]
    paths = ["-cp", f"{daemons}/*{os.pathsep}{JARS}/*", f"-Dtest.build.data={folder}"]
    command = [java, *JVM, *paths, SOURCE, *arguments]
    with running(command, folder, JAVA_HOME=str(home)) as program:
        ready = re.compile(r"^ready: (\d+)$", re.MULTILINE)
        program.until(lambda: ready.search(program.out) is not None, "cluster")
        match = ready.search(program.out)
        assert match is not None
        lines = [f"{name} {value}\n" for name, value in SETTINGS.items()]
        (folder / "conf/spark-defaults.conf").write_text("".join(lines))
        yield HadoopCluster(folder, f"http://127.0.0.1:{match[1]}/webhdfs/v1", program)
