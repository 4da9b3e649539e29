"""One tar: equal bytes for equal images, and nothing of an incomplete one."""

from __future__ import annotations

from pathlib import Path

import ilsvrc
import pytest

from sparknet.errors import FileError
from sparknet.imagenet import shards, sources
from sparknet.imagenet.images import Conversion
from sparknet.imagenet.shards import Shard

pytestmark = pytest.mark.unit


@pytest.fixture
def shard(tmp_path: Path) -> Shard:
    files = {"a.JPEG": ilsvrc.jpeg(1), "b.JPEG": b"", "c" * 200 + ".JPEG": ilsvrc.jpeg(3)}
    (tmp_path / "x.tar").write_bytes(ilsvrc.tar_bytes(files))
    images = sources.scan([tmp_path / "x.tar"]).images
    return Shard(tmp_path / "out", [(image.name, image) for image in images], Conversion())


def test_contents_and_what_is_kept_out(shard: Shard) -> None:
    ticks: list[None] = []
    written = shards.write(shard, lambda: ticks.append(None))
    found = ilsvrc.contents(shard.path)
    assert found == {"a.JPEG": ilsvrc.jpeg(1), "c" * 200 + ".JPEG": ilsvrc.jpeg(3)}
    assert written.names == list(found) == shards.names(shard.path)
    assert written.rejected == [("b.JPEG", "empty file")]
    assert len(ticks) == 3
    first = shard.path.read_bytes()
    shards.write(shard, lambda: None)
    assert shard.path.read_bytes() == first


def test_an_exception_leaves_no_file(shard: Shard) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shards.write(shard, stop)
    assert not shard.path.exists()


def test_a_source_that_is_gone_and_a_folder_that_is_not_there(shard: Shard) -> None:
    Path(shard.images[0][1].file).unlink()
    with pytest.raises(FileError, match=r"x\.tar: No such file"):
        shards.write(shard, lambda: None)
    assert not shard.path.exists()
    with pytest.raises(FileError, match="none/out: No such file"):
        shards.write(Shard(Path("none/out"), [], Conversion()), lambda: None)
