"""get_cifar10.sh: all or nothing, whatever archive it is given.

The script unpacks beside itself, so each test runs a copy of it in a folder of its own.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("get_cifar10")]

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("SPARKNET_SHARED", ROOT.parent / "shared"))
SCRIPT = ROOT / "caffe/data/cifar10/get_cifar10.sh"
BATCH_BYTES = 30_730_000
BATCHES = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]
CLASSES = b"airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n"
EXPECTED = {**dict.fromkeys(BATCHES, BATCH_BYTES), "batches.meta.txt": len(CLASSES)}

NOT_OBTAINED, USAGE, WRONG_ARCHIVE = 1, 2, 3


def make_archive(
    path: Path, sizes: Mapping[str, int], folder: str = "cifar-10-batches-bin"
) -> Path:
    """A gzip tar with files of zeros of these sizes (batches.meta.txt holds the class names)."""
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, size in sizes.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = size
            tar.addfile(info, io.BytesIO(CLASSES if name.endswith(".txt") else bytes(size)))
    return path


@pytest.fixture(scope="module")
def good_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_archive(tmp_path_factory.mktemp("archive") / "good.tar.gz", EXPECTED)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Path]:
    """A folder with a space in its name that holds a copy of the script, removed afterwards."""
    folder = tmp_path / "data set"
    folder.mkdir()
    shutil.copy2(SCRIPT, folder)
    yield folder
    shutil.rmtree(folder)


def environment(**variables: str) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("CIFAR10_")}
    # Without this a proxy of the machine would be asked for the loopback server.
    return {**inherited, "no_proxy": "127.0.0.1", **variables}


def get_cifar10(
    target: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(target / SCRIPT.name), *arguments],
        env=environment(**variables),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=600,
    )


def contents(target: Path) -> dict[str, int]:
    """Name and size of everything in the folder, hidden entries too, apart from the script."""
    return {p.name: p.stat().st_size for p in target.iterdir() if p.name != SCRIPT.name}


def test_unpacks_a_given_archive(target: Path, good_archive: Path) -> None:
    done = get_cifar10(target, CIFAR10_ARCHIVE=str(good_archive))
    assert (done.returncode, done.stderr) == (0, "")
    assert contents(target) == EXPECTED
    assert (target / "batches.meta.txt").read_bytes() == CLASSES


def test_second_run_leaves_the_data_alone(target: Path, good_archive: Path) -> None:
    assert get_cifar10(target, CIFAR10_ARCHIVE=str(good_archive)).returncode == 0
    marked = target / "data_batch_3.bin"
    with marked.open("r+b") as batch:
        batch.write(b"\x07")
    again = get_cifar10(target, CIFAR10_ARCHIVE="/no/such/archive")
    assert again.returncode == 0
    assert "already" in again.stdout
    assert marked.read_bytes()[0] == 7


def test_incomplete_data_is_completed(target: Path, good_archive: Path) -> None:
    (target / "data_batch_1.bin").write_bytes(b"half a batch")
    assert get_cifar10(target, CIFAR10_ARCHIVE=str(good_archive)).returncode == 0
    assert contents(target) == EXPECTED


def test_relative_archive_path(target: Path, good_archive: Path) -> None:
    relative = os.path.relpath(good_archive, "/")
    assert get_cifar10(target, CIFAR10_ARCHIVE=relative).returncode == 0
    assert contents(target) == EXPECTED


def test_truncated_archive(target: Path, good_archive: Path, tmp_path: Path) -> None:
    whole = good_archive.read_bytes()
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    done = get_cifar10(target, CIFAR10_ARCHIVE=str(cut))
    assert done.returncode == WRONG_ARCHIVE
    assert str(cut) in done.stderr
    assert "cut short" in done.stderr
    assert contents(target) == {}


@pytest.mark.parametrize(
    ("sizes", "folder", "message"),
    [
        ({}, "cifar-10-batches-py", "data_batch_1.bin is missing"),
        ({"data_batch_4.bin": None}, "cifar-10-batches-bin", "data_batch_4.bin is missing"),
        ({"test_batch.bin": 3073}, "cifar-10-batches-bin", "test_batch.bin has 3073 bytes"),
        ({"batches.meta.txt": None}, "cifar-10-batches-bin", "batches.meta.txt is missing"),
        ({"batches.meta.txt": 0}, "cifar-10-batches-bin", "batches.meta.txt is empty"),
    ],
    ids=["wrong folder", "missing batch", "wrong size", "missing names", "empty names"],
)
def test_wrong_contents(
    target: Path, tmp_path: Path, sizes: dict[str, int | None], folder: str, message: str
) -> None:
    chosen = {name: size for name, size in {**EXPECTED, **sizes}.items() if size is not None}
    archive = make_archive(tmp_path / "wrong.tar.gz", chosen, folder)
    done = get_cifar10(target, CIFAR10_ARCHIVE=str(archive))
    assert done.returncode == WRONG_ARCHIVE
    assert message in done.stderr
    assert contents(target) == {}


def test_missing_archive(target: Path) -> None:
    done = get_cifar10(target, CIFAR10_ARCHIVE="/no/such/archive.tar.gz")
    assert done.returncode == NOT_OBTAINED
    assert "/no/such/archive.tar.gz" in done.stderr
    assert contents(target) == {}


def test_takes_no_arguments(target: Path) -> None:
    assert get_cifar10(target, "--help").returncode == USAGE
    assert contents(target) == {}


class Server:
    """A loopback HTTP server that offers one body, or stalls in the middle of it."""

    def __init__(self, body: bytes, stall: bool = False) -> None:
        self.stalled = threading.Event()
        self.released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path != "/archive":
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if not stall:
                    self.wfile.write(body)
                    return
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                outer.stalled.set()
                outer.released.wait(120)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture(params=["curl", "wget"])
def only(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A PATH on which this is the only one of the two download tools."""
    tool: str = request.param
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in [
        "bash",
        "env",
        "tar",
        "gzip",
        "mktemp",
        "mkdir",
        "mv",
        "rm",
        "dirname",
        "wc",
        "cut",
    ]:
        (folder / name).symlink_to(shutil.which(name) or pytest.fail(f"no {name}"))
    for name in ["md5sum", "grep", tool]:
        (folder / name).symlink_to(shutil.which(name) or pytest.fail(f"no {name}"))
    return str(folder)


