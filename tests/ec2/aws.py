"""moto's EC2 behind a door that loses, refuses and slows down requests, and an ``spark-ec2`` that
knocks there."""

from __future__ import annotations

import base64
import contextlib
import http.client
import io
import re
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import cloud_init
import pytest
from moto.server import ThreadedMotoServer
from sparknet_ec2 import deploy, downloads, jars, launching
from sparknet_ec2.main import main

REGION = "eu-west-1"
IDENTITY = "key.rsa"
# Of no file: nothing is downloaded.
SHA512 = "5e" * 64
_PAUSE = time.sleep

_ERROR = (
    "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
    "<RequestID>1</RequestID></Response>"
)
_PLACEMENT_GROUPS = (
    b"<DescribePlacementGroupsResponse><placementGroupSet/></DescribePlacementGroupsResponse>"
)
_ACTIVE = {"pending", "running", "stopping", "stopped", "shutting-down"}


class Fault(NamedTuple):
    """What happens to a request. status, code: the answer in place of EC2's. lost: the connection
    breaks, "before" EC2 has the request or "after" it did what was asked. reclaims: EC2 takes a
    spot instance back before it answers."""

    name: str
    status: int = 0
    code: str = ""
    lost: str = ""
    reclaims: bool = False

    def __str__(self) -> str:
        return self.name


# Those that are no more than a delay.
DELAYS = [
    Fault("throttled", 503, "RequestLimitExceeded"),
    Fault("failing", 500, "InternalError"),
    Fault("lost", lost="before"),
    Fault("answer-lost", lost="after"),
]
NO_CAPACITY = Fault("no capacity", 400, "InsufficientInstanceCapacity")
REFUSED = Fault("refused", 403, "UnauthorizedOperation")
RECLAIMED = Fault("reclaimed", reclaims=True)


class Ran(NamedTuple):
    """What a command line came to."""

    status: int
    out: str
    err: str


