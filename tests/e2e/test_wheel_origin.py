"""What a wheel says of what it bundles, and that two builds are equal byte for byte."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest
from processes import ROOT, running

sys.path[:0] = [str(ROOT / "build")]

from origin import archives  # noqa: E402

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.xdist_group("wheel")]


def built(folder: Path, umask: int, zone: str) -> Path:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, ROOT / "python"]
    before = os.umask(umask)
    try:
        with running(build, folder.parent, TZ=zone) as program:
            assert program.wait() == 0
    finally:
        os.umask(before)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(jar: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("first") / "out", 0o022, "UTC")


@pytest.fixture(scope="module")
def bill(wheel: Path) -> dict[str, Any]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if ".dist-info/sboms/" in name]
        content: dict[str, Any] = json.loads(archive.read(name))
    return content


def test_two_builds_are_equal(wheel: Path, tmp_path: Path) -> None:
    again = built(tmp_path / "out", 0o077, "Asia/Tokyo")
    assert archives.differences(wheel, again) == []
    assert archives.mentions(wheel, str(ROOT).encode()) == []


def test_the_bill_is_cyclonedx(bill: dict[str, Any]) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None


def test_the_bill_has_all_of_the_jars_and_what_is_asked_for(
    wheel: Path, bill: dict[str, Any]
) -> None:
    parts = {each["bom-ref"]: each for each in bill["components"]}
    with zipfile.ZipFile(wheel) as archive:
        jars = [name for name in archive.namelist() if name.endswith(".jar")]
        assert len(jars) == 4
        # The bills of the others tell of the libraries that are in this one.
        for jar in (name for name in jars if not name.endswith("-natives.jar")):
            with archive.open(jar) as file, zipfile.ZipFile(file) as inner:
                (name,) = [name for name in inner.namelist() if name.endswith(".cdx.json")]
                for each in json.loads(inner.read(name))["components"]:
                    places = parts[each["bom-ref"]]["evidence"]["occurrences"]
                    assert {"location": jar} in places
    assert parts["pkg:pypi/numpy"]["scope"] == "required"
    assert parts["pkg:pypi/pyspark"]["scope"] == "optional"
    assert "pkg:pypi/pytest" not in parts


def test_licences_are_in_the_metadata(wheel: Path, bill: dict[str, Any]) -> None:
    from license_expression import get_spdx_licensing

    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (name,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        head = Parser().parsestr(archive.read(name).decode("utf-8"))
        info = name.rsplit("/", 1)[0]
        assert archive.read(f"{info}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert tuple(map(int, head["Metadata-Version"].split("."))) >= (2, 4)
    files = {f"{info}/licenses/{file}" for file in head.get_all("License-File")}
    assert files == {name for name in names if name.startswith(f"{info}/licenses/")}
    pointers = [
        each["value"]
        for part in bill["components"]
        for each in part["properties"]
        if each["name"] == "sparknet:license-text"
    ]
    assert len(pointers) > 15
    assert set(pointers) <= files
    licensing = get_spdx_licensing()
    whole = licensing.parse(head["License-Expression"], validate=True).objects
    for part in bill["components"]:
        for each in part.get("licenses", []):
            assert set(licensing.parse(each["expression"]).objects) <= set(whole)
