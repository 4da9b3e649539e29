"""Every version of Python's protobuf that the package allows reads and writes Caffe's files."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from processes import ROOT, running

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

BOUNDS = re.findall(
    r'"protobuf>=([\d.]+),<(\d+)"', (ROOT / "python" / "pyproject.toml").read_text(encoding="utf-8")
)
USE = """
import sys
sys.path[:0] = sys.argv[1:]
import google.protobuf
from google.protobuf import text_format
from sparknet import Net, local
from sparknet.fields import doc
from sparknet.proto import caffe_pb2

print("doc", doc(caffe_pb2.BlobShape.DESCRIPTOR.fields_by_name["dim"]))
print("protobuf", google.protobuf.__version__, google.protobuf.__file__)
net = Net("sums", inputs={"data": (1, 2)})
net.InnerProduct("sum", net.inputs[0], num_output=1, weight_filler={"type": "constant", "value": 3})
with open("net.prototxt", "w") as out:
    out.write(text_format.MessageToString(net.to_proto()))
with open("net.prototxt") as text:
    assert text_format.Parse(text.read(), caffe_pb2.NetParameter()) == net.to_proto()

built = local.Net("net.prototxt")
built.save("net.caffemodel")
with open("net.caffemodel", "rb") as file:
    model = caffe_pb2.NetParameter.FromString(file.read())
(layer,) = [layer for layer in model.layer if layer.type == "InnerProduct"]
print("read", list(layer.blobs[0].shape.dim), list(layer.blobs[0].data))
layer.blobs[0].data[:] = [5, 7]
with open("net.caffemodel", "wb") as file:
    file.write(model.SerializeToString())
built.copy_from("net.caffemodel")
built.blobs["data"].data[...] = [10, 1]
print("sum", built.forward()["sum"].tolist())
"""


def test_the_bounds_are_found() -> None:
    assert len(BOUNDS) == 1


@pytest.mark.parametrize("end", ["oldest", "newest"])
def test_files_of_caffe(end: str, jar: Path, tmp_path: Path) -> None:
    (oldest, above) = BOUNDS[0]
    wanted = f"protobuf=={oldest}" if end == "oldest" else f"protobuf<{above}"
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    with running([*pip, "install", "--no-deps", "--target", site, wanted], tmp_path) as program:
        assert program.wait() == 0
    script = tmp_path / "use.py"
    script.write_text(USE)
    command = [sys.executable, "-I", script, site, ROOT / "python"]
    with running(command, tmp_path, SPARKNET_JAR=str(jar)) as program:
        assert program.wait() == 0
        out = program.out
    ((version, file),) = re.findall(r"protobuf (\S+) (\S+)", out)
    assert site in Path(file).parents
    if end == "oldest":
        assert version.startswith(f"{oldest}.")
    else:
        assert int(version.split(".")[0]) < int(above)
    assert "doc dim: list of int\n" in out
    assert "read [1, 2] [3.0, 3.0]" in out
    assert "sum [[57.0]]" in out
