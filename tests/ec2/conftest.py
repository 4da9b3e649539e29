"""What the tests of ``spark-ec2`` share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "ec2"), str(ROOT / "tests" / "ec2")]

from aws import Aws  # noqa: E402


@pytest.fixture(scope="session")
def server() -> Aws:
    """EC2 and SSM, which keep state and boot nothing."""
    return Aws()


@pytest.fixture
def aws(server: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """They, without any state, and this process's environment with them in it."""
    server.forget()
    server.take_over(monkeypatch, tmp_path)
    return server
