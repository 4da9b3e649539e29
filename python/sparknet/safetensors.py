"""Weights as safetensors files and from them::

    from sparknet import safetensors

    safetensors.save(trainer.weights, "net.safetensors")
    trainer.set_weights(safetensors.load("net.safetensors"))
    net.set_weights(safetensors.load("net.safetensors"))  # a sparknet.local.Net

A layer with one or two blobs has ``<layer>.weight`` and ``<layer>.bias``. BatchNorm has
``<layer>.running_mean`` and ``<layer>.running_var``, as PyTorch means them, and
``<layer>.scale_factor``, by which Caffe keeps both multiplied. Layers with other blobs, such as
LSTM, have ``<layer>.0``, ``<layer>.1`` and so on, in Caffe's order. Shapes are Caffe's, which for
convolutions and inner products are those of PyTorch.

Stands on the package of the same name: ``pip install "sparknet[safetensors]"``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparknet.errors import FileError, ParseError, SetupError, ShapeError, UnsupportedError
from sparknet.fields import did_you_mean
from sparknet.weights import Weights

try:
    from safetensors import SafetensorError, deserialize
    from safetensors.numpy import save_file
except ImportError:
    raise SetupError(
        "sparknet.safetensors needs safetensors: pip install 'sparknet[safetensors]'"
    ) from None

__all__ = ["load", "save"]

_MEAN, _VARIANCE, _FACTOR = "running_mean", "running_var", "scale_factor"
_PLACES = {"weight": 0, "bias": 1, _MEAN: 0, _VARIANCE: 1, _FACTOR: 2}
# PyTorch's BatchNorm counts batches; Caffe's has no use for it.
_COUNTER = "num_batches_tracked"
_TYPES = {"F16": np.float16, "F32": np.float32, "F64": np.float64}


def save(weights: Mapping[str, Sequence[Any]], path: str | os.PathLike[str]) -> None:
    """Writes weights by layer name, as trainers and local nets have them, in single precision.

    Raises FileError if the file cannot be written.
    """
    tensors: dict[str, NDArray[np.float32]] = {}
    for layer, given in weights.items():
        blobs = [np.asarray(blob, dtype=np.float32) for blob in given]
        for suffix, blob in _named(blobs).items():
            # The format has values in their order, whatever that of the array was.
            tensors[f"{layer}.{suffix}"] = np.require(blob, np.float32, ["C"])
    try:
        save_file(tensors, path, metadata={"format": "pt"})
    except (OSError, SafetensorError) as error:
        raise FileError(f"{os.fspath(path)}: {_reason(error)}") from None


def load(path: str | os.PathLike[str]) -> Weights:
    """Reads weights by layer name, for ``set_weights`` of trainers and local nets.

    Numbers of half precision (float16, bfloat16) are widened, doubles rounded to single
    precision. Raises ParseError if the file is damaged or none, ShapeError for names that are
    not of the form that ``save`` writes, UnsupportedError for integers.
    """
    name = os.fspath(path)
    read: Any = deserialize  # It has no types.
    try:
        tensors = read(Path(path).read_bytes())
    except OSError as error:
        raise FileError(f"{name}: {_reason(error)}") from None
    except SafetensorError as error:
        raise ParseError(f"{name}: not a safetensors file: {error}") from None
    layers: dict[str, dict[str, NDArray[np.float32]]] = {}
    for key, tensor in sorted(tensors):
        layer, _, suffix = key.rpartition(".")
        if layer and suffix == _COUNTER:
            continue
        if not layer or not (suffix in _PLACES or suffix.isdecimal()):
            hint = did_you_mean(suffix, _PLACES)
            raise ShapeError(f"{name}: tensor '{key}' is not named <layer>.weight or alike{hint}")
        layers.setdefault(layer, {})[suffix] = _floats(tensor, f"{name}: tensor '{key}'")
    return Weights(
        {layer: _blobs(parts, f"{name}: layer '{layer}'") for layer, parts in layers.items()}
    )


def _named(blobs: list[NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """A layer's blobs by what follows its name."""
    shapes = [blob.shape for blob in blobs]
    if len(blobs) == 3 and shapes[0] == shapes[1] and len(shapes[0]) == 1 and shapes[2] == (1,):
        mean, variance, factor = blobs
        divisor = factor if factor[0] != 0 else np.ones(1, np.float32)
        return {_MEAN: mean / divisor, _VARIANCE: variance / divisor, _FACTOR: factor}
    if len(blobs) > 2:
        return {str(index): blob for index, blob in enumerate(blobs)}
    return dict(zip(("weight", "bias"), blobs))


def _blobs(parts: dict[str, NDArray[np.float32]], what: str) -> list[NDArray[np.float32]]:
    """A layer's blobs in Caffe's order."""
    if _MEAN in parts and _VARIANCE in parts:
        factor = parts.setdefault(_FACTOR, np.ones(1, np.float32))
        multiplier = factor if factor[0] != 0 else np.ones(1, np.float32)
        parts = {**parts, **{key: parts[key] * multiplier for key in (_MEAN, _VARIANCE)}}
    if set(parts) == {"bias"}:
        return [parts["bias"]]
    places: dict[int, str] = {}
    for suffix in parts:
        place = _PLACES[suffix] if suffix in _PLACES else int(suffix)
        if place in places:
            raise ShapeError(
                f"{what}: both {places[place]} and {suffix} are its blob {place}; Caffe has"
                " statistics in a BatchNorm layer and what is learned in a Scale layer after it"
            )
        places[place] = suffix
    if sorted(places) != list(range(len(places))):
        raise ShapeError(f"{what}: it has {', '.join(sorted(parts))}, and blobs before are missing")
    return [parts[places[place]] for place in sorted(places)]


def _floats(tensor: Mapping[str, Any], what: str) -> NDArray[np.float32]:
    kind, shape, values = tensor["dtype"], tensor["shape"], tensor["data"]
    if kind == "BF16":
        # The upper half of a number of single precision.
        halves = np.frombuffer(values, dtype="<u2").astype("<u4")
        return (halves << 16).view("<f4").astype(np.float32).reshape(shape)
    if kind not in _TYPES:
        raise UnsupportedError(f"{what}: it is of type {kind}, weights are floats")
    array = np.frombuffer(values, dtype=np.dtype(_TYPES[kind]).newbyteorder("<"))
    return array.astype(np.float32).reshape(shape)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
