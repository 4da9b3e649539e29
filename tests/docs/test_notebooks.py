"""The notebooks of docs/notebooks run from their first cell to the last, and show what they say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from nbformat import NotebookNode

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

NOTEBOOKS = Path(__file__).resolve().parents[2] / "docs" / "notebooks"
# What holds after the last cell, and kinds of output that a reader sees on the way.
SHOWN = {
    "dataframes": ("again_measured['accuracy'] > 0.9", {"text/html", "image/png"}),
    "first_steps": ("best.best > 0.95", {"text/html", "image/png", "image/svg+xml"}),
    "images": (
        "right['fine-tuned'] > 0.85 > right['the first net']",
        {"text/html", "image/png"},
    ),
    "search": ("tried.accuracy.max() > 0.85 > tried.accuracy.min()", {"text/html"}),
}


def read(name: str) -> NotebookNode:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing of whose machine it is, such as start-up files of IPython's.
    for variable in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / "jupyter"))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # The kernel's own shows plots.
    notebook = read(name)
    holds, kinds = SHOWN[name]
    notebook.cells.append(nbformat.v4.new_code_cell(f"assert {holds}"))
    where = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3", resources=where).execute()
    outputs: list[Any] = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert kinds <= {kind for output in outputs for kind in output.get("data", ())}
    streams = [output["text"] for output in outputs if output["output_type"] == "stream"]
    assert not [text for text in streams if "WARN" in text or "Traceback" in text]


def test_each_is_known_and_kept_without_outputs() -> None:
    assert sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")) == sorted(SHOWN)
    for name in SHOWN:
        notebook = read(name)
        nbformat.validate(notebook)
        for cell in notebook.cells:
            assert not cell.get("outputs"), f"{name}: clear the outputs before it is committed"
            assert cell.get("execution_count") is None
