"""Builds the `sparknet` package with the jars and the generated protobuf code inside."""

import shutil
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).resolve().parent))
import wheel_jars
import wheel_platform
from wheel_origin import WheelWithOrigin

PROTO = wheel_jars.ROOT / "python" / "sparknet" / "proto"
GENERATED = [PROTO / "caffe_pb2.py", PROTO / "layer_calls.pyi"]


class BuildWithJars(build_py):
    """Puts the jars that build/setup has made into sparknet/jars."""

    def run(self) -> None:
        """Copies the modules, then the jars."""
        # An editable install runs in the tree, where the jar is found in target/.
        if self.editable_mode:
            super().run()
            return
        for needed in GENERATED:
            if not needed.exists():
                missing = needed.relative_to(wheel_jars.ROOT)
                raise SystemExit(f"{missing} is missing: run build/setup first")
        super().run()
        jars = Path(self.build_lib) / "sparknet" / "jars"
        shutil.rmtree(jars, ignore_errors=True)
        jars.mkdir(parents=True)
        wheel_jars.write(jars)


class PlatformWheel(WheelWithOrigin):
    """A wheel for every Python, on the machines that can load its libraries."""

    def get_tag(self) -> tuple[str, str, str]:
        """The platform as measured; an editable install has no libraries of its own."""
        has_libraries = self.distribution.has_ext_modules()
        platform = wheel_platform.tag(wheel_jars.natives()) if has_libraries else "any"
        return "py3", "none", platform


class WithLibraries(Distribution):
    """Setuptools sees no library: they are in a jar."""

    def has_ext_modules(self) -> bool:
        """Whether what is installed belongs to a platform."""
        return "editable_wheel" not in self.commands


setup(
    distclass=WithLibraries,
    version=wheel_jars.version(),
    cmdclass={"build_py": BuildWithJars, "bdist_wheel": PlatformWheel},
)
