"""Copies prepared tars and label files to where Spark reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sparknet._jvm import Jvm
from sparknet.errors import ArgumentError, FileError, StateError
from sparknet.progress import Progress

__all__ = ["prepared", "upload"]

_POLL_SECONDS = 0.5


def prepared(folder: Path) -> tuple[list[Path], list[Path]]:
    """The tars of a folder, and its label files and class names.

    StateError if a run of train or val in it has not come to its end.
    """
    if not folder.is_dir():
        raise FileError(f"{folder}: no such folder")
    for plan in folder.glob("*.plan.json"):
        kind = plan.name[: -len(".plan.json")]
        if not (folder / f"{kind}.txt").exists():
            raise StateError(
                f"{folder}: its {kind} tars are not complete: run the {kind} command again first"
            )
    tars = sorted(folder.glob("*.tar"))
    if not tars:
        raise ArgumentError(f"{folder}: no tars in it")
    return tars, sorted(folder.glob("*.txt"))


def upload(
    jvm: Jvm,
    folder: Path,
    target: str,
    threads: int,
    settings: Mapping[str, str],
    overwrite: bool = False,
) -> tuple[int, int]:
    """Copies the tars, then the label files; returns how many files were copied, and skipped.

    target: a folder, as a URI of a file system that Hadoop knows. A tar that is there with the
    same length is not copied again, unless ``overwrite``; label files always are, last of all.
    """
    tars, texts = prepared(folder)
    bar = Progress(_bytes(tars) + _bytes(texts), f"copying to {target}")
    try:
        copied = _copy(jvm, tars, target, threads, settings, overwrite, bar, 0)
        copied += _copy(jvm, texts, target, threads, settings, True, bar, _bytes(tars))
    finally:
        bar.close()
    return copied, len(tars) + len(texts) - copied


def _copy(
    jvm: Jvm,
    files: Sequence[Path],
    target: str,
    threads: int,
    settings: Mapping[str, str],
    overwrite: bool,
    bar: Progress,
    before: int,
) -> int:
    running = jvm.upload(
        [str(file.absolute()) for file in files], target, threads, settings, overwrite
    )
    try:
        finished = False
        while not finished:
            finished = running.wait(_POLL_SECONDS)
            done = before + running.done_bytes()
            bar.update(done, f"{done / 1e6:,.0f} MB")
        return running.copied_files()
    finally:
        running.close()


def _bytes(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)
