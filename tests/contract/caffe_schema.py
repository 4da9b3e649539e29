"""caffe.proto as Python sees it, compiled afresh so that no stale generated file is tested."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2, message_factory, text_format
from google.protobuf.message import Message

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("SPARKNET_SHARED", ROOT.parent / "shared"))
PROTO = ROOT / "caffe/src/caffe/proto/caffe.proto"


@functools.cache
def file_descriptor() -> descriptor_pb2.FileDescriptorProto:
    """The compiled caffe.proto, from protoc or, where that is missing, from grpcio-tools."""
    protoc = shutil.which("protoc")
    compiler = [protoc] if protoc else [sys.executable, "-m", "grpc_tools.protoc"]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "caffe.desc")
        command = [*compiler, f"-I{PROTO.parent}", f"--descriptor_set_out={target}", PROTO.name]
        subprocess.run(command, cwd=PROTO.parent, check=True, capture_output=True, text=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(target.read_bytes())
    assert len(files.file) == 1
    return files.file[0]


@functools.cache
def message_class(name: str) -> type[Message]:
    """The class of a message of package caffe, e.g. "NetParameter"."""
    return message_factory.GetMessages([file_descriptor()])[f"caffe.{name}"]


def parse(path: Path, message: str) -> Message:
    """A prototxt file as a message; an error names the file, the line and the field."""
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), message_class(message)())
    except text_format.ParseError as error:
        raise AssertionError(f"{path.relative_to(ROOT)}:{error}") from error
