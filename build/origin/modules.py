"""Components of the JVM: jars that an assembly takes in, with the POMs that lie beside them."""

from __future__ import annotations

import hashlib
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .components import Component, OriginError

# What POMs call licences: the words of a name or an address, and the SPDX identifier.
_LICENSES = [
    (r"apache.*2", "Apache-2.0"),
    (r"lgpl-2\.1-or-later", "LGPL-2.1-or-later"),
    (r"bsd.3|3.clause", "BSD-3-Clause"),
    (r"\bmit\b", "MIT"),
]
_TEXT = re.compile(r"(META-INF/)?(LICEN[CS]E|NOTICE|COPYING|THIRD-?PARTY|AL2|LGPL)[^/]*", re.I)
_NATIVE = (".so", ".dll", ".jnilib", ".dylib", ".a")


@dataclass(frozen=True)
class Module:
    """A jar of a repository in Maven's layout."""

    group: str
    name: str
    version: str
    jar: Path


def component(module: Module, apache: bytes) -> Component:
    """The module as a component. apache: the text for jars under that licence that carry none."""
    with zipfile.ZipFile(module.jar) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        license_ids = licenses(module)
        own = {
            name.rsplit("/", 1)[-1]: archive.read(name) for name in names if _TEXT.fullmatch(name)
        }
        if not any(re.match("NOTICE", name, re.I) is None for name in own):
            own.update(_missing_text(module, license_ids, archive, apache))
    made = Component(
        name=module.name,
        group=module.group,
        version=module.version,
        license=" OR ".join(license_ids),
        purl=f"pkg:maven/{module.group}/{module.name}@{module.version}?type=jar",
        places={_place(name) for name in names if _carried(name)},
        sha256=hashlib.sha256(module.jar.read_bytes()).hexdigest(),
    )
    made.add_texts(own)
    return made


def native_places(module: Module) -> set[str]:
    """The folders of a jar that have native libraries in them."""
    with zipfile.ZipFile(module.jar) as archive:
        return {_place(name) for name in archive.namelist() if name.endswith(_NATIVE)}


def licenses(module: Module) -> list[str]:
    """What the POM, or the nearest of its parents that says something, allows a choice of."""
    for pom in _poms(module):
        found = pom.findall("{*}licenses/{*}license")
        if found:
            return [_spdx(module, each) for each in found]
    raise OriginError(f"{module.group}:{module.name}: neither its POM nor a parent has a licence")


def _poms(module: Module) -> Iterator[ElementTree.Element]:
    repository = module.jar.parents[len(module.group.split(".")) + 2]
    coordinates = [module.group, module.name, module.version]
    while coordinates:
        group, name, version = coordinates
        folder = repository.joinpath(*group.split("."), name, version)
        path = folder / f"{name}-{version}.pom"
        if not path.is_file():
            raise OriginError(f"{module.group}:{module.name}: there is no {path}")
        root = ElementTree.parse(path).getroot()
        yield root
        parent = root.find("{*}parent")
        coordinates = []
        if parent is not None:
            tags = ("groupId", "artifactId", "version")
            coordinates = [parent.findtext(f"{{*}}{tag}", "").strip() for tag in tags]


def _spdx(module: Module, element: ElementTree.Element) -> str:
    texts = [element.findtext(f"{{*}}{tag}", "").strip() for tag in ("name", "url")]
    words = " ".join(filter(None, texts))
    for pattern, identifier in _LICENSES:
        if re.search(pattern, words, re.I):
            return identifier
    raise OriginError(
        f"{module.group}:{module.name}: build/origin/modules.py does not know the licence '{words}'"
    )


def _missing_text(
    module: Module, license_ids: list[str], archive: zipfile.ZipFile, apache: bytes
) -> dict[str, bytes]:
    if "Apache-2.0" in license_ids:
        return {"LICENSE": apache}
    # Sources that a jar carries begin with the licence: those of Protocol Buffers do.
    for name in archive.namelist():
        if name.endswith(".proto"):
            head = re.match(r"(?://.*\n)+", archive.read(name).decode("utf-8"))
            if head and "THE COPYRIGHT HOLDERS" in head[0]:
                return {"LICENSE": re.sub(r"(?m)^// ?", "", head[0]).encode("utf-8")}
    raise OriginError(
        f"{module.group}:{module.name}: its jar has no text of {' or '.join(license_ids)}"
    )


def _carried(name: str) -> bool:
    """Whether an assembly takes the entry over: project/JarContent.scala discards the others."""
    return not name.startswith("META-INF/") and not name.endswith(
        ("module-info.class", "LICENSE", "NOTICE")
    )


def _place(name: str) -> str:
    return name[: name.rindex("/") + 1] if "/" in name else name
