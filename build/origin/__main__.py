"""`python -m origin` in build/: writes what project/Origin.scala puts into a jar of ours.

Standard input has a line for everything in the jar, in fields between tabs:

    module  GROUP  NAME  VERSION  JAR      a jar that is taken in
    own     FOLDER                         a folder with what is SparkNet's

The arguments are the jar's name, its version and the folder to write to. That gets META-INF/sbom,
and META-INF/sparknet/licenses with the texts and COMPONENTS.tsv.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from . import cyclonedx, modules, natives
from .components import Component, OriginError, checked, merged, table

ROOT = Path(__file__).resolve().parents[2]
ORIGINS = ROOT / "target" / "native" / "ORIGINS"
NATIVES = "native/linux-x86-64"


def main(name: str, version: str, target: Path) -> None:
    """Writes all."""
    apache = (ROOT / "LICENSE").read_bytes()
    inside = natives.known()
    own: set[str] = set()
    parts: list[Component] = []
    for line in sys.stdin.read().splitlines():
        kind, *fields = line.split("\t")
        if kind == "own":
            own |= places(Path(fields[0]))
            continue
        group, artifact, number, jar = fields
        module = modules.Module(group, artifact, number, Path(jar))
        parts.append(modules.component(module, apache))
        if f"{group}:{artifact}" in inside:
            parts.append(part_of(module, inside[f"{group}:{artifact}"], parts[-1].purl))
    if f"{NATIVES}/" in own:
        parts += natives.components(ORIGINS, ROOT, NATIVES)
        own.discard(f"{NATIVES}/")
        own |= {f"{NATIVES}/libccaffe.so", f"{NATIVES}/FILES"}
    parts = checked(merged(parts))
    purl = f"pkg:maven/org.sparknet/{name}@{version}?type=jar"
    shutil.rmtree(target, ignore_errors=True)
    texts = target / cyclonedx.TEXTS
    for part in parts:
        for path, content in part.texts.items():
            (texts / path).parent.mkdir(parents=True, exist_ok=True)
            (texts / path).write_bytes(content)
    texts.mkdir(parents=True, exist_ok=True)
    (texts / "COMPONENTS.tsv").write_text(table(parts), encoding="utf-8")
    sbom = target / "META-INF" / "sbom" / f"{name}.cdx.json"
    sbom.parent.mkdir(parents=True)
    sbom.write_text(cyclonedx.bill(name, version, purl, own, parts), encoding="utf-8")


def places(folder: Path) -> set[str]:
    """The folders in which files lie, and files that lie in none."""
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    carried = [path for path in files if path.parts[0] != "META-INF"]
    return {f"{p.parent.as_posix()}/" if len(p.parts) > 1 else p.name for p in carried}


def part_of(module: modules.Module, row: natives.Known, purl: str) -> Component:
    """What is known to be compiled into the native libraries of a jar."""
    part = Component(row.name, "", row.license, purl, places=modules.native_places(module))
    folder = ROOT / "build" / "licenses" / part.slug
    part.add_texts({path.name: path.read_bytes() for path in folder.iterdir()})
    return part


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    except OriginError as error:
        sys.exit(f"error: {error}")
