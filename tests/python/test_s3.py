"""Where S3A for a Spark is found, and what is asked for where it is not."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from sparknet import jar, s3
from sparknet.errors import SetupError

pytestmark = pytest.mark.unit

TABLE = "3.3.4\torg:one:1,org:two:2\torg:all\n9.8.7\torg:three:3\torg:all,org:most\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Spark with Hadoop 9.8.7, and SparkNet's jar in a folder of its own, outside a checkout."""
    jars = tmp_path / "spark" / "jars"
    jars.mkdir(parents=True)
    (jars / "hadoop-client-api-9.8.7.jar").touch()
    own = tmp_path / "own" / "net.jar"
    own.parent.mkdir()
    with zipfile.ZipFile(own, "w") as archive:
        archive.writestr("sparknet/s3_packages.tsv", TABLE)
    monkeypatch.setenv("SPARKNET_JAR", str(own))
    monkeypatch.setenv("SPARKNET_HOME", str(tmp_path / "tree"))
    return jars.parent


def test_from_maven(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {"spark.jars.packages": "org:three:3", "spark.jars.excludes": "org:all,org:most"}
    assert s3.settings(spark_home=home) == wanted
    monkeypatch.setenv("SPARK_HOME", str(home))
    assert s3.settings() == wanted
    given = {"spark.jars.packages": "my:own:1", "spark.jars": "x.jar", "spark.y": "z"}
    assert s3.settings(given) == {
        **given,
        "spark.jars.packages": "my:own:1,org:three:3",
        "spark.jars.excludes": "org:all,org:most",
    }


def test_from_a_jar_beside_ours_and_of_a_checkout(home: Path) -> None:
    built = home.parent / "tree" / "target" / "s3" / "sparknet-s3-1.0-hadoop-9.8.7.jar"
    built.parent.mkdir(parents=True)
    built.touch()
    built.with_name("sparknet-s3-1.0-hadoop-9.8.8.jar").touch()
    assert s3.settings(spark_home=home) == {"spark.jars": str(built)}
    beside = home.parent / "own" / built.name
    beside.touch()
    assert s3.settings({"spark.jars": "x.jar"}, home) == {"spark.jars": f"x.jar,{beside}"}


def test_a_spark_that_has_s3a(home: Path) -> None:
    (home / "jars" / "hadoop-aws-9.8.7.jar").touch()
    assert s3.settings({"spark.y": "z"}, home) == {"spark.y": "z"}


def test_a_hadoop_that_is_not_known(home: Path) -> None:
    known = home / "jars" / "hadoop-client-api-9.8.7.jar"
    known.rename(known.with_name("hadoop-client-api-9.8.7-vendor-1.jar"))
    with pytest.raises(SetupError, match=r"9\.8\.7-vendor-1, for which there is no S3A here"):
        s3.settings(spark_home=home)
    known.with_name("hadoop-client-api-9.8.7-vendor-1.jar").unlink()
    with pytest.raises(SetupError, match=r"no hadoop-client-api jar(.*)spark\.jars\.packages"):
        s3.settings(spark_home=home)


def test_what_the_jar_says_of_the_spark_of_the_tests() -> None:
    """The POM's versions, as coordinates; none of them is a bundle of all services."""
    lines = (jar.text("sparknet/s3_packages.tsv") or "").splitlines()
    table = {line.split("\t")[0]: line.split("\t")[1:] for line in lines}
    assert set(table) >= {"3.3.4", "3.4.1", "3.4.2", "3.5.0"}
    for hadoop, (packages, excludes) in table.items():
        first, *others = packages.split(",")
        assert first == f"org.apache.hadoop:hadoop-aws:{hadoop}"
        assert {name.split(":")[1] for name in others} >= {"sts", "s3"} or hadoop == "3.3.4"
        assert {"com.amazonaws:aws-java-sdk-bundle", "software.amazon.awssdk:bundle"} <= set(
            excludes.split(",")
        )
    sdk = {name.split(":")[2] for name in table["3.3.4"][0].split(",")[1:]}
    assert sdk == {"1.12.262"}
