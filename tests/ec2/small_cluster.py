"""What clusters of the tests' hosts are made of: a Spark to fetch, wheels for Python, a server."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyspark
import pytest
from hosts import GATEWAY, PLAIN, Host, run
from sparknet_ec2.remote import Remote

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/python"))

import cifar_files  # noqa: E402 - from there

__all__ = ["Files", "cifar_files", "key", "let_pip_find", "remote", "serving"]


class Files:
    """A folder that hosts fetch from, a mirror of Spark's archives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.version = pyspark.__version__
        name = f"spark-{self.version}-bin-hadoop3"
        self.archive = folder / f"spark-{self.version}" / f"{name}.tgz"
        self.archive.parent.mkdir()
        origin = Path(pyspark.__file__).parent
        parts = [f"{origin.name}/{part}" for part in ("bin", "sbin", "jars", "python")]
        rename = f"--transform=s,^{origin.name},{name},"
        run("tar", "-C", origin.parent, rename, "--exclude=__pycache__", "-I", "gzip -1",
            "-cf", self.archive, *parts)  # fmt: skip
        with self.archive.open("rb") as file:
            digest = hashlib.sha512()
            for chunk in iter(lambda: file.read(1 << 20), b""):
                digest.update(chunk)
        self.archive.with_name(f"{name}.tgz.sha512").write_text(
            f"{digest.hexdigest()}  {name}.tgz\n"
        )
        (folder / "wheels").symlink_to(wheels(self.version))


def wheels(version: str) -> Path:
    """What pip is to find for a host's Python. They are fetched once; without a package index the
    test is skipped."""
    folder = ROOT / "target/ec2-wheels"
    packages = run("bash", "-c", f"SPARK_VERSION={version}; source '{ROOT}/ec2/machine/packages.sh'"
                   "; python_packages").splitlines()  # fmt: skip
    there = subprocess.run(
        ["python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        env=PLAIN, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    wish = f"{there} {' '.join(packages)}"
    stamp = folder / f"packages-{version}"
    if not stamp.is_file() or stamp.read_text() != wish:
        options = ["--only-binary", ":all:", "--python-version", there, "--dest", str(folder)]
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", *options, *packages],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            pytest.skip(f"no wheels for hosts: {done.stderr.strip().splitlines()[-1]}")
        stamp.write_text(wish)
    return folder


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A server that hosts reach; its URL."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            pass

    server = ThreadingHTTPServer((GATEWAY, 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{GATEWAY}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def let_pip_find(host: Host, url: str) -> None:
    """There is no way from a host to a package index."""
    lines = ["[global]", "no-index = true", f"find-links = {url}/wheels/"]
    lines += [f"trusted-host = {GATEWAY}", ""]
    host.give("/etc/pip.conf", "\n".join(lines).encode(), "644")


def key(folder: Path) -> Path:
    """A private key for ssh; beside it the public one."""
    path = folder / "key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path)
    return path


def remote(key: Path) -> Remote:
    """How root of a host is reached."""
    return Remote("root", key, key.with_name("known hosts"))
