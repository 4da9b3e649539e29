"""Jars with as much in them as a test needs."""

from __future__ import annotations

import zipfile
from pathlib import Path


def make_jar(path: Path, version: str = "1.0", spark: str = "3.5", scala: str = "2.12") -> Path:
    """A jar that has one net and says what it is built for; ``path`` again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    properties = f"version={version}\nspark={spark}\nscala={scala}\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sparknet-home/caffe/examples/x/net.prototxt", 'name: "x"')
        archive.writestr("sparknet/version.properties", properties)
    return path


def make_spark(home: Path, version: str, scala: str | None) -> Path:
    """A ``SPARK_HOME``, or a folder of PySpark's, as far as its version can be seen; again."""
    (home / "jars").mkdir(parents=True, exist_ok=True)
    (home / "version.py").write_text(f'__version__: str = "{version}"\n')
    if scala is not None:
        (home / "jars" / f"spark-core_{scala}-{version}.jar").touch()
    return home
