#!/usr/bin/env python3
"""Downloads a range of tars of images from S3, and unpacks them into a folder.

::

    python ec2/pull.py START STOP DIRECTORY

The members of PREFIX000.tar, ... of the bucket, for each number from START to STOP - 1, go into
DIRECTORY/START-STOP, such as DIRECTORY/000-010. Numbers have three digits or more. What a run has
unpacked a later one does not fetch again. Keys and region are as boto3 finds them: in ~/.aws,
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the machine's role. AWS_ENDPOINT_URL names another
server than Amazon's.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from sparknet import cli
from sparknet.errors import (
    ArgumentError,
    FileError,
    ParseError,
    SetupError,
    SparkNetError,
    StateError,
)
from sparknet.imagenet import tars
from sparknet.imagenet.prepare import replace
from sparknet.progress import Progress

_BUCKET = "sparknet"
_PREFIX = "ILSVRC2012_train/files-shuf-"
_POLL_SECONDS = 0.5
_GONE = ("404", "NoSuchKey", "NoSuchBucket")


class _StoppedError(Exception):
    """The run ends; a tar that is not complete is of no use."""


class Pull:
    """The tars of a range, on their way into a folder.

    Below the folder a hidden one, .START-STOP, has tars while they are unpacked, and for each that
    was, a list of its members: a tar is complete while all of these are there.
    """

    def __init__(self, client: Any, bucket: str, prefix: str, span: range, folder: Path) -> None:
        name = f"{span.start:03d}-{span.stop:03d}"
        self.target, self._own = folder / name, folder / f".{name}"
        self.received = 0  # Bytes, so far.
        self.stopped = False
        self._client, self._bucket, self._prefix = client, bucket, prefix
        self._lock = threading.Lock()
        self._owners: dict[str, str] = {}
        self.target.mkdir(parents=True, exist_ok=True)
        self._own.mkdir(exist_ok=True)
        lock = os.open(self._own / "lock", os.O_CREAT | os.O_RDWR)  # Until the program ends.
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateError(f"{self.target}: another run is unpacking tars there") from None
        for part in self._own.glob("*.tar.part*"):  # Of a run that was killed.
            part.unlink()

    def place(self, index: int) -> str:
        """Of the tar of a number, for messages."""
        return f"s3://{self._bucket}/{self._key(index)}"

    def is_complete(self, index: int) -> bool:
        """Whether a run before this one has unpacked a tar."""
        try:
            names = self._list(index).read_text("utf-8", "surrogateescape").split("\n")[:-1]
        except FileNotFoundError:
            return False
        if not all((self.target / name).is_file() for name in names):
            return False
        self._claim(names, index)
        return True

    def fetch(self, index: int) -> int:
        """Downloads a tar, unpacks it, and returns the number of its members.

        FileError or ParseError if this one is missing or damaged; StateError, or OSError, if others
        would fare no better.
        """
        part = self._own / f"{index:03d}.tar.part"
        try:
            self._download(index, part)
            names = self._unpack(index, part)
            replace(self._list(index), names)
            return len(names)
        finally:
            part.unlink(missing_ok=True)

    def _key(self, index: int) -> str:
        return f"{self._prefix}{index:03d}.tar"

    def _list(self, index: int) -> Path:
        return self._own / f"{quote(f'{self._bucket}/{self._key(index)}', safe='')}.txt"

    def _download(self, index: int, part: Path) -> None:
        from boto3.exceptions import RetriesExceededError
        from boto3.s3.transfer import TransferConfig
        from botocore.exceptions import BotoCoreError, ClientError

        # One thread for each tar: there are as many of them as are wanted.
        alone = TransferConfig(use_threads=False)
        try:
            self._client.download_file(
                self._bucket, self._key(index), str(part), Callback=self._count, Config=alone
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                raise FileError(f"{self.place(index)}: there is no such object") from None
            raise FileError(f"{self.place(index)}: {error}") from None
        except RetriesExceededError:
            raise FileError(f"{self.place(index)}: the connection was lost each time") from None
        except BotoCoreError as error:  # No credentials, no network.
            raise StateError(f"{self.place(index)}: {error}") from None

    def _count(self, size: int) -> None:
        if self.stopped:
            raise _StoppedError
        with self._lock:
            self.received += size

    def _unpack(self, index: int, part: Path) -> list[str]:
        """Writes the members, each as a whole or not at all; none of a tar that is not as it should
        be."""
        try:
            members = list(tars.members(part))
        except SparkNetError as error:
            reason = str(error).removeprefix(f"{part}: ")
            raise type(error)(f"{self.place(index)}: {reason}") from None
        names = [self._checked(member.path, index) for member in members]
        self._claim(names, index)
        with open(part, "rb") as tar:
            for name, member in zip(names, members):
                if self.stopped:
                    raise _StoppedError
                path = self.target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                tar.seek(member.offset)
                written = path.with_name(f".{path.name}.part")
                written.write_bytes(tar.read(member.size))
                written.replace(path)
        return names

    def _checked(self, path: str, index: int) -> str:
        """A member's path below the folder; ParseError if it leads elsewhere, or is no line."""
        place = PurePosixPath(path)
        if place.is_absolute() or ".." in place.parts or not place.name or "\n" in path:
            raise ParseError(f"{self.place(index)}: its member {path!r} is no file in the folder")
        return str(place)

    def _claim(self, names: list[str], index: int) -> None:
        """ParseError if a member has the name of another tar's."""
        with self._lock:
            for name in names:
                owner = self._owners.setdefault(name, self._key(index))
                if owner != self._key(index):
                    raise ParseError(f"{self.place(index)}: its member {name} is in {owner}, too")


