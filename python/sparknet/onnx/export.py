"""From a net and its weights to an ONNX file. The engine builds the net and tells its shapes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Union

import numpy as np
import onnx

from sparknet import spec, version
from sparknet.errors import FileError, ShapeError, SparkNetError
from sparknet.local import Net
from sparknet.onnx import deploy
from sparknet.onnx.graph import Shape
from sparknet.onnx.walk import Walk

__all__ = ["WeightsSource", "export"]

WeightsSource = Union[str, "os.PathLike[str]", Mapping[str, Sequence[Any]], Net]

# What runtimes read since 2022.
_OPSET, _IR = 17, 8
# Protobuf holds no more; larger weights go to a file beside.
_LARGEST = 2**31 - 2**20


def export(
    net: spec.NetSource,
    weights: WeightsSource,
    path: str | os.PathLike[str],
    *,
    inputs: Mapping[str, Sequence[int]] | None = None,
    batch: int | None = None,
) -> None:
    """Writes a net in its TEST form, as it predicts, as an ONNX file.

    net: a path, prototxt text or a message: a deploy net, or one with data and loss layers.
    weights: a .caffemodel (binary or HDF5), weights by layer name or a ``local.Net``; all
    layers of the net must be there, further ones are left aside. inputs: shapes by blob name of
    what data layers give, needed where they are those of a database. batch: number of items;
    by default it stays free, or is the net's own where a layer's result depends on it (the
    first axis of an LSTM is time, for instance).

    The tops of data layers become inputs of the same names, as far as they are used, and what
    no layer takes becomes outputs. Losses and accuracies are left out: SoftmaxWithLoss becomes
    a Softmax whose output is called like its second top, else "prob" ("<layer>/prob" if there
    are several), SigmoidCrossEntropyLoss a Sigmoid likewise. Recurrent layers start from zeros.
    Weights of 2 GB and more are in ``<path>.data``.

    Raises UnsupportedError, which names layer and type, for what ONNX has no operators for;
    ShapeError for weights that are missing or do not fit; FileError if the file cannot be
    written.
    """
    built = deploy.net(spec.net(net), inputs or {}, batch)
    _take(built, weights)
    walk = Walk(built)
    shapes: dict[str, list[int | str]] = {n: list(b.shape) for n, b in built.blobs.items()}
    larger = _larger(built, walk) if batch is None else None
    if larger is not None:
        shapes = {name: _free(shape, larger[name]) for name, shape in shapes.items()}
    _save(walk, shapes, Path(path))


def _take(net: Net, weights: WeightsSource) -> None:
    """Gives the net the weights, which must have all of its layers."""
    if isinstance(weights, Net):
        weights = {name: [blob.data for blob in blobs] for name, blobs in weights.params.items()}
    if isinstance(weights, Mapping):
        # A net that trains has layers that one that predicts has not.
        here = set(net.params) & set(weights) or set(weights)
        net.set_weights({name: weights[name] for name in weights if name in here})
        return
    firsts = {name: blobs[0].data.reshape(-1)[:1] for name, blobs in net.params.items()}
    for first in firsts.values():
        first[...] = np.nan
    taken = net.copy_from(weights)
    if any(np.isnan(first).any() for first in firsts.values()):
        raise ShapeError(taken)


def _larger(net: Net, walk: Walk) -> dict[str, Shape] | None:
    """Shapes with one item more, if the same nodes and constants do for it; otherwise None."""
    blobs = [net.blobs[name] for name in net.inputs if net.blobs[name].shape]
    try:
        for blob in blobs:
            blob.reshape(blob.shape[0] + 1, *blob.shape[1:])
        net.reshape()
        again = Walk(net)
    except SparkNetError:
        return None
    same = walk.nodes == again.nodes and all(
        np.array_equal(values, again.constants[name]) for name, values in walk.constants.items()
    )
    return {name: blob.shape for name, blob in net.blobs.items()} if same else None


def _free(shape: Sequence[int | str], larger: Shape) -> list[int | str]:
    """Extents, with a name in place of those that grow with the batch."""
    names = ["batch", *(f"batch_{axis}" for axis in range(1, len(shape)))]
    return [a if a == b else name for a, b, name in zip(shape, larger, names)]


def _save(walk: Walk, shapes: Mapping[str, Sequence[int | str]], path: Path) -> None:
    def described(names: Sequence[str]) -> list[onnx.ValueInfoProto]:
        return [
            onnx.helper.make_tensor_value_info(
                name, onnx.TensorProto.FLOAT, shapes[walk.shaped_as[name]]
            )
            for name in names
        ]

    graph = onnx.helper.make_graph(
        walk.nodes,
        path.stem,
        described(walk.inputs),
        described(walk.outputs),
        [onnx.numpy_helper.from_array(array, name) for name, array in walk.constants.items()],
    )
    model = onnx.helper.make_model(
        graph,
        producer_name="sparknet",
        producer_version=version.own() or "",
        ir_version=_IR,
        opset_imports=[onnx.helper.make_opsetid("", _OPSET)],
    )
    beside = sum(array.nbytes for array in walk.constants.values()) > _LARGEST
    try:
        if not beside:
            onnx.checker.check_model(model)
        onnx.save(model, path, save_as_external_data=beside, location=f"{path.name}.data")
        if beside:
            onnx.checker.check_model(os.fspath(path))
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
