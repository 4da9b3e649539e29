"""The jar by itself: no build folder, no package of ours, no library of the system's but glibc."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from processes import ROOT, running

pytestmark = pytest.mark.e2e

# sparknet comes from the jar too; pyjnius, NumPy and protobuf from the tests' environment.
ALONE = """
import sys, re
sys.path.insert(0, sys.argv[1])
import sparknet
assert sparknet.__path__[0].startswith(sys.argv[1]), sparknet.__path__
from sparknet import models
from sparknet.local import TEST, Net
import numpy as np
with open("net.prototxt", "w") as net:
    net.write(models.prototxt("examples/cifar10/cifar10_quick.prototxt"))
net = Net("net.prototxt", TEST)
shape = net.blobs["data"].shape
scores = net.forward(data=np.zeros(shape))["prob"]
assert np.allclose(scores.sum(1), 1), scores
maps = open("/proc/self/maps").read()
print("\\n".join(sorted(set(re.findall(r"/\\S+\\.so[.\\d]*", maps)))))
"""


@pytest.fixture
def hidden(tmp_path: Path) -> list[str]:
    """A prefix for commands that hides the repository's build folders, where that is allowed."""
    folders = [ROOT / "build", ROOT / "target" / "native", ROOT / "caffe"]
    mounts = " && ".join(f"mount -t tmpfs none '{f}'" for f in folders if f.is_dir())
    prefix = ["unshare", "--mount", "sh", "-c", f'{mounts} && exec "$@"', "sh"]
    if shutil.which("unshare") and os.geteuid() == 0:
        with running([*prefix, "true"], tmp_path) as program:
            if program.wait() == 0:
                return prefix
    print("build folders stay visible: no right to unshare")
    return []


def test_a_net_runs_from_the_jar_alone(jar: Path, tmp_path: Path, hidden: list[str]) -> None:
    copy = tmp_path / "elsewhere" / jar.name
    copy.parent.mkdir()
    shutil.copy(jar, copy)
    script = tmp_path / "alone.py"
    script.write_text(ALONE)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    # env -i: no LD_LIBRARY_PATH, no SPARKNET_HOME. JVMs take their scratch folder by this option.
    kept = [f"{name}={os.environ[name]}" for name in ("JAVA_HOME", "PATH") if name in os.environ]
    options = f"JAVA_TOOL_OPTIONS=-Djava.io.tmpdir={scratch}"
    command = [*hidden, "env", "-i", *kept, options, sys.executable, "-I", script, copy]
    with running(command, tmp_path) as program:
        assert program.wait() == 0
        loaded = [Path(line) for line in program.out.splitlines() if line.startswith("/")]
    ours = {path.name.split(".so")[0] for path in loaded if scratch in path.parents}
    assert "libccaffe" in ours
    # What pip packages bring along is theirs, and not the system's.
    outside = [p for p in loaded if scratch not in p.parents and "site-packages" not in p.parts]
    assert not [path for path in outside if ROOT / "target" / "native" in path.parents]
    natives = ("protobuf", "dnnl", "openblas", "OpenCL", "hdf5", "boost", "glog")
    assert not [path for path in outside if any(name in path.name for name in natives)]


def test_the_jar_has_what_a_jre_needs(jar: Path) -> None:
    import zipfile

    with zipfile.ZipFile(jar) as archive:
        names = set(archive.namelist())
    for entry in (
        "scala/Option.class",
        "com/sun/jna/Native.class",
        "com/google/protobuf/Message.class",
        "caffe/Caffe$NetParameter.class",
        "libs/CaffeLibrary.class",
        "native/linux-x86-64/libccaffe.so",
        "native/linux-x86-64/FILES",
        "sparknet/__init__.py",
        "sparknet/proto/caffe_pb2.py",
        "sparknet/version.properties",
        "sparknet-home/caffe/examples/cifar10/cifar10_quick_solver.prototxt",
    ):
        assert entry in names, f"{entry} is not in the jar"
    # Ours are packages of their own, for what Spark shows to its own packages only.
    own = "(?:(?:sql|ml|sql/execution/columnar)/)?sparknet/"
    theirs = re.compile(rf"org/apache/spark/(?!{own}).+\.class")
    spark = [name for name in names if theirs.match(name)]
    assert not spark
