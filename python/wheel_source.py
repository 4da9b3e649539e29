"""The source distribution: the repository as it is, with what makes a wheel of it."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import tarfile
from pathlib import Path

__all__ = ["write"]

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = ROOT / "python" / "pyproject.toml"


def write(archive: Path, metadata: bytes) -> None:
    """Writes the archive, whose one folder has the archive's name; metadata: its PKG-INFO.

    The files are those that git knows or would take, at their places. What a front end wants to
    find in the first folder is there besides: PKG-INFO, and pyproject.toml.
    """
    files = {name: ROOT / name for name in _tracked()}
    pyproject = PYPROJECT.read_text(encoding="utf-8")
    here, above = 'backend-path = ["."]', 'backend-path = ["python"]'
    if pyproject.count(here) != 1:
        raise SystemExit(f"python/pyproject.toml does not say {here}")
    made = {
        "PKG-INFO": metadata,
        "pyproject.toml": pyproject.replace(here, above).encode("utf-8"),
    }
    folder, date = archive.name[: -len(".tar.gz")], _date()
    # GZip's header has a date and, given a file, its name.
    with archive.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=date) as packed:
        _fill(packed, folder, files, made, date)


def _fill(
    packed: gzip.GzipFile, folder: str, files: dict[str, Path], made: dict[str, bytes], date: int
) -> None:
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted({*files, *made}):
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.mtime, entry.mode = date, 0o644
            if name not in made and files[name].is_symlink():
                entry.type, entry.linkname = tarfile.SYMTYPE, os.readlink(files[name])
                tar.addfile(entry)
                continue
            if name not in made and os.access(files[name], os.X_OK):
                entry.mode = 0o755
            content = made[name] if name in made else files[name].read_bytes()
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        raise SystemExit(
            f"a source distribution is made in a clone, of what git knows: {ROOT} is none, or git"
            " is not installed"
        ) from None


def _tracked() -> list[str]:
    # An unpacked source distribution may lie in someone else's repository.
    if Path(_git("rev-parse", "--show-toplevel").strip()).resolve() != ROOT:
        raise SystemExit(f"{ROOT} is no clone: a source distribution is made in one")
    listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return [name for name in listed if name and os.path.lexists(ROOT / name)]


def _date() -> int:
    """That of the commit, or what SOURCE_DATE_EPOCH says."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct"))
