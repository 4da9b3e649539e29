#!/usr/bin/env python3
"""Writes a label file for the images of a folder, with the labels of a longer one.

::

    python ec2/create_labelfile.py DIRECTORY TRAINFILE OUTFILE

For each file below DIRECTORY, OUTFILE gets a line `name label`. The label is that of TRAINFILE,
such as Caffe's train.txt, where folders before a name and its case do not count, and which may list
more images. It is an error if it does not list all of them; OUTFILE is then left as it is.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from sparknet import cli
from sparknet.errors import FileError
from sparknet.imagenet import labels
from sparknet.imagenet.prepare import replace
from sparknet.imagenet.sources import Image, Source


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="create_labelfile.py", description=__doc__.splitlines()[0], allow_abbrev=False
    )
    parser.add_argument("directory", type=Path, metavar="DIRECTORY", help="of images")
    parser.add_argument("trainfile", type=Path, metavar="TRAINFILE", help="lines `name label`")
    parser.add_argument("outfile", type=Path, metavar="OUTFILE", help="the label file to write")
    return parser.parse_args()


def files(directory: Path, apart: list[Path]) -> list[Path]:
    """All files below a folder by their paths, but hidden ones and those apart."""

    def failed(error: OSError) -> None:
        raise FileError(f"{error.filename}: {error.strerror}")

    left_out = {path.name: path.resolve() for path in apart}
    found = []
    for folder, below, names in os.walk(directory, onerror=failed):
        below[:] = sorted(name for name in below if not name.startswith("."))
        paths = [Path(folder, name) for name in sorted(names) if not name.startswith(".")]
        found += [path for path in paths if left_out.get(path.name) != path.resolve()]
    if not found:
        raise FileError(f"{directory}: no file in it")
    return found


def main() -> None:
    """Looks the files up, and writes."""
    args = arguments()
    found = files(args.directory, [args.trainfile, args.outfile])
    images = [Image(path.name, None, str(path), 0, 0) for path in found]
    labelling = labels.assign(Source(images), args.trainfile)
    lines = labels.lines([image.name for image in images], labelling)
    try:
        replace(args.outfile, lines)
    except OSError as error:
        raise FileError(f"{args.outfile}: {error.strerror}") from None
    print(f"{args.outfile}: {len(lines):,} labels, from {args.trainfile}")


if __name__ == "__main__":
    cli.run(main)
