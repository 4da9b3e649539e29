"""From images anywhere to tars and a label file. A run that was ended goes on where it was."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparknet.errors import ArgumentError, FileError, SparkNetError, StateError
from sparknet.imagenet import shards, sources, workers
from sparknet.imagenet.images import Conversion, RejectedError, convert
from sparknet.imagenet.labels import Labelling
from sparknet.imagenet.plan import Plan, Wish, output_names
from sparknet.imagenet.shards import Shard
from sparknet.imagenet.sources import Image, Source
from sparknet.progress import Progress

__all__ = ["NO_LABEL", "Summary", "images_for", "prepare", "replace"]

NO_LABEL = "no label"
_SAMPLE = 100


@dataclass(frozen=True)
class Summary:
    """images: in the tars; size: of the tars in bytes; rejected: reasons by image name."""

    images: int
    tars: int
    size: int
    rejected: dict[str, str]

    def reasons(self) -> Counter[str]:
        """How often each reason kept an image out."""
        return Counter(self.rejected.values())


def prepare(source: Source, labelling: Labelling, wish: Wish, out: Path, jobs: int) -> Summary:
    """Writes KIND-00000.tar, ... and KIND.txt into ``out``; KIND is that of the wish.

    Beside them lie classes.txt (if names of classes are known), KIND.plan.json, by which a
    later run knows what to go on with, and KIND.rejected.tsv with the images kept out.
    ArgumentError if a run with other settings or images has begun in the folder.
    """
    with _owned(out, wish.kind):
        names = output_names(source.images, wish.how.size is not None)
        plan = Plan.make(wish, source.images, names, labelling.labels)
        _settle_classes(out / "classes.txt", labelling.classes)
        plan.settle(out)
        rejected = _Rejected(out / f"{wish.kind}.rejected.tsv")
        if any(out.glob(f"{wish.kind}-*.tar")):
            rejected.load()
            rejected.rewrite()
        for name, label in zip(names, labelling.labels):
            if label is None:
                rejected.reasons[name] = NO_LABEL
        contents = _write_tars(plan, source.images, names, rejected, out, jobs)
        kept = [name for content in contents for name in content]
        rejected.rewrite()
        if not kept:
            raise ArgumentError(f"all {len(names):,} images were kept out: see {rejected.path}")
        label_of = dict(zip(names, labelling.labels))
        lines = (f"{name} {label_of[name]}" for name in kept)
        replace(out / f"{wish.kind}.txt", lines)
        size = sum((out / plan.tar(index)).stat().st_size for index in range(plan.tars))
        return Summary(len(kept), plan.tars, size, rejected.reasons)


def images_for(megabytes: float, source: Source, labelling: Labelling, how: Conversion) -> int:
    """How many images make tars of about so many megabytes, judged by a sample."""
    labelled = [image for image, label in zip(source.images, labelling.labels) if label is not None]
    step = max(1, len(labelled) // _SAMPLE)
    sizes = []
    for image in labelled[::step]:
        with contextlib.suppress(RejectedError):
            sizes.append(image.size if how.size is None else len(convert(sources.read(image), how)))
    # A header and what fills the last block come with each.
    mean = sum(sizes) / max(1, len(sizes)) + 768
    return max(1, round(megabytes * 1e6 / mean))


def replace(path: Path, lines: Iterator[str] | Sequence[str]) -> None:
    """Writes a text file so that it is there as a whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    with open(part, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


class _Rejected:
    """Reasons by name, in a file that grows as tars are written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reasons: dict[str, str] = {}

    def load(self) -> None:
        """The lines of earlier runs; a killed one may have left the last incomplete."""
        if self.path.exists():
            for line in self.path.read_text("utf-8", "surrogateescape").splitlines():
                name, tab, reason = line.partition("\t")
                if tab:
                    self.reasons[name] = reason

    def add(self, found: Sequence[tuple[str, str]]) -> None:
        if found:
            with open(self.path, "a", encoding="utf-8", errors="surrogateescape") as file:
                file.writelines(f"{name}\t{reason}\n" for name, reason in found)
        self.reasons.update(found)

    def rewrite(self) -> None:
        """An ended run may have left lines twice, or of tars that are no more."""
        if self.reasons:
            replace(self.path, [f"{name}\t{why}" for name, why in sorted(self.reasons.items())])
        else:
            self.path.unlink(missing_ok=True)


def _write_tars(
    plan: Plan,
    images: Sequence[Image],
    names: Sequence[str],
    rejected: _Rejected,
    out: Path,
    jobs: int,
) -> list[list[str]]:
    """Writes the tars that are not there; returns the names in each."""
    _remove_parts(out, plan.wish.kind)
    contents: list[list[str]] = [[] for _ in range(plan.tars)]
    todo: dict[Path, int] = {}
    before = 0
    for index in range(plan.tars):
        final = out / plan.tar(index)
        if final.exists():
            contents[index] = shards.names(final)
            before += len(plan.positions(index))
        else:
            todo[out / f".{final.name}.{os.getpid()}.part"] = index
    tasks = [
        Shard(part, [(names[at], images[at]) for at in plan.positions(index)], plan.wish.how)
        for part, index in todo.items()
    ]
    bar = Progress(len(plan.order), f"writing {plan.wish.kind} tars")
    if before:
        bar.message(f"{plan.tars - len(todo)} of {plan.tars} tars are there already")

    def show(done: int) -> None:
        note = f"{before + done:,} of {len(plan.order):,} images"
        bar.update(before + done, f"{note}, {len(rejected.reasons):,} kept out")

    try:
        show(0)
        with contextlib.closing(workers.write(tasks, jobs, show)) as results:
            for shard, written in results:
                index = todo[shard.path]
                # In this order: a tar that is there has its rejected images on file.
                rejected.add(written.rejected)
                shard.path.replace(out / plan.tar(index))
                contents[index] = written.names
    finally:
        bar.close()
        _remove_parts(out, plan.wish.kind)
    return contents


def _remove_parts(out: Path, kind: str) -> None:
    """Tars that a killed run left, or that were complete when nobody waited any more."""
    for part in out.glob(f".{kind}-*.part"):
        part.unlink()


def _settle_classes(path: Path, classes: Sequence[str] | None) -> None:
    if classes is None:
        return
    if not path.exists():
        replace(path, classes)
    elif path.read_text("utf-8").split("\n")[:-1] != list(classes):
        raise ArgumentError(
            f"{path} numbers the classes in another way than this run would:"
            f" give --classes {path}, or another folder"
        )


@contextlib.contextmanager
def _owned(out: Path, kind: str) -> Iterator[None]:
    """The folder, for this run only; errors of the file system as ours."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with open(out / f".{kind}.lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StateError(f"{out}: another run is writing {kind} tars here") from None
            try:
                yield
            finally:
                (out / f".{kind}.lock").unlink(missing_ok=True)
    except SparkNetError:
        raise
    except OSError as error:
        raise FileError(f"{error.filename or out}: {error.strerror}") from None
