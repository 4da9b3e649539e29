"""What python/wheel_origin.py makes of the jars in a wheel."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python")]

from wheel_origin import EPOCH, add_origin, expression, requirements, with_licenses  # noqa: E402

pytestmark = pytest.mark.unit

METADATA = """Metadata-Version: 2.1
Name: sparknet
Version: 1.2
License: Apache-2.0
Requires-Dist: numpy>=1.21
Requires-Dist: Ruamel_Yaml
Requires-Dist: pandas<3,>=1.5; extra == "spark"
Requires-Dist: pytest; extra == 'test'
"""


def component(name: str, terms: str, *places: str) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": f"pkg:{name}",
        "name": name,
        "licenses": [{"expression": terms}],
        "evidence": {"occurrences": [{"location": place} for place in places]},
        "properties": [
            {"name": "sparknet:license-text", "value": f"META-INF/sparknet/licenses/{name}/TEXT"}
        ],
    }


def make_jar(path: Path, *parts: dict[str, Any]) -> None:
    texts = "META-INF/sparknet/licenses"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/sbom/x.cdx.json", json.dumps({"components": parts}))
        archive.writestr("META-INF/sparknet/LICENSE", "ours")
        rows = "".join(f"{part['name']}\t1\n" for part in parts)
        archive.writestr(f"{texts}/COMPONENTS.tsv", f"component\tversion\n{rows}")
        for part in parts:
            archive.writestr(f"{texts}/{part['name']}/TEXT", part["name"])


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """The files of a wheel: two jars, which have one component in common."""
    (tmp_path / "sparknet" / "jars").mkdir(parents=True)
    (tmp_path / "info").mkdir()
    (tmp_path / "info" / "METADATA").write_text(METADATA)
    z = component("z", "Zlib", "native/linux-x86-64/libz.so.1")
    make_jar(tmp_path / "sparknet/jars/a.jar", z, component("scala", "MIT", "scala/"))
    make_jar(tmp_path / "sparknet/jars/b.jar", z, component("jna", "LGPL OR MIT", "com/sun/"))
    return tmp_path


def test_jars_are_put_together(content: Path) -> None:
    (content / "sparknet/libz.so.1").write_bytes(b"")
    add_origin(content, content / "info")
    bill = json.loads((content / "info/sboms/sparknet.cdx.json").read_text())
    assert bill["metadata"]["component"]["purl"] == "pkg:pypi/sparknet@1.2"
    parts = {part["name"]: part for part in bill["components"]}
    assert list(parts) == ["jna", "scala", "z", "numpy", "pandas", "ruamel-yaml"]
    places = [each["location"] for each in parts["z"]["evidence"]["occurrences"]]
    assert places == ["sparknet/jars/a.jar", "sparknet/jars/b.jar", "sparknet/libz.so.1"]
    (pointer,) = parts["z"]["properties"]
    assert (content / pointer["value"]).read_text() == "z"
    assert (content / "info/licenses/LICENSE").read_text() == "ours"
    table = (content / "info/licenses/COMPONENTS.tsv").read_text()
    assert table == "component\tversion\njna\t1\nscala\t1\nz\t1\n"


def test_a_library_of_nobody_ends_the_build(content: Path) -> None:
    (content / "sparknet/libextra.so").write_bytes(b"")
    with pytest.raises(SystemExit, match=r"sparknet/libextra\.so is in no SBOM"):
        add_origin(content, content / "info")


def test_requirements_have_the_scope_of_their_extra() -> None:
    found = {part["name"]: part["scope"] for part in requirements(METADATA)}
    assert found == {"numpy": "required", "pandas": "optional", "ruamel-yaml": "required"}


def test_expression_has_every_licence_once() -> None:
    parts = [component(n, n) for n in ("MIT", "Zlib AND MIT", "Apache-2.0", "MIT OR Zlib")]
    assert expression(parts) == "Apache-2.0 AND (MIT OR Zlib) AND MIT AND Zlib"


def test_metadata_keep_what_else_they_say() -> None:
    assert with_licenses(f"{METADATA}\nA page.\n", "MIT", ["A", "B"]) == (
        "Metadata-Version: 2.4\nName: sparknet\nVersion: 1.2\n"
        "Requires-Dist: numpy>=1.21\nRequires-Dist: Ruamel_Yaml\n"
        'Requires-Dist: pandas<3,>=1.5; extra == "spark"\n'
        "Requires-Dist: pytest; extra == 'test'\n"
        "License-Expression: MIT\nLicense-File: A\nLicense-File: B\n\nA page.\n"
    )


def test_files_are_as_old_as_those_of_the_jar() -> None:
    assert EPOCH == 40 * 365 * 86400 + 10 * 86400  # 2010, after ten leap years.
