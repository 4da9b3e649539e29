"""Native components: what the linker took for libccaffe.so, and the packages that it came from.

`target/native/ORIGINS`, which build/cmake/CopyRuntimeClosure.cmake writes, has a line for every
library of the bundle, and for every archive and object that libccaffe.so is linked from: the file
of the bundle, a tab, the path.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from .components import Component, OriginError

TABLE = Path(__file__).with_name("natives.tsv")
COMMON_LICENSES = Path("/usr/share/common-licenses")
_TEXT = re.compile(r"(LICEN[CS]E|NOTICE|COPYING|THIRD-?PARTY|copyright)[^/]*", re.I)


@dataclass(frozen=True)
class Known:
    """A row of natives.tsv."""

    library: str
    name: str
    license: str
    module: str


@dataclass(frozen=True)
class Package:
    """What a library came in: the version, the address (purl), and the texts in it.

    common: texts that it refers to, which lie in a folder for all.
    """

    version: str
    purl: str
    texts: dict[str, bytes]
    common: dict[str, bytes] = field(default_factory=dict)


def known(table: Path = TABLE) -> dict[str, Known]:
    """The rows of natives.tsv by their library."""
    lines = table.read_text(encoding="utf-8").splitlines()
    rows = [Known(*line.split("\t")) for line in lines if line and not line.startswith("#")]
    return {row.library: row for row in rows}


def components(origins: Path, root: Path, folder: str) -> list[Component]:
    """The components in libccaffe.so and beside it. folder: where they lie in the archive."""
    table = known()
    found = []
    for line in origins.read_text(encoding="utf-8").splitlines():
        file, path = line.split("\t")
        library = re.split(r"\.(?:so|a|o)\b", Path(path).name)[0]
        if library not in table:
            raise OriginError(f"{path}: build/origin/natives.tsv does not say what it is")
        if table[library].name == "SparkNet":
            continue
        found.append(_component(table[library], Path(path), root, f"{folder}/{file}"))
    return _with_texts(found, root)


def _component(row: Known, path: Path, root: Path, place: str) -> Component:
    package = fetched(path, row, root) or debian(path) or rpm(path)
    if package is None:
        raise OriginError(f"{path}: neither dpkg nor rpm knows a package that it belongs to")
    made = Component(row.name, package.version, row.license, package.purl, places={place})
    made.add_texts(package.texts)
    made.texts.update({f"common-licenses/{name}": text for name, text in package.common.items()})
    return made


def _with_texts(found: list[Component], root: Path) -> list[Component]:
    """Gives texts to those whose package has none: the repository's, or those of the same
    component in another package."""
    for each in found:
        own = root / "build" / "licenses" / each.slug
        if own.is_dir():
            each.add_texts({path.name: path.read_bytes() for path in own.iterdir()})
        if "Apache-2.0" in each.license and not any("LICENSE" in name for name in each.texts):
            each.add_texts({"LICENSE": (root / "LICENSE").read_bytes()})
    for each in found:
        if not each.texts:
            same = [other.texts for other in found if other.name == each.name and other.texts]
            each.texts.update(same[0] if same else {})
    return found


def fetched(path: Path, row: Known, root: Path) -> Package | None:
    """A library from one of the jars that CMake unpacks below target/native/deps."""
    deps = root / "target" / "native" / "deps"
    if deps not in path.parents:
        return None
    folder = path.relative_to(deps).parts[0]
    module, version = folder.split("-", 1)
    texts = {p.name: p.read_bytes() for p in sorted((deps / folder).rglob("*")) if _is_text(p)}
    return Package(
        # 3.8.1-1.5.12 is 3.8.1 in the packaging of JavaCPP 1.5.12.
        version=version.rsplit("-", 1)[0] if row.module == module else "",
        purl=f"pkg:maven/org.bytedeco/{module}@{version}?classifier=linux-x86_64&type=jar",
        texts=texts,
    )


def debian(path: Path) -> Package | None:
    """A library from a package of Debian's family."""
    if not shutil.which("dpkg-query"):
        return None
    # Packages made before /lib became a link to /usr/lib have its old name.
    names = (str(path), str(path).removeprefix("/usr"))
    owner = next(filter(None, (_output("dpkg-query", "-S", name) for name in names)), "")
    if not owner:
        return None
    package = owner.splitlines()[0].rsplit(": ", 1)[0].split(",")[0]
    form = "${Package}\t${Version}\t${source:Upstream-Version}\t${Architecture}"
    name, version, upstream, machine = _output("dpkg-query", "-W", "-f", form, package).split("\t")
    system = _system()
    place = f"arch={machine}&distro={system.get('VERSION_CODENAME', '')}"
    text = (Path("/usr/share/doc") / name / "copyright").read_bytes()
    names = re.findall(rb"/usr/share/common-licenses/([\w.-]*[\w-])", text)
    common = {COMMON_LICENSES / name.decode() for name in names}
    return Package(
        version=re.sub(r"[.+~-](dfsg|ds|repack)\d*$", "", upstream),
        purl=f"pkg:deb/{system.get('ID', 'debian')}/{name}@{_quoted(version)}?{place}",
        texts={"copyright": text},
        common={file.resolve().name: file.read_bytes() for file in common if file.is_file()},
    )


def rpm(path: Path) -> Package | None:
    """A library from a package of Red Hat's family."""
    if not shutil.which("rpm"):
        return None
    form = "%{NAME}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\n"
    owner = _output("rpm", "-qf", "--qf", form, str(path))
    if not owner:
        return None
    name, version, release, machine = owner.splitlines()[0].split("\t")
    files = [Path(line) for line in _output("rpm", "-q", "--licensefiles", name).splitlines()]
    folder = Path("/usr/share/licenses") / name
    files += sorted(folder.rglob("*")) if folder.is_dir() else []
    return Package(
        version=version,
        purl=f"pkg:rpm/{_system().get('ID', 'redhat')}/{name}@{_quoted(f'{version}-{release}')}"
        f"?arch={machine}",
        texts={file.name: file.read_bytes() for file in files if file.is_file()},
    )


def _is_text(path: Path) -> bool:
    return _TEXT.fullmatch(path.name) is not None and path.is_file()


def _quoted(version: str) -> str:
    return version.replace(":", "%3A").replace("+", "%2B")


def _system() -> dict[str, str]:
    """/etc/os-release."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("=", 1) for line in lines if "=" in line]
    return {name: value.strip('"') for name, value in pairs}


def _output(*command: str) -> str:
    """What the command prints; nothing if it fails."""
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    return done.stdout.strip() if done.returncode == 0 else ""
