"""What a wheel says of its origin: licences and an SBOM (PEP 639, PEP 770) of all that it bundles,
from those in its jars. Wheels of the same files are equal byte for byte."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

from setuptools.command.bdist_wheel import bdist_wheel

# What writes the bills of the jars.
sys.path.append(str(Path(__file__).resolve().parents[1] / "build"))
from origin.cyclonedx import TEXTS, written

# The date of all files in a wheel, unless SOURCE_DATE_EPOCH says another: as in sbt's jars, 2010.
EPOCH = 1262304000
# Extras of those who work on SparkNet.
DEVELOPMENT = {"test", "docs", "lint"}
_LIBRARY = re.compile(r".*\.so(\.[\w.]+)?")

Bill = dict[str, Any]


class WheelWithOrigin(bdist_wheel):
    """Adds ``licenses`` and ``sboms`` to the folder of metadata."""

    def run(self) -> None:
        """Builds from nothing: what an earlier build has left would be taken in."""
        shutil.rmtree(self.get_finalized_command("build").build_lib, ignore_errors=True)
        os.environ.setdefault("SOURCE_DATE_EPOCH", str(EPOCH))
        super().run()

    def write_wheelfile(self, wheelfile_base: str, *args: Any, **options: Any) -> None:
        """The last file of the metadata, and then ours."""
        super().write_wheelfile(wheelfile_base, *args, **options)
        content, info = Path(self.bdist_dir), Path(wheelfile_base)
        # An editable install has no content.
        if (content / "sparknet").is_dir():
            add_origin(content, info)
            for path in content.rglob("*"):
                executable = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if executable else 0o644)


def add_origin(content: Path, info: Path) -> None:
    """Writes licences and SBOM of the files in ``content`` to its folder ``info``."""
    metadata = (info / "METADATA").read_text(encoding="utf-8")
    bills: dict[str, Bill] = {}
    rows: set[str] = set()
    for jar in sorted(content.rglob("*.jar")):
        with zipfile.ZipFile(jar) as archive:
            for name in archive.namelist():
                if name == f"{TEXTS}COMPONENTS.tsv":
                    header, *more = archive.read(name).decode("utf-8").splitlines(keepends=True)
                    rows.update(more)
                elif name.startswith(TEXTS) and not name.endswith("/"):
                    path = info / "licenses" / name[len(TEXTS) :]
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(archive.read(name))
                elif name.endswith(".cdx.json"):
                    place = jar.relative_to(content).as_posix()
                    bills[place] = json.loads(archive.read(name))
    parts = bundled(bills, f"{info.name}/licenses/")
    locate(parts, [p.relative_to(content).as_posix() for p in content.rglob("*") if p.is_file()])
    sbom = info / "sboms" / "sparknet.cdx.json"
    sbom.parent.mkdir()
    sbom.write_text(bill(parts, metadata), encoding="utf-8")
    licenses = info / "licenses"
    licenses.mkdir(exist_ok=True)
    table = [header, *sorted(rows, key=str.lower)]
    (licenses / "COMPONENTS.tsv").write_text("".join(table), encoding="utf-8")
    if not (licenses / "LICENSE").exists():
        with zipfile.ZipFile(content / next(iter(bills))) as archive:
            (licenses / "LICENSE").write_bytes(archive.read("META-INF/sparknet/LICENSE"))
    texts = [p.relative_to(licenses).as_posix() for p in licenses.rglob("*") if p.is_file()]
    licensed = with_licenses(metadata, expression(parts), sorted(texts))
    (info / "METADATA").write_text(licensed, encoding="utf-8")


def bundled(bills: dict[str, Bill], texts: str) -> list[Bill]:
    """The components in the bills of jars (by their place), each once, with the jars that it is in.

    texts: the folder that the texts of licences lie in.
    """
    parts: dict[str, Bill] = {}
    for place, content in bills.items():
        for each in content["components"]:
            part = parts.setdefault(each["bom-ref"], {**each, "evidence": {"occurrences": []}})
            inside = [where["location"] for where in each["evidence"]["occurrences"]]
            files = {name.rsplit("/", 1)[-1] for name in inside if not name.endswith("/")}
            part["evidence"]["occurrences"].append({"location": place})
            part["files"] = files | part.get("files", set())
            part["properties"] = [
                {**pointer, "value": pointer["value"].replace(TEXTS, texts)}
                for pointer in each["properties"]
            ]
    return sorted(parts.values(), key=lambda part: (part["name"].lower(), part["bom-ref"]))


def locate(parts: list[Bill], files: list[str]) -> None:
    """Tells each part of the libraries that lie outside of jars; all of them must be somebody's."""
    owners = {name: part for part in parts for name in part.pop("files")}
    for file in sorted(files):
        name = file.rsplit("/", 1)[-1]
        if _LIBRARY.fullmatch(name):
            if name not in owners:
                raise SystemExit(f"{file} is in no SBOM of a jar: build/origin has to know of it")
            owners[name]["evidence"]["occurrences"].append({"location": file})


def requirements(metadata: str) -> list[Bill]:
    """What the package asks for, and does not bundle, as components."""
    found: dict[str, Bill] = {}
    for line in re.findall(r"^Requires-Dist: (.*)$", metadata, re.M):
        name = re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", line)[0]).lower()  # type: ignore[index]
        extra = re.search(r"extra == ['\"]([\w-]+)", line)
        if extra and extra[1] in DEVELOPMENT:
            continue
        purl = f"pkg:pypi/{name}"
        part = found.setdefault(purl, {"type": "library", "bom-ref": purl, "name": name})
        part["scope"] = "optional" if extra and part.get("scope") != "required" else "required"
        part["purl"] = purl
        asked = {"name": "sparknet:requirement", "value": line}
        part.setdefault("properties", []).append(asked)
    return [found[purl] for purl in sorted(found)]


def bill(parts: list[Bill], metadata: str) -> str:
    """The SBOM of the wheel as JSON, the same for the same content."""
    version = re.search(r"^Version: (.*)$", metadata, re.M)[1]  # type: ignore[index]
    purl = f"pkg:pypi/sparknet@{version}"
    asked = requirements(metadata)
    content: Bill = {
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": purl,
                "name": "sparknet",
                "version": version,
                "licenses": [{"expression": "Apache-2.0"}],
                "purl": purl,
            }
        },
        "components": parts + asked,
        "dependencies": [{"ref": purl, "dependsOn": [each["bom-ref"] for each in parts + asked]}],
    }
    return written(content)


def expression(parts: list[Bill]) -> str:
    """The licences of all together, in SPDX's words."""
    found = {each["expression"] for part in parts for each in part["licenses"]}
    terms = {term for each in found if " OR " not in each for term in each.split(" AND ")}
    choices = {f"({each})" for each in found if " OR " in each}
    return " AND ".join(["Apache-2.0", *sorted((terms | choices) - {"Apache-2.0"})])


def with_licenses(metadata: str, expression: str, texts: list[str]) -> str:
    """Core metadata 2.4 that says the licences of what is bundled, too, and where the texts are."""
    head, _, body = metadata.partition("\n\n")
    ours = ("Metadata-Version:", "License:", "License-Expression:", "License-File:", "Dynamic: lic")
    kept = [line for line in head.rstrip("\n").split("\n") if not line.startswith(ours)]
    lines = ["Metadata-Version: 2.4", *kept, f"License-Expression: {expression}"]
    lines += [f"License-File: {text}" for text in texts]
    return "\n".join(lines) + "\n" + (f"\n{body}" if body else "")
