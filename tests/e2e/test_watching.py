"""The tab of Spark's UI, as a browser shows it while executors train and one of them dies."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from crews import executor, kill
from PIL import Image
from processes import Program, python

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

BROWSERS = ["chromium-headless-shell", "chromium", "google-chrome"]

# Images that the net tells apart by their shade, and of the last ten only the head. Trains until
# the test has seen enough; the last rounds by hand.
JOB = """
import io, sys, tarfile, time
from pathlib import Path
import numpy as np
import sparknet
from sparknet import data
from PIL import Image

folder = Path(sys.argv[1])
lines = []
with tarfile.open(folder / "images.tar", "w") as tar:
    for number in range(200):
        content = io.BytesIO()
        shade = np.full((8, 8, 3), 250 if number % 2 else 5, np.uint8)
        Image.fromarray(shade).save(content, "JPEG")
        image = content.getvalue()[: -40 if number >= 190 else None]
        entry = tarfile.TarInfo(f"{number}.jpg")
        entry.size = len(image)
        tar.addfile(entry, io.BytesIO(image))
        lines.append(f"{number}.jpg {number % 2}")
(folder / "labels.txt").write_text("\\n".join(lines))
net = '''
  name: "<b>shades</b>"
  layer { name: "data" type: "JavaData" top: "data"
    java_data_param { shape { dim: 4 dim: 3 dim: 8 dim: 8 } } }
  layer { name: "label" type: "JavaData" top: "label" java_data_param { shape { dim: 4 dim: 1 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
    inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
  layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
    include { phase: TEST } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
'''
solver = "base_lr: 0.01 lr_policy: 'fixed' test_iter: 1 test_interval: 1000 net_param {" + net + "}"
spark = sparknet.session(2, ui=True, config={"spark.ui.port": "0"})
shades = data.images(str(folder / "images.tar"), str(folder / "labels.txt"), height=8, width=8)
with sparknet.Trainer(solver, shades, shades, workers=2, scale=1 / 256, seed=1) as trainer:
    trainer.fit(12, tau=10, test_every=3, progress=False)
    port = spark.sparkContext.uiWebUrl.rsplit(":", 1)[1]
    print("at", f"http://localhost:{port}", flush=True)
    while not (folder / "enough").exists():
        trainer.broadcast()
        trainer.train(tau=10)
        done = trainer.average()
    for turn in done.turns:
        print("turn", turn.worker, turn.executor, turn.steps, turn.images, turn.seconds, flush=True)
        assert min(turn.compute, turn.exchange, turn.wait) > 0, turn
spark.stop()
"""


@pytest.fixture(scope="module")
def browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is here: build/setup browser installs one")
    return found


def told(address: str) -> Any:
    """What the UI says for programs."""
    with urllib.request.urlopen(address, timeout=300) as answer:
        return json.load(answer)


def look(browser: str, address: str, folder: Path) -> tuple[str, Image.Image]:
    """A page's content once a browser has read it, and a picture of it."""
    picture = folder / "page.png"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    size = ["--window-size=1280,1600", f"--user-data-dir={folder / 'browser'}"]
    shown = subprocess.run(
        [browser, *options, *size, "--dump-dom", address],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    subprocess.run(
        [browser, *options, *size, f"--screenshot={picture}", address],
        capture_output=True,
        timeout=600,
        check=True,
    )
    return shown.stdout, Image.open(picture).convert("RGB")


def places(picture: Image.Image, colour: str) -> np.ndarray[Any, Any]:
    """Where something has this colour: rows and columns."""
    wanted = [int(colour[i : i + 2], 16) for i in (0, 2, 4)]
    return np.argwhere((np.asarray(picture) == wanted).all(axis=2))


def seen(address: str) -> dict[str, Any]:
    """All that the pages know of the training."""
    training = told(f"{address}/sparknet/json")[0]["id"]
    found: dict[str, Any] = told(f"{address}/sparknet/training/json?id={training}")
    return found


def members(address: str) -> list[str]:
    """The executors that train."""
    return [member["executor"] for member in seen(address)["members"]]


def is_whole_again(address: str, lost: str) -> bool:
    """Whether there are two members, and none is in the executor that was lost."""
    there = members(address)
    comings = seen(address)["comings"]
    gone = [coming["executor"] for coming in comings if coming["what"] == "lost"]
    return lost in gone and len(there) == 2 and lost not in there


def test_a_browser_shows_a_training(jar: Path, tmp_path: Path, browser: str) -> None:
    with python(jar, tmp_path, JOB, tmp_path) as program:
        address = reached(program)
        program.until(lambda: bool(members(address)), "an executor that trains")
        first = members(address)[0]
        kill(program, executor(program, first))
        program.until(lambda: is_whole_again(address, first), "another member")
        content, picture = look(browser, f"{address}/sparknet/", tmp_path)
        check_content(content)
        check_picture(picture)
        (tmp_path / "enough").touch()
        assert program.wait() == 0
        turns = [line.split()[1:] for line in program.out.splitlines() if line.startswith("turn")]
        assert [turn[0] for turn in turns] == ["0", "1"]
        assert turns[0][1] != turns[1][1]  # executors
        assert [turn[2:4] for turn in turns] == [["10", "40"]] * 2
        assert float(turns[0][4]) == pytest.approx(float(turns[1][4]))


def reached(program: Program) -> str:
    program.until(lambda: "at http" in program.out, "training")
    found = re.search(r"at (http\S+)", program.out)
    assert found is not None
    return found.group(1)


def check_content(content: str) -> None:
    assert "&lt;b&gt;shades&lt;/b&gt;" in content
    assert "<b>shades" not in content
    for part in ("Loss", "Test", "Images per second", "Seconds of a round", "Workers (2)"):
        assert f">{part}<" in content, part
    assert "corrupt image" in content
    assert "190.jpg" in content
    assert "<td>lost</td>" in content
    assert "<td>joined, is there</td>" in content
    # Nothing comes from elsewhere.
    for source in re.findall(r'(?:src|href)="([^"]*)"', content):
        assert source.startswith(("/", "#")) or source in ("", "javascript:"), source


def check_picture(picture: Image.Image) -> None:
    """Curves and bars are where they belong, in two columns."""
    assert picture.size == (1280, 1600)
    compute, loss, wait = (places(picture, colour) for colour in ("2f78b7", "d1495b", "d4d4d4"))
    assert len(loss) > 50
    assert loss[:, 1].max() < 640
    columns = compute[(compute[:, 1] > 700) & (compute[:, 0] > 450)]
    assert len(columns) > 500
    assert len(wait) > 500
    # Bars of both workers below the curves.
    rows = compute[compute[:, 0] > loss[:, 0].max() + 300]
    assert len(rows) > 200