def test_downloads_and_checks_the_md5(target: Path, good_archive: Path, only: str) -> None:
    body = good_archive.read_bytes()
    with Server(body) as server:
        done = get_cifar10(
            target,
            PATH=only,
            CIFAR10_URL=f"{server.url}/archive",
            CIFAR10_MD5=hashlib.md5(body).hexdigest(),
        )
    assert done.returncode == 0, done.stderr
    assert contents(target) == EXPECTED


def test_a_download_with_another_md5_is_refused(
    target: Path, good_archive: Path, only: str
) -> None:
    """The default MD5 is the published archive's: an archive of right names and sizes fails it."""
    body = good_archive.read_bytes()
    with Server(body) as server:
        done = get_cifar10(target, PATH=only, CIFAR10_URL=f"{server.url}/archive")
    assert done.returncode == WRONG_ARCHIVE
    assert hashlib.md5(body).hexdigest() in done.stderr
    assert "c32a1d4ab5d03f1284b67883e8d87530" in done.stderr
    assert contents(target) == {}


def test_a_failed_download(target: Path, only: str) -> None:
    with Server(b"") as server:
        done = get_cifar10(target, PATH=only, CIFAR10_URL=f"{server.url}/elsewhere")
    assert done.returncode == NOT_OBTAINED
    assert f"{server.url}/elsewhere" in done.stderr
    assert "CIFAR10_ARCHIVE" in done.stderr
    assert contents(target) == {}


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_during_the_download(target: Path, sent: signal.Signals, status: int) -> None:
    with Server(bytes(1 << 20), stall=True) as server:
        process = subprocess.Popen(
            [str(target / SCRIPT.name)],
            env=environment(CIFAR10_URL=f"{server.url}/archive"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            # A shell that starts the tests in the background has them ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        assert server.stalled.wait(600), "the script never asked for the archive"
        assert any(name.startswith(".get_cifar10.") for name in contents(target))
        process.send_signal(sent)
        process.communicate(timeout=600)
    assert process.returncode == status
    assert contents(target) == {}


@pytest.mark.slow
def test_real_images(target: Path, tmp_path: Path) -> None:
    builder = SHARED / "data/cifar10_archive"
    if not builder.exists():
        pytest.skip("the real images (shared/data/cifar10_archive) are not on this machine")
    pytest.importorskip("PIL", reason="Pillow is needed to build an archive from the real images")
    archive = tmp_path / "cifar-10-binary.tar.gz"
    start = time.monotonic()
    subprocess.run([sys.executable, str(builder), str(archive)], check=True, timeout=600)
    print(f"built the archive in {time.monotonic() - start:.0f} s")
    done = get_cifar10(target, CIFAR10_ARCHIVE=str(archive))
    assert (done.returncode, done.stderr) == (0, "")
    assert contents(target) == EXPECTED
    for name in BATCHES:
        labels = (target / name).read_bytes()[::3073]
        assert len(labels) == 10_000
        assert set(labels) == set(range(10))
