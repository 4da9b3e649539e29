"""Tars of a range, from an S3 server into a folder."""

from __future__ import annotations

import io
import signal
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
import scripts

pytestmark = pytest.mark.boundary

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


class Store:
    """A bucket `sparknet` on a server of moto's."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            region_name="us-east-1",
        )
        self.client.create_bucket(Bucket="sparknet")

    def put(self, index: int, content: bytes, prefix: str = "ILSVRC2012_train/files-shuf-") -> None:
        self.client.put_object(Bucket="sparknet", Key=f"{prefix}{index:03d}.tar", Body=content)

    def pull(self, *arguments: object, **more: str) -> scripts.Ended:
        return scripts.run("pull", *arguments, AWS_ENDPOINT_URL=self.endpoint, **KEYS, **more)


@pytest.fixture
def store() -> Iterator[Store]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Store(f"http://{host}:{port}")
    # What it keeps would outlive it, in this process.
    urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()
    server.stop()


def tar(files: Mapping[str, bytes], form: int = tarfile.USTAR_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def image(index: int, number: int) -> tuple[str, bytes]:
    return f"n{index:08d}_{number}.JPEG", bytes([index, number]) * (300 * number + 1)


def shuffled(index: int, count: int = 3) -> bytes:
    return tar(dict(image(index, number) for number in range(count)))


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_members_of_a_range(store: Store, tmp_path: Path) -> None:
    for index in range(98, 103):
        store.put(index, shuffled(index))
    ended = store.pull(99, 102, tmp_path)
    assert ended.status == 0
    # STOP is not part of it.
    assert ended.out == f"{tmp_path}/099-102: 3 tars unpacked, 9 members\n"
    expected = dict(image(index, number) for index in (99, 100, 101) for number in range(3))
    assert content(tmp_path / "099-102") == expected
    assert "100% 3 of 3 tars, 0 MB" in ended.err


def test_another_bucket_prefix_and_what_tar_writes(store: Store, tmp_path: Path) -> None:
    store.client.create_bucket(Bucket="other")
    long = "n01440764/" + "x" * 120 + ".JPEG"
    files = {"./a.JPEG": b"a", long: b"long", "n01440764/b.JPEG": b""}
    body = tar(files, tarfile.GNU_FORMAT)
    store.client.put_object(Bucket="other", Key="my/1234.tar", Body=body)
    ended = store.pull(1234, 1235, tmp_path, "--bucket", "other", "--prefix", "my/")
    assert ended.status == 0, ended.err
    found = content(tmp_path / "1234-1235")
    assert found == {"a.JPEG": b"a", long: b"long", "n01440764/b.JPEG": b""}


def test_what_is_complete_is_kept_and_the_rest_is_told(store: Store, tmp_path: Path) -> None:
    store.put(0, shuffled(0))
    store.put(1, shuffled(1)[:1800])  # In its second image.
    store.put(2, b"<html>not here</html>" * 100)
    ended = store.pull(0, 4, tmp_path)
    assert (ended.status, ended.out) == (1, "")
    place = "s3://sparknet/ILSVRC2012_train/files-shuf-00"
    told = [line for line in ended.err.splitlines() if line.startswith(("s3://", "error"))]
    assert sorted(told) == [
        "error: 3 of 4 tars could not be unpacked, see above",
        f"{place}1.tar: cut short inside n00000001_1.JPEG, after 1 files",
        f"{place}2.tar: not a tar",
        f"{place}3.tar: there is no such object",
    ]
    folder = tmp_path / "000-004"
    # Nothing of a tar that is cut short.
    assert content(folder) == dict(image(0, number) for number in range(3))
    for index in (1, 2, 3):
        store.put(index, shuffled(index))
    store.client.delete_object(Bucket="sparknet", Key="ILSVRC2012_train/files-shuf-000.tar")
    ended = store.pull(0, 4, tmp_path)
    assert ended.status == 0, ended.err
    assert "1 of 4 tars are there already" in ended.err
    assert ended.out.endswith(": 3 tars unpacked, 9 members\n")
    whole = dict(image(index, number) for index in range(4) for number in range(3))
    assert content(folder) == whole
    # An image that got lost since: its tar is fetched again, here in vain.
    (folder / image(0, 1)[0]).unlink()
    ended = store.pull(0, 4, tmp_path)
    assert f"{place}0.tar: there is no such object\n" in ended.err
    assert "error: 1 of 4 tars could not be unpacked" in ended.err


@pytest.mark.parametrize("name", ["../out.JPEG", "/{folder}/out.JPEG", "a/../../out.JPEG"])
def test_members_stay_in_the_folder(store: Store, tmp_path: Path, name: str) -> None:
    name = name.format(folder=str(tmp_path).strip("/"))
    store.put(7, tar({"n1_1.JPEG": b"fine", name: b"not"}))
    ended = store.pull(7, 8, tmp_path / "in")
    assert ended.status == 1
    member = f"its member {name!r} is no file in the folder"
    assert f"s3://sparknet/ILSVRC2012_train/files-shuf-007.tar: {member}\n" in ended.err
    assert content(tmp_path / "in" / "007-008") == {}
    assert not (tmp_path / "out.JPEG").exists()


def test_two_tars_with_one_name(store: Store, tmp_path: Path) -> None:
    store.put(0, tar({"a.JPEG": b"first"}))
    assert store.pull(0, 2, tmp_path).status == 1  # There is no second one yet.
    store.put(1, tar({"b.JPEG": b"b", "a.JPEG": b"second"}))
    ended = store.pull(0, 2, tmp_path)
    assert ended.status == 1
    assert "001.tar: its member a.JPEG is in ILSVRC2012_train/files-shuf-000.tar, too" in ended.err
    assert content(tmp_path / "000-002") == {"a.JPEG": b"first"}


class _Slow(BaseHTTPRequestHandler):
    """Answers with a tar, of which it sends the beginning, until `more` is set. cut: it hangs up
    then."""

    body = shuffled(0)
    cut = False
    asked = 0
    most = 0
    more = threading.Event()
    lock = threading.Lock()

    def do_HEAD(self) -> None:
        self._head()

    def do_GET(self) -> None:
        kind = type(self)
        with kind.lock:
            kind.asked += 1
            kind.most = max(kind.most, kind.asked)
        self._head()
        self.wfile.write(self.body[:100])
        self.wfile.flush()
        self.more.wait(60)
        with kind.lock:
            kind.asked -= 1
        if not self.cut:
            self.wfile.write(self.body[100:])

    def _head(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Thu, 01 Jan 2015 00:00:00 GMT")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def slow() -> Iterator[tuple[type[_Slow], str]]:
    kind = type("Slow", (_Slow,), {"more": threading.Event(), "lock": threading.Lock()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield kind, f"http://127.0.0.1:{server.server_port}"
    kind.more.set()
    server.shutdown()
    server.server_close()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_several_at_once_ctrl_c_and_a_second_run(
    slow: tuple[type[_Slow], str], tmp_path: Path
) -> None:
    kind, endpoint = slow
    command = scripts.command("pull", 0, 6, tmp_path, "--threads", 3)
    variables = scripts.variables(AWS_ENDPOINT_URL=endpoint, **KEYS)
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=variables, text=True) as program:
        until(lambda: kind.asked == 3)
        ended = scripts.run("pull", 0, 6, tmp_path, AWS_ENDPOINT_URL=endpoint, **KEYS)
        assert (ended.status, ended.err) == (
            1,
            f"error: {tmp_path}/000-006: another run is unpacking tars there\n",
        )
        program.send_signal(signal.SIGINT)
        kind.more.set()
        _, told = program.communicate(timeout=60)
    assert program.returncode == 130
    assert "Traceback" not in told
    assert kind.most == 3
    assert not list((tmp_path / ".000-006").glob("*.part*"))


def test_a_connection_that_is_cut(slow: tuple[type[_Slow], str], tmp_path: Path) -> None:
    kind, endpoint = slow
    kind.cut = True
    kind.more.set()
    ended = scripts.run("pull", 0, 1, tmp_path, AWS_ENDPOINT_URL=endpoint, **KEYS)
    assert ended.status == 1
    assert (
        "s3://sparknet/ILSVRC2012_train/files-shuf-000.tar: the connection was lost each time\n"
        in ended.err
    )
    assert ended.err.endswith("error: 1 of 1 tars could not be unpacked, see above\n")
    assert content(tmp_path / "000-001") == {}
    kind.cut = False
    assert scripts.run("pull", 0, 1, tmp_path, AWS_ENDPOINT_URL=endpoint, **KEYS).status == 0
    assert content(tmp_path / "000-001") == dict(image(0, number) for number in range(3))


def test_no_server_and_no_credentials(store: Store, tmp_path: Path) -> None:
    ended = scripts.run("pull", 0, 2, tmp_path, AWS_ENDPOINT_URL="http://127.0.0.1:9", **KEYS)
    assert ended.status == 1
    last = ended.err.splitlines()[-1]
    assert last.startswith("error: s3://sparknet/ILSVRC2012_train/files-shuf-00")
    assert "Could not connect to the endpoint URL" in last
    ended = scripts.run("pull", 0, 2, tmp_path, AWS_ENDPOINT_URL=store.endpoint)
    assert ended.status == 1
    assert "Unable to locate credentials" in ended.err.splitlines()[-1]


def test_arguments(tmp_path: Path) -> None:
    for wrong in ((3, 3), (-1, 3), ("a", 3)):
        ended = scripts.run("pull", *wrong, tmp_path / "none")
        assert ended.status == 2
    (tmp_path / "file").touch()
    ended = scripts.run("pull", 0, 1, tmp_path / "file", **KEYS)
    assert (ended.status, ended.err) == (1, f"error: {tmp_path}/file/000-001: Not a directory\n")
    ended = scripts.run("pull", 0, 1, tmp_path, AWS_PROFILE="none", **KEYS)
    assert (ended.status, ended.err) == (
        1,
        "error: The config profile (none) could not be found\n",
    )
