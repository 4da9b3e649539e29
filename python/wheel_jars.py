"""The jars of a wheel: what is native, once, and the rest of the assembly of each line of Spark."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Callable
from pathlib import Path

__all__ = ["Line", "lines", "natives", "version", "write"]

ROOT = Path(__file__).resolve().parent.parent
# As built; the list among them tells which they are.
LIBRARIES = ROOT / "target" / "native" / "lib"
NATIVE = "native/"


class Line:
    """A line of Spark, as the POM's profile has it: ``name`` is the profile's."""

    def __init__(self, profile: ElementTree.Element, first: bool) -> None:
        self.name = profile.findtext("id", "")
        scala = profile.findtext("properties/scala.binary.version", "")
        target = ROOT / "target" if first else ROOT / "target" / self.name
        self.assembly = target / f"scala-{scala}" / f"sparknet-assembly-{version()}.jar"


def version() -> str:
    """SparkNet's, of build/pom.xml, the one place of versions."""
    return _pom().findtext("version", "")


def lines() -> list[Line]:
    """The lines of Spark that SparkNet is built for, the one that is built by default first."""
    return [Line(each, i == 0) for i, each in enumerate(_pom().findall("profiles/profile"))]


def natives() -> list[Path]:
    """The libraries that the wheel carries."""
    listed = LIBRARIES / "FILES"
    if not listed.is_file():
        raise SystemExit("libccaffe.so is not built: run build/setup native")
    return [LIBRARIES / line.split()[1] for line in listed.read_text().splitlines()]


def write(folder: Path) -> None:
    """Writes the jars of all lines to a folder that is there; SystemExit if one is not built."""
    missing = [line.assembly for line in lines() if not line.assembly.is_file()]
    if missing:
        named = ", ".join(str(path.relative_to(ROOT)) for path in missing)
        raise SystemExit(f"{named} not built: run build/setup jars")
    prefix = folder / f"sparknet-{version()}"
    first = lines()[0].assembly
    _copy(first, Path(f"{prefix}-natives.jar"), lambda name: name.startswith(NATIVE))
    for line in lines():
        if _index(line.assembly) != _index(first):
            raise SystemExit(
                f"{line.assembly.relative_to(ROOT)} has other native libraries than"
                f" {first.relative_to(ROOT)}: run build/setup jars"
            )
        own = Path(f"{prefix}-{line.name}.jar")
        _copy(line.assembly, own, lambda name: not name.startswith(NATIVE))


def _copy(assembly: Path, jar: Path, kept: Callable[[str], bool]) -> None:
    """Entries keep their order and dates, so that equal assemblies give equal jars."""
    with zipfile.ZipFile(assembly) as source, zipfile.ZipFile(jar, "w") as target:
        for entry in source.infolist():
            if kept(entry.filename):
                entry.compress_type = zipfile.ZIP_DEFLATED
                target.writestr(entry, source.read(entry))


def _index(assembly: Path) -> bytes:
    with zipfile.ZipFile(assembly) as jar:
        names = [name for name in jar.namelist() if name.startswith(NATIVE)]
        lists = [jar.read(name) for name in names if name.endswith("/FILES")]
    return b"".join(lists)


def _pom() -> ElementTree.Element:
    return ElementTree.parse(ROOT / "build" / "pom.xml").getroot()
