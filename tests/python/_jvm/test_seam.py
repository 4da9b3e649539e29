"""Two modules know a transport each; the rest of the package knows protocols."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from sparknet._jvm import DatasetHandle, FitHandle, Jvm, TrainerHandle, UploadHandle
from sparknet._jvm.py4j import Py4JJvm, _Dataset, _Fit, _Trainer, _Upload

pytestmark = pytest.mark.unit


def imported(path: Path) -> set[str]:
    """Top-level names of the modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).split(".")[0])
    return found


def test_only_the_transports_import_theirs(root: Path) -> None:
    package = root / "python" / "sparknet"
    users = {
        (transport, path.relative_to(package).as_posix())
        for path in [*package.rglob("*.py"), *(root / "python" / "apps").glob("*.py")]
        for transport in ("py4j", "jnius", "jnius_config")
        if transport in imported(path)
    }
    assert users == {
        ("py4j", "_jvm/calls.py"),
        ("jnius", "_jvm/pyjnius.py"),
        ("jnius_config", "_jvm/pyjnius.py"),
    }


def test_local_nets_need_no_pyspark(root: Path) -> None:
    package = root / "python" / "sparknet"
    for name in (
        "local.py",
        "layers.py",
        "spec.py",
        "jar.py",
        "sparks.py",
        "models.py",
        "errors.py",
    ):
        assert "pyspark" not in imported(package / name), name


@pytest.mark.parametrize(
    ("protocol", "kind"),
    [
        (Jvm, Py4JJvm),
        (DatasetHandle, _Dataset),
        (TrainerHandle, _Trainer),
        (FitHandle, _Fit),
        (UploadHandle, _Upload),
    ],
)
def test_the_transport_has_all_methods_of_its_protocol(protocol: type, kind: type) -> None:
    wanted = {name for name in vars(protocol) if not name.startswith("_")}
    assert wanted
    assert wanted <= set(dir(kind))
