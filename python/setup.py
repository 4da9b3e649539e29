"""Builds the `sparknet` package with the assembly jar and the generated protobuf code inside."""

import shutil
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))
from wheel_origin import WheelWithOrigin  # noqa: E402, I001 - a build front end runs this file from anywhere


# The one place of versions.
POM = ElementTree.parse(ROOT / "build" / "pom.xml")
VERSION = POM.findtext("version", "")
SCALA = POM.findtext("properties/scala.binary.version", "")
JAR = ROOT / "target" / f"scala-{SCALA}" / f"sparknet-assembly-{VERSION}.jar"
PROTO = ROOT / "python" / "sparknet" / "proto"
GENERATED = [PROTO / "caffe_pb2.py", PROTO / "layer_calls.pyi"]


class BuildWithJar(build_py):
    """Copies the jar that build/setup has made into sparknet/jars."""

    def run(self) -> None:
        """Copies the modules, then the jar."""
        # An editable install runs in the tree, where the jar is found in target/.
        if self.editable_mode:
            super().run()
            return
        for needed in (JAR, *GENERATED):
            if not needed.exists():
                raise SystemExit(f"{needed.relative_to(ROOT)} is missing: run build/setup first")
        super().run()
        jars = Path(self.build_lib) / "sparknet" / "jars"
        shutil.rmtree(jars, ignore_errors=True)
        jars.mkdir(parents=True)
        shutil.copy2(JAR, jars)


setup(version=VERSION, cmdclass={"build_py": BuildWithJar, "bdist_wheel": WheelWithOrigin})
