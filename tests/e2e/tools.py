"""Caffe's command-line tools as subprocesses, and the messages that they read and write."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import text_format
from processes import ROOT

from sparknet.proto import caffe_pb2

FOLDER = ROOT / "build/tools"
# Threads that wait for others must sleep: tests share their cores.
ENVIRONMENT = {**os.environ, "OMP_WAIT_POLICY": "passive"}


def tool(
    name: str, *arguments: str | Path, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a tool to its end."""
    return subprocess.run(
        [str(FOLDER / name), *map(str, arguments)],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=600,
    )


def done(name: str, *arguments: str | Path, folder: Path | None = None) -> tuple[str, str]:
    """stdout and stderr of a tool that must succeed."""
    result = tool(name, *arguments, folder=folder)
    assert result.returncode == 0, result.stderr
    return result.stdout, result.stderr


def refused(name: str, *arguments: str | Path, folder: Path | None = None) -> str:
    """What a tool says that must fail: one line that starts with its name."""
    result = tool(name, *arguments, folder=folder)
    assert result.returncode == 1, result.stderr
    lines = [line for line in result.stderr.splitlines() if not line.startswith(("I ", "W "))]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith(f"{name}: "), lines
    return lines[0]


def net_from_text(path: Path) -> Any:
    return text_format.Parse(path.read_text(), caffe_pb2.NetParameter())


def net_from_binary(path: Path) -> Any:
    return caffe_pb2.NetParameter.FromString(path.read_bytes())


def solver_from_text(path: Path) -> Any:
    return text_format.Parse(path.read_text(), caffe_pb2.SolverParameter())


def weights(path: Path) -> dict[str, np.ndarray]:
    """Parameters of a caffemodel by "layer/index"."""
    return {
        f"{layer.name}/{i}": np.array(blob.data, np.float32).reshape(blob.shape.dim)
        for layer in net_from_binary(path).layer
        for i, blob in enumerate(layer.blobs)
    }