def pull(run: Pull, span: range, threads: int) -> tuple[int, int]:
    """Fetches what is not there, ``threads`` tars at a time; how many were, and their members.

    A tar that is missing or damaged gets a line, and does not keep the others from being fetched;
    StateError at the end.
    """
    todo = [index for index in span if not run.is_complete(index)]
    before, fetched, members, failed = len(span) - len(todo), 0, 0, 0
    bar = Progress(len(span), f"pulling into {run.target}")
    pool = ThreadPoolExecutor(threads)

    def show() -> None:
        done = before + fetched
        bar.update(done, f"{done} of {len(span)} tars, {run.received / 1e6:,.0f} MB")

    try:
        if before:
            bar.message(f"{before} of {len(span)} tars are there already")
        show()
        waiting: set[Future[int]] = {pool.submit(run.fetch, index) for index in todo}
        while waiting:
            ended = wait(waiting, _POLL_SECONDS, FIRST_COMPLETED).done
            waiting -= ended
            for future in ended:
                try:
                    members += future.result()
                    fetched += 1
                except (FileError, ParseError) as error:
                    bar.message(str(error))
                    failed += 1
            show()
    finally:
        run.stopped = True
        pool.shutdown(cancel_futures=True)
        bar.close()
    if failed:
        raise StateError(f"{failed} of {len(span)} tars could not be unpacked, see above")
    return fetched, members


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="pull.py", description=__doc__.splitlines()[0], allow_abbrev=False
    )
    parser.add_argument("start", type=_index, metavar="START", help="number of the first tar")
    parser.add_argument("stop", type=_index, metavar="STOP", help="the number after the last one")
    parser.add_argument("directory", type=Path, metavar="DIRECTORY", help="to unpack into")
    parser.add_argument("--bucket", default=_BUCKET, help="default: %(default)s")
    parser.add_argument(
        "--prefix", default=_PREFIX, help="of the keys, before the number; default: %(default)s"
    )
    parser.add_argument(
        "--threads", type=cli.positive, default=8, help="tars at a time, default: %(default)s"
    )
    args = parser.parse_args()
    if args.stop <= args.start:
        parser.error(f"STOP is {args.stop}, not after START, which is {args.start}")
    return args


def main() -> None:
    """Pulls what is asked for."""
    args = arguments()
    span = range(args.start, args.stop)
    client = _client(args.threads)
    try:
        run = Pull(client, args.bucket, args.prefix, span, args.directory)
        fetched, members = pull(run, span, args.threads)
    except OSError as error:
        raise FileError(f"{error.filename or args.directory}: {error.strerror or error}") from None
    print(f"{run.target}: {fetched:,} tars unpacked, {members:,} members")


def _index(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return value


def _client(threads: int) -> Any:
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise SetupError("pulling needs boto3: pip install boto3") from None
    try:
        # Where a bucket is, S3 says when it is asked in the wrong region.
        session = boto3.Session()
        region = session.region_name or "us-east-1"
        pooled = Config(max_pool_connections=max(10, threads))
        return session.client("s3", region_name=region, config=pooled)
    except (BotoCoreError, ValueError) as error:  # A profile or an endpoint that is none.
        raise ArgumentError(str(error)) from None


if __name__ == "__main__":
    cli.run(main)
