"""Layers of type ``Python``: the engine calls a class of the user's for each step.

The functions here are called by the engine, on the thread that drives the net, with the handles
of ``ccaffe_python_layer`` in ccaffe.h.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import traceback
from collections.abc import Callable, Sequence
from typing import Any, overload

from sparknet.errors import ArgumentError
from sparknet.proto import caffe_pb2

__all__ = ["Layer", "ParamBlobs", "Runner"]

_SETUP, _RESHAPE, _FORWARD, _BACKWARD, _DESTROY = range(5)
_STEPS = ("setup", "reshape", "forward", "backward")

_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int32,
    ctypes.c_void_p,  # context
    ctypes.c_int32,  # step
    ctypes.c_int64,  # layer
    ctypes.c_void_p,  # param
    ctypes.c_size_t,
    ctypes.c_int32,  # bottoms
    ctypes.POINTER(ctypes.c_void_p),
    ctypes.c_int32,  # tops
    ctypes.POINTER(ctypes.c_void_p),
    ctypes.POINTER(ctypes.c_int32),  # propagate_down
    ctypes.c_void_p,  # message
    ctypes.c_size_t,
)


class ParamBlobs(Sequence[Any]):
    """The parameter blobs of a layer, in the order in which ``setup`` added them."""

    def __init__(self, made: Callable[[tuple[int, ...]], Any]) -> None:
        self._made = made
        self._blobs: list[Any] = []

    def add_blob(self, *shape: int) -> None:
        """Adds a blob of zeros; only ``setup`` may (StateError)."""
        self._blobs.append(self._made(shape))

    def __len__(self) -> int:
        return len(self._blobs)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self._blobs[index]


class Layer:
    """Base of layers written in Python; a class with the same methods does as well.

    A net names the class by ``python_param { module: "my_layers" layer: "MyLayer" }``; the module
    is imported as any other. ``bottom`` and ``top`` are lists of Blobs, whose ``data`` and ``diff``
    are NumPy arrays on the net's memory: write into them (``top[0].data[...] = y``), and keep
    copies of what a later step needs.

    ``blobs`` are the layer's parameters, learned, saved and shared as those of any other layer.
    ``setup`` adds them (``self.blobs.add_blob(2, 3)``) and may fill their ``data``; values that the
    LayerParameter brings take its place. ``backward`` adds to their ``diff``
    (``self.blobs[0].diff[...] += dw``). Take these arrays anew in each step: a parameter that is
    shared by name, or with a solver's train net, has other memory after ``setup``.

    param_str: ``python_param.param_str``; phase: TRAIN or TEST; layer_param: the LayerParameter.
    """

    param_str: str = ""
    phase: int = 0
    layer_param: caffe_pb2.LayerParameter
    blobs: ParamBlobs

    def setup(self, bottom: list[Any], top: list[Any]) -> None:
        """Called once, before the first reshape. The default does nothing."""

    def reshape(self, bottom: list[Any], top: list[Any]) -> None:
        """Gives the tops their shapes; called after setup and before every forward."""
        raise NotImplementedError(f"{type(self).__name__}.reshape")

    def forward(self, bottom: list[Any], top: list[Any]) -> None:
        """Writes the tops' data."""
        raise NotImplementedError(f"{type(self).__name__}.forward")

    def backward(self, top: list[Any], propagate_down: list[bool], bottom: list[Any]) -> None:
        """Writes the diff of each bottom whose ``propagate_down`` is true; adds to parameters'."""
        raise NotImplementedError(f"{type(self).__name__}.backward")


class Runner:
    """Runs all Python layers of this process.

    blob: makes a Blob from the engine's handle; add_param: adds a parameter blob of a shape to the
    layer of a number.
    """

    def __init__(
        self,
        blob: Callable[[int], Any],
        add_param: Callable[[int, tuple[int, ...]], Any],
    ) -> None:
        self._blob = blob
        self._add_param = add_param
        self._layers: dict[int, Any] = {}
        # The engine has its address: it lives as long as the process.
        self._callback = _CALLBACK(self._called)
        self.failure: BaseException | None = None

    @property
    def address(self) -> int:
        """The address of the callback."""
        return int(ctypes.cast(self._callback, ctypes.c_void_p).value or 0)

    def take_failure(self) -> BaseException | None:
        """What a layer raised in the call that has just failed, once."""
        failure, self.failure = self.failure, None
        return failure

    def _called(
        self,
        _context: object,
        step: int,
        number: int,
        param: int,
        param_size: int,
        num_bottoms: int,
        bottoms: Any,
        num_tops: int,
        tops: Any,
        propagate_down: Any,
        message: int,
        capacity: int,
    ) -> int:
        # Nothing may leave a callback: ctypes would print it and go on.
        try:
            if step == _DESTROY:
                self._layers.pop(number, None)
                return 0
            if step == _SETUP:
                layer = _made(ctypes.string_at(param, param_size))
                layer.blobs = ParamBlobs(functools.partial(self._add_param, number))
                self._layers[number] = layer
            bottom = [self._blob(bottoms[i]) for i in range(num_bottoms)]
            top = [self._blob(tops[i]) for i in range(num_tops)]
            layer = self._layers[number]
            if step == _BACKWARD:
                wanted = [bool(propagate_down[i]) for i in range(num_bottoms)]
                layer.backward(top, wanted, bottom)
            else:
                getattr(layer, _STEPS[step])(bottom, top)
        except BaseException as failure:
            self.failure = failure
            where = _STEPS[step] if step < len(_STEPS) else "destroy"
            _write(f"{where} failed: {_told(failure)}", message, capacity)
            return 1
        return 0


def _made(message: bytes) -> Any:
    param = caffe_pb2.LayerParameter.FromString(message)
    named = param.python_param
    cls = getattr(importlib.import_module(named.module), named.layer, None)
    if not isinstance(cls, type):
        raise ArgumentError(f"module {named.module} has no class {named.layer}")
    layer: Any = cls()
    layer.param_str = named.param_str
    layer.phase = param.phase
    layer.layer_param = param
    return layer


def _told(failure: BaseException) -> str:
    """The exception in a line, with the line of the user's that raised it."""
    text = "".join(traceback.format_exception_only(type(failure), failure)).strip()
    frames = traceback.extract_tb(failure.__traceback__)
    inside = [frame for frame in frames if frame.filename != __file__]
    place = f" ({inside[-1].filename}:{inside[-1].lineno})" if inside else ""
    return " ".join(text.split()) + place


def _write(text: str, address: int, capacity: int) -> None:
    encoded = text.encode()[: capacity - 1].decode(errors="ignore").encode() + b"\0"
    ctypes.memmove(address, encoded, len(encoded))
