"""An S3 server on loopback: moto's, as a process of its own."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from processes import Program, running

KEY = "testing-key"
SECRET = "testing-secret"


@dataclass(frozen=True)
class S3Server:
    """Where it is, and what its clients need."""

    endpoint: str
    program: Program

    @property
    def requests(self) -> list[str]:
        """What it was asked until now, such as "GET /bucket/key HTTP/1.1"."""
        return re.findall(r'"([A-Z]+ /[^"]*)"', self.program.text)

    @property
    def credentials(self) -> dict[str, str]:
        """Environment variables; Spark's driver hands them on to its executors."""
        return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}

    @property
    def options(self) -> list[str]:
        """Options of spark-submit."""
        settings = {
            "endpoint": self.endpoint,
            "path.style.access": "true",
            "attempts.maximum": "2",
            "retry.limit": "2",
        }
        return [f"--conf=spark.hadoop.fs.s3a.{name}={value}" for name, value in settings.items()]

    def client(self) -> Any:
        """A client of boto3."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )


@contextlib.contextmanager
def s3_server(folder: Path, **variables: str) -> Iterator[S3Server]:
    """A server with no buckets that is gone when the block ends; ``variables`` are moto's."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with running(command, folder, **variables) as program:
        program.until(lambda: "Running on http" in program.text, "address")
        address = re.search(r"Running on (http://127\.0\.0\.1:\d+)", program.text)
        assert address, program.text
        yield S3Server(address[1], program)
