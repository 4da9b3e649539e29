"""sparknet.local against BVLC Caffe's own values: layers, and whole trajectories of nets."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import golden
import numpy as np
import pytest

from sparknet.local import TEST, TRAIN, Net, Solver

pytestmark = pytest.mark.boundary

SHARED = Path(os.environ.get("SPARKNET_SHARED", Path(__file__).resolve().parents[3] / "shared"))


def cases() -> list[object]:
    index = SHARED / "golden/layers/index.tsv"
    if not index.is_file():
        reason = f"no reference data in {SHARED}"
        return [pytest.param("none", "TEST", "0", marks=pytest.mark.skip(reason=reason))]
    return [
        pytest.param(*line.split("\t"), id=line.split("\t")[0])
        for line in index.read_text().splitlines()[1:]
    ]


@pytest.fixture(scope="module")
def registered() -> set[str]:
    from sparknet._jvm.pyjnius import call, classes

    return {str(name) for name in call(classes().engine, "layerTypes")}


@pytest.mark.parametrize(("case", "phase", "backward"), cases())
def test_layer(case: str, phase: str, backward: str, registered: set[str]) -> None:
    folder = SHARED / "golden/layers"
    types = set(re.findall(r'\btype: "(\w+)"', (folder / f"{case}.prototxt").read_text()))
    fillers = {"constant", "uniform", "gaussian", "xavier", "msra", "bilinear", "positive_unitball"}
    if missing := types - registered - fillers:
        pytest.skip(f"layer type {', '.join(sorted(missing))} is not there yet")
    values = golden.arrays(folder / f"{case}.npz")
    net = Net(folder / f"{case}.prototxt", TRAIN if phase == "TRAIN" else TEST)
    for name, value in values.items():
        kind, _, rest = name.partition("/")
        if kind == "param":
            layer, index = rest.rsplit("/", 1)
            net.params[layer][int(index)].data[...] = value
        elif kind == "in":
            net.blobs[rest].data[...] = value
    net.forward()
    check(net, values, {"out", "after"})
    if backward == "1":
        for name, value in values.items():
            if name.startswith("outdiff/"):
                net.blobs[name.partition("/")[2]].diff[...] = value
        net.clear_param_diffs()
        net.backward()
        check(net, values, {"indiff", "paramdiff"})


def check(net: Net, values: dict[str, np.ndarray], kinds: set[str]) -> None:
    for name, expected in values.items():
        kind, _, rest = name.partition("/")
        if kind not in kinds:
            continue
        if kind in ("after", "paramdiff"):
            layer, index = rest.rsplit("/", 1)
            blob = net.params[layer][int(index)]
        else:
            blob = net.blobs[rest]
        found = blob.diff if kind.endswith("diff") else blob.data
        golden.assert_close(found, expected, name)


@pytest.mark.parametrize("model", ["lenet", "cifar10_quick"])
def test_trajectory(
    model: str, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = shared / "golden/nets" / model
    for name in ("net.prototxt", "solver_binaryproto.prototxt"):
        shutil.copy(source / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    steps = golden.arrays(source / "steps.npz")
    # The engine's paths are relative to the process's folder, which the JVM shares.
    solver = Solver("solver_binaryproto.prototxt")
    solver.net.copy_from(source / "init.caffemodel")
    for step in range(5):
        solver.net.blobs["data"].data[...] = steps[f"data/{step}"]
        solver.net.blobs["label"].data[...] = steps[f"label/{step}"]
        solver.step(1)
        loss = solver.net.blobs["loss"].data
        golden.assert_close(loss, steps[f"loss/{step}"], f"loss/{step}", golden.TRAJECTORY)
    assert solver.iter == 5
    caffemodel, solverstate = solver.snapshot()
    assert Path(caffemodel).name == f"{model}_iter_5.caffemodel"
    reference = Net("net.prototxt", TRAIN, weights=source / Path(caffemodel).name)
    ours = Net("net.prototxt", TRAIN, weights=caffemodel)
    for layer, blobs in reference.params.items():
        for index, blob in enumerate(blobs):
            what = f"{layer}/{index} after 5 steps"
            golden.assert_close(ours.params[layer][index].data, blob.data, what, golden.TRAJECTORY)
    solver.net.forward()
    for name in [name.partition("/")[2] for name in steps if name.startswith("blob/")]:
        golden.assert_close(
            solver.net.blobs[name].data, steps[f"blob/{name}"], name, golden.TRAJECTORY
        )
    check_restored(model, source, steps, solverstate)


def check_restored(
    model: str, source: Path, steps: dict[str, np.ndarray], solverstate: str
) -> None:
    """Our snapshot and Caffe's go on alike."""
    after = []
    for restored in ("ours", "Caffe's"):
        if restored == "Caffe's":  # Both states name their weights alike: the pair is replaced.
            for kind in ("caffemodel", "solverstate"):
                shutil.copy(source / f"{model}_iter_5.{kind}", ".")
        solver = Solver("solver_binaryproto.prototxt")
        solver.restore(solverstate)
        assert solver.iter == 5
        solver.net.blobs["data"].data[...] = steps["data/0"]
        solver.net.blobs["label"].data[...] = steps["label/0"]
        solver.step(3)
        after.append({name: blobs[0].data for name, blobs in solver.net.params.items()})
    for name in after[0]:
        golden.assert_close(after[0][name], after[1][name], name, golden.TRAJECTORY)
