"""Making a solver's net take its minibatches from Spark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparknet import spec
from sparknet._jvm import Floats, Jvm, View
from sparknet.errors import NetError, ShapeError
from sparknet.proto import caffe_pb2

__all__ = ["fed", "seen", "view"]

_DATABASES = ("Data", "ImageData", "HDF5Data")


def fed(
    solver: caffe_pb2.SolverParameter,
    jvm: Jvm,
    shape: Sequence[int],
    batch_size: int | None,
    test_batch_size: int | None,
) -> caffe_pb2.SolverParameter:
    """The solver with JavaData layers for items of ``shape``, in minibatches as asked.

    Layers that read databases are replaced (``libs.ProtoLoader.replaceDataLayers``), and Input
    layers are by JavaData layers of the same shapes; a size that is not given is that of the
    prototxt. The solver is changed and returned.
    """
    for net in (solver.net_param, solver.train_net_param, *solver.test_net_param):
        _replace_inputs(net)
        sources = [layer for layer in net.layer if layer.type in _DATABASES]
        if sources:
            _replace(
                net,
                jvm,
                shape,
                _batch(sources, caffe_pb2.TRAIN, batch_size),
                _batch(sources, caffe_pb2.TEST, test_batch_size),
            )
        else:
            _resize(net, batch_size, test_batch_size)
    return solver


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
            if layer.type in _DATABASES and spec.runs_in(layer, caffe_pb2.TRAIN):
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


def _batch(
    sources: Sequence[caffe_pb2.LayerParameter], phase: caffe_pb2.Phase, asked: int | None
) -> int:
    if asked is not None:
        return asked
    for layer in sources:
        sizes = (
            layer.data_param.batch_size,
            layer.image_data_param.batch_size,
            layer.hdf5_data_param.batch_size,
        )
        if spec.runs_in(layer, phase) and any(sizes):
            return int(max(sizes))
    return 1  # The phase has no data layer, and none will run in it.


def _replace(
    net: caffe_pb2.NetParameter, jvm: Jvm, shape: Sequence[int], train: int, test: int
) -> None:
    if len(shape) != 3:
        raise ShapeError(f"the net's data layers take (channels, height, width), not {shape}")
    if len(net.layer) < 2 or any(layer.type not in _DATABASES for layer in net.layer[:2]):
        raise NetError(
            f"net '{net.name}': the first two layers must be its data layers, TRAIN and TEST"
        )
    replaced = jvm.replace_data_layers(net.SerializeToString(), train, test, shape)
    net.ParseFromString(replaced)


def _replace_inputs(net: caffe_pb2.NetParameter) -> None:
    """Makes of each top of an Input layer a layer of its own that Spark feeds."""
    layers = list(net.layer)
    if all(layer.type != "Input" for layer in layers):
        return
    del net.layer[:]
    for layer in layers:
        if layer.type != "Input":
            net.layer.append(layer)
            continue
        shapes = layer.input_param.shape
        for index, top in enumerate(layer.top):
            fed = net.layer.add(name=top, type="JavaData", top=[top])
            fed.include.extend(layer.include)
            fed.exclude.extend(layer.exclude)
            if shapes:  # One shape is that of all tops.
                shape = shapes[index if len(shapes) == len(layer.top) else 0]
                fed.java_data_param.shape.CopyFrom(shape)


def _resize(net: caffe_pb2.NetParameter, train: int | None, test: int | None) -> None:
    """Sets the sizes that are given in the net's JavaData layers."""
    for layer in net.layer:
        size = train if spec.runs_in(layer, caffe_pb2.TRAIN) else test
        if layer.type == "JavaData" and size is not None and layer.java_data_param.shape.dim:
            layer.java_data_param.shape.dim[0] = size
