"""Making a solver's net take its minibatches from Spark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from google.protobuf import text_format
from numpy.typing import NDArray

from sparknet import layer_types, spec
from sparknet._jvm import Floats, Jvm, View
from sparknet.errors import NetError, ShapeError
from sparknet.proto import caffe_pb2

__all__ = ["fed", "read", "seen", "view"]


def read(solver: caffe_pb2.SolverParameter, jvm: Jvm) -> caffe_pb2.SolverParameter:
    """The solver with its nets as the engine reads them: Caffe's old forms become its new ones.

    The solver is changed and returned.
    """
    for net in _nets(solver):
        text = text_format.MessageToString(net).encode()
        net.ParseFromString(jvm.read(text, False, f"net '{net.name}'"))
    return solver


def fed(
    solver: caffe_pb2.SolverParameter,
    shape: Sequence[int],
    batch_size: int | None,
    test_batch_size: int | None,
) -> caffe_pb2.SolverParameter:
    """The solver with JavaData layers for items of ``shape``, in minibatches as asked.

    They take the place of layers that read files or memory, wherever they stand, and of Input
    layers, whose shapes they have. Of the blobs of a phase the first has the items and the second
    their labels. A size that is not given is that of the prototxt. The solver is changed and
    returned.
    """
    sizes = {int(caffe_pb2.TRAIN): batch_size, int(caffe_pb2.TEST): test_batch_size}
    for net in _nets(solver):
        _feed(net, shape, sizes)
    return solver


def _nets(solver: caffe_pb2.SolverParameter) -> Iterator[caffe_pb2.NetParameter]:
    for name in ("net_param", "train_net_param"):
        if solver.HasField(name):
            yield getattr(solver, name)
    yield from solver.test_net_param


def view(
    solver: caffe_pb2.SolverParameter,
    shape: Sequence[int],
    mean: NDArray[Any] | None,
    scale: float | None,
    crop: int | tuple[int, int] | None,
    mirror: bool | None,
) -> View:
    """How the net sees items of ``shape``.

    What is None is as the ``transform_param`` of the net's training data layer says; a
    ``mean_file`` is not read: pass the mean itself.
    """
    own = _transform(solver)
    if mean is None and own.mean_value:
        # Caffe's channels are blue, green, red, and ours are red, green, blue.
        mean = np.array(own.mean_value[::-1], dtype=np.float32)
        if mean.size == 1:
            mean = np.full(shape[0], mean[0], dtype=np.float32)
    if scale is None and own.HasField("scale"):
        scale = own.scale
    if crop is None and own.crop_size:
        crop = own.crop_size
    extents = (crop, crop) if isinstance(crop, int) else crop
    return View(_flat_mean(mean, shape), scale, extents, own.mirror if mirror is None else mirror)


def seen(shape: Sequence[int], view: View) -> tuple[int, ...]:
    """Shape of what the net gets of items of ``shape``."""
    return tuple(shape) if view.crop is None else (shape[0], *view.crop)


def _transform(solver: caffe_pb2.SolverParameter) -> caffe_pb2.TransformationParameter:
    for net in (solver.net_param, solver.train_net_param):
        for layer in net.layer:
            reads = layer_types.batch_size(layer) is not None
            if reads and spec.runs_in(layer, caffe_pb2.TRAIN):
                return layer.transform_param
    return caffe_pb2.TransformationParameter()


def _flat_mean(mean: NDArray[Any] | None, shape: Sequence[int]) -> Floats | None:
    if mean is None:
        return None
    values = np.asarray(mean, dtype=np.float32)
    if values.ndim == 1 and len(shape) == 3 and values.size == shape[0]:
        values = values.reshape(-1, 1, 1)
    try:
        return np.ascontiguousarray(np.broadcast_to(values, tuple(shape))).ravel()
    except ValueError:
        raise ShapeError(f"mean of shape {values.shape} for items of {tuple(shape)}") from None


def _feed(net: caffe_pb2.NetParameter, shape: Sequence[int], sizes: dict[int, int | None]) -> None:
    """Makes of each blob that is read or given a layer of its own that Spark feeds.

    sizes: of minibatches, by phase; None is as the net says.
    """
    layers = list(net.layer)
    del net.layer[:]
    seen = dict.fromkeys(sizes, 0)  # Blobs, in the order of the net: items, then labels.
    for layer in layers:
        phases = [phase for phase in sizes if spec.runs_in(layer, phase)]
        size = sizes[phases[0]] if phases else None
        own = layer_types.batch_size(layer)
        if layer.type == "JavaData":
            _resize(layer.java_data_param.shape, size)
            net.layer.append(layer)
        elif layer.type == "Input" or own is not None:
            for index, blob in enumerate(layer.top):
                number = max((seen[phase] for phase in phases), default=0) + index
                fed = net.layer.add(name=blob, type="JavaData", top=[blob])
                fed.include.extend(layer.include)
                fed.exclude.extend(layer.exclude)
                if layer.type == "Input":
                    given = layer.input_param.shape
                    # One shape is that of all blobs.
                    if given:
                        fed.java_data_param.shape.CopyFrom(given[min(index, len(given) - 1)])
                    _resize(fed.java_data_param.shape, size)
                else:
                    if number > 1:
                        raise NetError(
                            f"net '{net.name}': layer '{layer.name}' reads blob '{blob}', beside"
                            " items and labels: a data set has no more"
                        )
                    extents = (1,) if number else shape
                    fed.java_data_param.shape.dim.extend([size or own or 0, *extents])
        else:
            net.layer.append(layer)
            continue
        for phase in phases:
            seen[phase] += len(layer.top)


def _resize(shape: caffe_pb2.BlobShape, size: int | None) -> None:
    if size is not None and shape.dim:
        shape.dim[0] = size