class Aws:
    """The two servers. requests: names of all that came since ``forget``."""

    def __init__(self) -> None:
        self._moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        self._moto.start()
        self._moto_address = self._moto.get_host_and_port()
        self.requests: list[str] = []
        self.bodies: list[dict[str, str]] = []
        self._faults: dict[int, Fault] = {}
        self._always: Fault | None = None
        self._met: set[tuple[Any, ...]] = set()
        self._answers: dict[str, tuple[int, bytes, str]] = {}
        # What becomes of an answer, if anything: it is given the request and the answer.
        self.answering: Callable[[Mapping[str, str], bytes], bytes] | None = None
        self._lock = threading.Lock()
        door = ThreadingHTTPServer(("127.0.0.1", 0), _door(self))
        threading.Thread(target=door.serve_forever, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{door.server_address[1]}"
        self.client = self.of("ec2")

    def of(self, service: str) -> Any:
        """A client that does not pass the door."""
        host, port = self._moto_address
        return boto3.client(
            service,
            REGION,
            endpoint_url=f"http://{host}:{port}",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def forget(self) -> None:
        """Nothing has happened: a key pair is all there is."""
        connection = http.client.HTTPConnection(*self._moto_address)
        connection.request("POST", "/moto-api/reset")
        assert connection.getresponse().status == 200
        connection.close()
        self.client.create_key_pair(KeyName="key")
        self.requests.clear()
        self.bodies.clear()
        self._faults.clear()
        self._always = None
        self._answers.clear()
        self.placement_groups: set[str] = set()  # moto has none

    def take_over(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        """Has all that would leave this machine come here; no machine boots, so that nothing is
        waited for."""
        identity = folder / IDENTITY
        identity.write_text("not read by anybody")
        identity.chmod(0o400)
        monkeypatch.chdir(folder)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        monkeypatch.setenv("AWS_ENDPOINT_URL", self.endpoint)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
        monkeypatch.setattr(time, "sleep", lambda seconds: _PAUSE(min(seconds, 0.001)))
        monkeypatch.setattr(downloads, "own_address", lambda: "192.0.2.7/32")
        monkeypatch.setattr(jars, "find", lambda version: None)  # Nothing is brought anywhere.
        monkeypatch.setattr(downloads, "sha512", lambda mirror, version: SHA512)
        self.waited: list[str] = []
        self.deployed: list[str] = []

        def await_ready(remote: Any, address: str, timeout: float, told: Any) -> None:
            told("java")
            self.waited.append(address)

        monkeypatch.setattr(launching.Remote, "await_ready", await_ready)
        monkeypatch.setattr(
            deploy, "deploy", lambda remote, master, version: self.deployed.append(master)
        )
        monkeypatch.setattr(
            deploy, "await_workers", lambda remote, master, number, told: told(number)
        )

    def fault(self, number: int, fault: Fault) -> None:
        """What happens to the request of this number, counted from those that come now."""
        self._faults[len(self.requests) + number] = fault

    def fault_everywhere(self, fault: Fault | None) -> None:
        """What happens to every request when it first comes."""
        self._always = fault
        self._met.clear()

    def meets(self, request: str, body: dict[str, str]) -> Fault | None:
        """Notes a request; what is to happen to it."""
        with self._lock:
            self.requests.append(request)
            self.bodies.append(body)
            content = (request, *sorted(body.items()))
            if self._always is not None and content not in self._met:
                self._met.add(content)
                return self._always
            return self._faults.pop(len(self.requests) - 1, None)

    def forward(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, bytes, str]:
        """moto's answer. EC2 answers the same token alike, which moto does not."""
        token = re.search(rb"(?:^|&)ClientToken=([^&]*)", body)
        known = token and self._answers.get(token[1].decode())
        if known:
            return known
        connection = http.client.HTTPConnection(*self._moto_address)
        kept = {name: value for name, value in headers.items() if name.lower() != "host"}
        connection.request(method, path, body, kept)
        answer = connection.getresponse()
        given = (answer.status, answer.read(), answer.getheader("Content-Type", "text/xml"))
        connection.close()
        if token and given[0] == 200:
            self._answers[token[1].decode()] = given
        return given

    def next_second(self) -> None:
        """EC2 tells when a machine was started in whole seconds."""
        now = int(time.time())
        while int(time.time()) == now:
            _PAUSE(0.02)

    def take_back(self) -> None:
        """One of the workers, if there is one."""
        workers = [each for each in self.machines() if each["Role"] == "worker"]
        if workers:
            self.client.terminate_instances(InstanceIds=[workers[0]["InstanceId"]])

    def machines(self) -> list[dict[str, Any]]:
        """All that have not ended."""
        found = self.client.get_paginator("describe_instances").paginate().build_full_result()
        machines = [each for part in found["Reservations"] for each in part["Instances"]]
        for each in machines:
            tags = {tag["Key"]: tag["Value"] for tag in each.get("Tags", [])}
            each["Role"] = tags.get("sparknet:role", "")
        return [each for each in machines if each["State"]["Name"] in _ACTIVE]

    def left(self) -> list[str]:
        """Ids of all that costs or is in the way."""
        groups = self.client.describe_security_groups()["SecurityGroups"]
        asked = self.client.describe_spot_instance_requests()["SpotInstanceRequests"]
        return [
            *(each["InstanceId"] for each in self.machines()),
            *(each["GroupId"] for each in groups if each["GroupName"] != "default"),
            *(each["VolumeId"] for each in self.client.describe_volumes()["Volumes"]),
            *(
                each["SpotInstanceRequestId"]
                for each in asked
                if each["State"] in ("open", "active")
            ),
        ]


def run(*words: str) -> Ran:
    """``spark-ec2 WORDS``."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(words)
        except SystemExit as end:  # --help
            status = int(end.code or 0)
    return Ran(status, out.getvalue(), err.getvalue())


def told(body: dict[str, str]) -> bytes:
    """All that the machines of a request get as user data, in plain text."""
    parts = cloud_init.parts(base64.b64decode(body["UserData"]))
    return b"\n".join(content for _, _, content in parts)


KEYS = ["-r", REGION, "-k", "key", "-i", IDENTITY]


def launch(*options: str) -> Ran:
    """A cluster called sparknet."""
    return run(*KEYS, "--assume-yes", *options, "launch", "sparknet")


def _door(aws: Aws) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            form = dict(urllib.parse.parse_qsl(body.decode("latin-1")))
            target = self.headers.get("X-Amz-Target", "")
            fault = aws.meets(target.rpartition(".")[2] or form.get("Action", ""), form)
            if fault is not None and fault.reclaims:
                aws.take_back()
                fault = None
            if fault is not None and fault.status:
                self._answer(fault.status, _error(fault, bool(target)), "text/xml")
            elif form.get("Action") == "DescribePlacementGroups":
                known = form.get("GroupName.1") in aws.placement_groups
                unknown = Fault("unknown", 400, "InvalidPlacementGroup.Unknown")
                given = (200, _PLACEMENT_GROUPS) if known else (400, _error(unknown, False))
                self._answer(*given, "text/xml")
            elif fault is not None and fault.lost == "before":
                self.close_connection = True
            else:
                answer = aws.forward(self.command, self.path, self.headers, body)
                if aws.answering is not None and answer[0] == 200:
                    answer = (answer[0], aws.answering(form, answer[1]), answer[2])
                if fault is None:
                    self._answer(*answer)
                else:
                    self.close_connection = True

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: Any) -> None:
            pass

    return Door


def _error(fault: Fault, json: bool) -> bytes:
    if json:
        return f'{{"__type": "{fault.code}", "message": "{fault.name}"}}'.encode()
    return _ERROR.format(code=fault.code, message=fault.name).encode()


@contextlib.contextmanager
def counted(aws: Aws) -> Iterator[Callable[[], list[str]]]:
    """What has been requested inside."""
    start = len(aws.requests)
    yield lambda: aws.requests[start:]
