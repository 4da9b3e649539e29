"""What the launcher brings to a cluster's master when that is ready."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sparknet_ec2 import jars
from sparknet_ec2.errors import OptionError, RemoteError, SetupError
from sparknet_ec2.remote import Remote

__all__ = ["KNOWN_AS", "await_workers", "copy_credentials", "deploy", "deploy_root", "home"]

# What the README calls the jar.
KNOWN_AS = "target/scala-2.10/sparknet-assembly-0.1-SNAPSHOT.jar"
# Of the clone. Data are fetched there anew, which is faster than by way of this machine.
_TAKEN = (
    ("caffe/data", (".sh",)),
    ("caffe/examples", (".prototxt", ".sh")),
    ("caffe/models", (".prototxt",)),
    ("python/apps", (".py",)),
)
_ADDED = "/etc/sparknet/added"


def home(remote: Remote, master: str) -> str:
    """``SPARKNET_HOME`` on the master."""
    return remote.run(master, 'printf %s "$HOME"') + "/SparkNet"


def deploy(remote: Remote, master: str, spark_version: str) -> bool:
    """Lays SparkNet out in ``~/SparkNet`` on the master, as a clone has it: the jars for its Spark,
    nets, data scripts and apps; gives whether S3A is among them. SetupError if there is no jar for
    that Spark here.

    ``target/spark_jars`` there is what spark-submit's option ``--jars`` takes.
    """
    found = jars.find(spark_version)
    place = home(remote, master)
    hadoop = remote.run(master, "echo /opt/spark/jars/hadoop-client-api-*.jar")
    version = re.search(r"hadoop-client-api-(\d[\w.-]*)\.jar", hadoop)
    s3 = jars.s3(found, version[1]) if version is not None else None
    brought = [path for path in (found.classes, found.natives, s3) if path is not None]
    folder = f"target/scala-{found.scala}"
    files = dict(_clone())
    files.update({f"{folder}/{path.name}": path for path in brought})
    there = [f"{place}/{folder}/{path.name}" for path in brought]
    with tempfile.TemporaryFile() as archive:
        # Jars are compressed already.
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, path in sorted(files.items()):
                tar.add(path, name)
            _link(tar, KNOWN_AS, f"../scala-{found.scala}/{found.classes.name}")
            _text(tar, "target/spark_jars", ",".join(there))
        archive.seek(0)
        # Jars of an earlier time would be taken for today's.
        remote.send(
            master,
            "mkdir -p ~/SparkNet && cd ~/SparkNet && rm -rf target && tar --no-same-owner -xf -",
            archive,
        )
    # Programs that are started with the first one alone find the others as well.
    _add(remote, master, "jars", f"spark.jars {','.join(there[1:])}\n" if there[1:] else "")
    return s3 is not None


def deploy_root(remote: Remote, master: str, folder: str) -> None:
    """``--deploy-root-dir``: copies a local folder to / on the master; with a slash at its end what
    is in it, as rsync has it. OptionError if there is no such folder."""
    if not os.path.isdir(folder):
        raise OptionError(f"--deploy-root-dir {folder}: no such folder")
    source = Path(folder).absolute()
    taken = sorted(source.iterdir()) if folder.endswith("/") else [source]
    with tempfile.TemporaryFile() as archive:
        with tarfile.open(fileobj=archive, mode="w:gz", compresslevel=1) as tar:
            for path in taken:
                tar.add(path, path.name)
        archive.seek(0)
        # What folders of the system are, and links among them, stays as it is.
        unpack = "tar --no-same-owner --no-overwrite-dir --keep-directory-symlink -xzf - -C /"
        remote.send(master, remote.as_root(unpack), archive)


def copy_credentials(
    remote: Remote, master: str, access_key: str, secret_key: str, token: str | None = None
) -> None:
    """``--copy-aws-credentials``: a file on the master, which only root reads, for S3A.

    Programs' drivers have the keys in their environment, from where Spark gives them to S3A in all
    executors.
    """
    keys = {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret_key}
    if token is not None:
        keys["AWS_SESSION_TOKEN"] = token
    text = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in keys.items())
    _write(remote, master, "/etc/sparknet/credentials", text)


def await_workers(
    remote: Remote,
    master: str,
    number: int,
    told: Callable[[int], None],
    timeout: float = 300,
    pause: float = 2,
) -> None:
    """Waits until the master counts so many workers, and has executors take what those have.

    told: hears the number so far. SetupError if the time (seconds) is over.
    """
    end = time.monotonic() + timeout
    ask = '. /opt/spark/conf/spark-env.sh && curl -fsS "http://$SPARK_LOCAL_IP:8080/json/"'
    why = ""
    workers: list[Any] = []
    while True:
        try:
            found = json.loads(remote.run(master, remote.as_root(ask)))
            workers = [worker for worker in found["workers"] if worker["state"] == "ALIVE"]
            why = ""
        except RemoteError as error:  # The master is still starting.
            why = f": {error.reason}"
        except ValueError as error:
            why = f": {error}"
        told(len(workers))
        if len(workers) >= number:
            break
        if time.monotonic() >= end:
            raise SetupError(
                f"{master}: Spark's master counts {len(workers)} of {number} workers after"
                f" {timeout:.0f} s{why}"
            )
        time.sleep(pause)
    if workers:
        # A half for heaps: nets are in native memory.
        heap = min(worker["memory"] for worker in workers) // 2
        _add(remote, master, "executors", f"spark.executor.memory {heap}m\n")


def _add(remote: Remote, master: str, name: str, settings: str) -> None:
    """Adds lines to Spark's settings, which the set-up writes."""
    _write(remote, master, f"{_ADDED}/{name}.conf", settings)
    remote.set_up_again(master)


def _write(remote: Remote, address: str, path: str, text: str) -> None:
    """A file that only root reads. What it holds is seen in no list of processes."""
    folder = os.path.dirname(path)
    command = f"umask 077 && mkdir -p {folder} && cat >{path}.new && mv {path}.new {path}"
    remote.run(address, remote.as_root(command), text.encode())


def _clone() -> Iterator[tuple[str, Path]]:
    for folder, kinds in _TAKEN:
        for path in (jars.ROOT / folder).rglob("*"):
            if path.suffix in kinds and path.is_file():
                yield str(path.relative_to(jars.ROOT)), path


def _link(tar: tarfile.TarFile, name: str, target: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    tar.addfile(entry)


def _text(tar: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    content = text.encode()
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
