"""What is in the jars: SparkNet's has nothing that a Spark, or its vendor, brings."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from sparknet.s3 import settings

FOREIGN = re.compile(r"(com/amazonaws|software/amazon|org/apache/(hadoop|http)|io/netty)/")


def entries(jar: Path) -> list[str]:
    with zipfile.ZipFile(jar) as archive:
        return archive.namelist()


def test_no_hadoop_and_no_aws_in_the_jar(jar: Path) -> None:
    names = entries(jar)
    assert "sparknet/train/Trainer.class" in names
    assert [name for name in names if FOREIGN.match(name)] == []


def test_its_classes_run_on_java_11(jar: Path) -> None:
    with zipfile.ZipFile(jar) as archive:
        classes = [name for name in archive.namelist() if name.endswith(".class")]
        versions = {name: int.from_bytes(archive.read(name)[6:8], "big") for name in classes}
    assert len(versions) > 1000
    # 55: of Java 11 (the JVM's specification, 4.1).
    assert {name: version for name, version in versions.items() if version > 55} == {}


def test_the_jar_of_s3_is_s3a_with_its_sdk_and_no_more() -> None:
    found = settings().get("spark.jars")
    assert found is not None, "build/test makes it by build/setup s3"
    names = [name for name in entries(Path(found)) if name.endswith(".class")]
    assert "org/apache/hadoop/fs/s3a/S3AFileSystem.class" in names
    ours = re.compile(r"(org/apache/hadoop/fs|com/amazonaws|software/amazon|org/reactivestreams)/")
    # What Spark has, too, would hide it or be hidden by it.
    assert [name for name in names if not ours.match(name)] == []
    assert Path(found).stat().st_size < 20e6
