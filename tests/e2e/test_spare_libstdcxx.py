"""The jar's own libstdc++ serves where the system's does not."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SHOW_VERSION = """
public class ShowVersion {
  public static void main(String[] args) {
    System.out.println(sparknet.jna.NativeLoader.library().ccaffe_version());
  }
}
"""


def java_without_libstdcxx() -> Path | None:
    """A JVM that does not bring the system's libstdc++ into the process itself."""
    for jvm in sorted(Path("/usr/lib/jvm").glob("*/lib/server/libjvm.so")):
        needed = subprocess.run(["readelf", "-d", jvm], capture_output=True, text=True).stdout
        if "libstdc++" not in needed:
            return jvm.parents[2] / "bin" / "java"
    return None


@pytest.mark.e2e
def test_spare_is_loaded_when_the_system_has_none(tmp_path: Path) -> None:
    java = java_without_libstdcxx()
    if java is None:
        pytest.skip("every JVM in /usr/lib/jvm is itself linked to libstdc++")
    source = tmp_path / "ShowVersion.java"
    source.write_text(SHOW_VERSION)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "libstdc++.so.6").write_text("not a library")
    jar = os.environ["SPARKNET_JAR"]
    shown = subprocess.run(
        [java, f"-Djava.io.tmpdir={tmp_path}", "-cp", jar, source],
        env={**os.environ, "LD_LIBRARY_PATH": str(broken), "JDK_JAVA_OPTIONS": ""},
        capture_output=True,
        text=True,
    )
    assert shown.returncode == 0, shown.stderr
    with zipfile.ZipFile(jar) as entries:
        properties = entries.read("sparknet/version.properties").decode()
    assert f"version={shown.stdout.strip()}" in properties
