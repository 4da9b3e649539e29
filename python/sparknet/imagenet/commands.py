"""What the subcommands do with their arguments, and what they print."""

from __future__ import annotations

import argparse
import os

from sparknet.errors import ArgumentError, SetupError, StateError
from sparknet.imagenet import archives, labels, sources, upload
from sparknet.imagenet.images import Conversion
from sparknet.imagenet.plan import Wish
from sparknet.imagenet.prepare import Summary, images_for, prepare, replace

__all__ = ["check", "label", "prepare_kind", "send"]

_NAMED = 3


def check(args: argparse.Namespace) -> None:
    """Prints what each archive holds and lacks; StateError if anything is wrong."""
    problems = 0
    for report in archives.check(args.archives, args.md5):
        print(f"{report.path}: {report.holds or report.kind or 'unknown'}")
        for problem in report.problems:
            print(f"  {problem}")
        if not report.problems:
            print("  complete" + ("" if args.md5 else "; its MD5 sum was not compared (--md5)"))
        problems += len(report.problems)
    if problems:
        raise StateError(f"{problems} {'problem' if problems == 1 else 'problems'}, see above")


def prepare_kind(args: argparse.Namespace) -> None:
    """Runs train or val."""
    if args.size is None and args.shorter:
        raise ArgumentError("--shorter needs --size")
    how = Conversion(args.size, args.shorter, args.quality, not args.no_decode)
    source = sources.scan(args.source)
    labelling = labels.assign(source, args.labels, args.devkit, args.classes)
    seed = args.seed if args.order == "shuffled" else None
    count = args.images_per_tar
    if args.mb_per_tar is not None:
        count = images_for(args.mb_per_tar, source, labelling, how)
    print(f"{len(source.images):,} images, classes from {labelling.origin}", flush=True)
    jobs = args.jobs or len(os.sched_getaffinity(0))
    wish = Wish(args.kind, how, count, seed)
    done = prepare(source, labelling, wish, args.out, jobs)
    print(
        f"{args.out}: {done.images:,} images in {done.tars:,} tars, {done.size / 1e6:,.1f} MB;"
        f" classes in {args.kind}.txt"
    )
    _print_rejected(done, args.kind)


def label(args: argparse.Namespace) -> None:
    """Writes a label file for images that stay where they are."""
    source = sources.scan(args.source)
    labelling = labels.assign(source, args.labels, args.devkit, args.classes)
    lines = labels.lines([image.name for image in source.images], labelling)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    replace(args.out, lines)
    print(f"{args.out}: {len(lines):,} labels, from {labelling.origin}")


def send(args: argparse.Namespace) -> None:
    """Runs upload, in a Spark session of this process."""
    settings = {}
    for setting in args.conf:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise ArgumentError(f"--conf {setting}: not KEY=VALUE")
        settings[key] = value
    upload.prepared(args.dir)
    try:
        from sparknet._jvm.py4j import Py4JJvm
        from sparknet.sessions import session, stopping
    except ImportError:
        raise SetupError("uploading needs PySpark: pip install 'sparknet[spark]'") from None
    spark = session(master="local[1]", app_name="SparkNet upload", s3=args.s3)
    with stopping(spark):
        jvm = Py4JJvm(spark)
        copied, skipped = upload.upload(
            jvm, args.dir, args.uri, args.threads, settings, args.overwrite
        )
    there = f", {skipped:,} were there already" if skipped else ""
    print(f"{args.uri}: {copied:,} files copied{there}")


def _print_rejected(done: Summary, kind: str) -> None:
    if not done.rejected:
        return
    print(f"{len(done.rejected):,} images kept out, all listed in {kind}.rejected.tsv:")
    for reason, count in done.reasons().most_common():
        some = [name for name, why in done.rejected.items() if why == reason][:_NAMED]
        print(f"  {count:,} {reason}: {', '.join(some)}{', ...' if count > _NAMED else ''}")
