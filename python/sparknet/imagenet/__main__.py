"""The command line of sparknet.imagenet."""

from __future__ import annotations

import argparse
from pathlib import Path

from sparknet import cli
from sparknet.errors import FileError
from sparknet.imagenet import commands

_ABOUT = """\
Prepares ImageNet for training with SparkNet: checks the archives of ILSVRC2012, writes tars of
shuffled and resized images with a label file, and copies them to any file system of Hadoop.
A train, val or upload that was ended goes on where it was when the same command is given again.
"""
_SOURCE = """\
a tar of images, a tar of one tar for each class (ILSVRC2012_img_train.tar as it is), or a
folder of images, class folders or class tars; several are read one after the other
"""
_CLASSES = """\
file with the names of the classes in the order of their indices, the first word of each line;
default: sorted names of the class folders or class tars
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    whole = argparse.ArgumentParser(
        prog="python -m sparknet.imagenet", description=_ABOUT, allow_abbrev=False
    )
    commands_of = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        return commands_of.add_parser(
            name, help=summary, description=summary.capitalize() + ".", allow_abbrev=False
        )

    check = add("check", "check the archives of ILSVRC2012: structure, counts and sizes")
    check.add_argument("archives", nargs="+", type=Path, metavar="ARCHIVE")
    check.add_argument(
        "--md5", action="store_true", help="compare MD5 sums, too; reads all of each file"
    )
    check.set_defaults(run=commands.check)

    train = add("train", "write tars of shuffled training images, and train.txt")
    _prepare_options(train, "train", "shuffled")
    val = add("val", "write tars of validation images, and val.txt")
    _prepare_options(val, "val", "source")

    labels = add("labels", "write a label file for images that stay where they are")
    _source_options(labels)
    labels.add_argument("--out", required=True, type=Path, metavar="FILE", help="the label file")
    labels.set_defaults(run=commands.label)

    upload = add("upload", "copy tars and label files to any file system of Hadoop")
    upload.add_argument("dir", type=Path, metavar="DIR", help="where train or val has written")
    upload.add_argument(
        "uri", metavar="URI", help="the folder to copy to: s3a://bucket/path, hdfs://..., file:..."
    )
    upload.add_argument(
        "--threads", type=cli.positive, default=8, help="files at a time, default: %(default)s"
    )
    upload.add_argument(
        "--conf",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting of Hadoop, for instance fs.s3a.endpoint=http://host:9000; may be repeated",
    )
    upload.add_argument(
        "--s3",
        action="store_true",
        help="with what s3a://... takes, where Spark has none of its own; vendors' Sparks have",
    )
    upload.add_argument(
        "--overwrite", action="store_true", help="copy tars that are there with the same size, too"
    )
    upload.set_defaults(run=commands.send)
    return whole


def _source_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--from",
        dest="source",
        required=True,
        nargs="+",
        type=Path,
        metavar="PATH",
        help=_SOURCE,
    )
    command.add_argument(
        "--labels",
        type=Path,
        metavar="FILE",
        help="label file, lines `name class`; default: a labels.txt found among the images",
    )
    command.add_argument(
        "--devkit",
        type=Path,
        metavar="PATH",
        help="ILSVRC2012_devkit_t12.tar.gz or its folder: labels of the validation images, and"
        " the numbering of classes; needs SciPy",
    )
    command.add_argument("--classes", type=Path, metavar="FILE", help=_CLASSES)


def _prepare_options(command: argparse.ArgumentParser, kind: str, order: str) -> None:
    _source_options(command)
    command.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder to write")
    command.add_argument(
        "--size",
        type=cli.positive,
        metavar="PIXELS",
        help="resize to PIXELS x PIXELS and to RGB; default: images stay as they are",
    )
    command.add_argument(
        "--shorter", action="store_true", help="PIXELS is the shorter side, the shape is kept"
    )
    command.add_argument(
        "--quality",
        type=int,
        choices=range(1, 96),
        default=90,
        metavar="1..95",
        help="JPEG quality of resized images, default: %(default)s",
    )
    command.add_argument(
        "--no-decode",
        action="store_true",
        help="without --size: copy images without a look whether they are intact",
    )
    length = command.add_mutually_exclusive_group()
    length.add_argument(
        "--images-per-tar", type=cli.positive, default=1000, metavar="N", help="default: 1000"
    )
    length.add_argument(
        "--mb-per-tar", type=cli.positive_number, metavar="MB", help="about so many megabytes a tar"
    )
    command.add_argument(
        "--order",
        choices=["shuffled", "source"],
        default=order,
        help="shuffled over all classes, or as found; default: %(default)s",
    )
    command.add_argument("--seed", type=int, default=1, help="of the shuffle, default: %(default)s")
    command.add_argument("--jobs", type=cli.positive, help="processes, default: one for each core")
    command.set_defaults(run=commands.prepare_kind, kind=kind)


def main() -> None:
    """Runs the subcommand."""
    args = parser().parse_args()
    try:
        args.run(args)
    except OSError as error:
        if error.filename is None:
            raise
        raise FileError(f"{error.filename}: {error.strerror}") from None


if __name__ == "__main__":
    cli.run(main)
