"""Nets and solvers in this process, without Spark, in the manner of pycaffe::

    from sparknet.local import TEST, Net, Solver

    net = Net("deploy.prototxt", TEST, weights="trained.caffemodel")
    net.blobs["data"].data[...] = images
    scores = net.forward()["prob"]

``data`` and ``diff`` are NumPy arrays on the engine's own memory: writing to them reaches
the engine. They keep their net alive; reshaping a blob to a larger size ends the validity
of arrays that were taken before. Paths inside a solver prototxt are relative to the
working directory, as in Caffe. Layers of type ``Python`` are run by classes like ``Layer``.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import text_format
from numpy.typing import ArrayLike, NDArray

from sparknet import models, spec
from sparknet._jvm.pyjnius import call, classes, read, set_python_layers
from sparknet.drawing import Drawing
from sparknet.errors import ArgumentError, FileError, ShapeError
from sparknet.plans import Plan
from sparknet.proto import caffe_pb2
from sparknet.python_layers import Layer, Runner
from sparknet.summary import Built, Summary, without_splits
from sparknet.weights import Weights, fitted

__all__ = ["TEST", "TRAIN", "Blob", "Layer", "Net", "Solver", "set_random_seed"]

TRAIN = 0
TEST = 1

_DATA, _DIFF = 0, 1

_seed = -1  # below 0: from the system


def set_random_seed(seed: int) -> None:
    """Seeds nets created from now on whose solver has no seed of its own; below 0: the system."""
    global _seed
    _seed = seed


class Blob:
    """An array of the net: its values and their gradients."""

    def __init__(self, java: Any, owner: object) -> None:
        self._java = java
        self._owner = owner

    @property
    def shape(self) -> tuple[int, ...]:
        """Extents, outermost axis first."""
        return tuple(int(extent) for extent in call(self._java, "shape"))

    @property
    def count(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def data(self) -> NDArray[np.float32]:
        """The values, as an array of ``shape`` on the engine's memory."""
        return self._array(_DATA)

    @property
    def diff(self) -> NDArray[np.float32]:
        """The gradients of the loss by the values, as an array on the engine's memory."""
        return self._array(_DIFF)

    def __repr__(self) -> str:
        return f"<Blob {self.shape}: {self.count:,} values>"

    def reshape(self, *shape: int) -> None:
        """Gives an input another shape; ``Net.reshape`` carries it through the net."""
        call(self._java, "reshape", [int(extent) for extent in shape])

    def _array(self, part: int) -> NDArray[np.float32]:
        shape = self.shape
        size = int(np.prod(shape, dtype=np.int64))
        if size == 0:
            return np.empty(shape, dtype=np.float32)
        memory: Any = (ctypes.c_float * size).from_address(call(self._java, "address", part))
        # Whoever holds the array holds the net, and with it the memory.
        memory.owner = self._owner
        array: NDArray[np.float32] = np.frombuffer(memory, dtype=np.float32)
        return array.reshape(shape)


def _engine() -> Any:
    """The engine's classes, with layers of type Python made possible."""
    loaded = classes()
    set_python_layers(
        Runner(
            lambda handle: Blob(call(loaded.engine, "lentBlob", handle), None),
            lambda layer, shape: Blob(
                call(loaded.engine, "addPythonParam", layer, [int(n) for n in shape]), None
            ),
        )
    )
    return loaded


class _Native:
    """Frees the native object when the last Blob, array or Net that holds it is gone."""

    def __init__(self, java: Any) -> None:
        self.java = java

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # At exit the JVM may be gone, and the memory too.
            self.java.close()


class Net:
    """A net. blobs: name -> Blob; params: layer name -> its parameter blobs, in net order.

    source: the path of a prototxt, prototxt text, a message, or a ``sparknet.Net``; phase: TRAIN or
    TEST; weights: a .caffemodel to start from; threads: how many it computes with (default: as many
    as the machine has cores); keep: names of the blobs whose values will be looked at, along with
    the outputs (default: all). In the TEST phase others share memory, and steps may leave them out,
    as a convolution's that only go into a sum, to save time; they raise StateError, and so does
    ``backward``.
    """

    def __init__(
        self,
        source: spec.NetSource,
        phase: int = TEST,
        weights: str | os.PathLike[str] | None = None,
        threads: int | None = None,
        keep: Sequence[str] | None = None,
    ) -> None:
        if phase not in (TRAIN, TEST):
            raise ArgumentError(f"phase must be TRAIN or TEST, not {phase!r}")
        java = call(_engine().net, "fromBytes", _bytes(source), phase, threads or 0, _seed)
        self._attach(java, _Native(java))
        if isinstance(keep, str):
            raise ArgumentError(f"keep={keep!r}: a list of names is needed")
        if keep is not None:
            call(java, "keepValues", list(keep))
        if weights is not None:
            self.copy_from(weights)

    @classmethod
    def _of(cls, message: caffe_pb2.NetParameter, phase: int) -> Net:
        """The net of a message; phase: -1 is the message's own."""
        java = call(_engine().net, "fromBytes", message.SerializeToString(), phase)
        return cls._lent(java, _Native(java))

    @classmethod
    def _lent(cls, java: Any, owner: object) -> Net:
        net = cls.__new__(cls)
        net._attach(java, owner)
        return net

    def _attach(self, java: Any, owner: object) -> None:
        self._java = java
        self._owner = owner
        self.inputs: list[str] = [str(name) for name in call(java, "inputs")]
        self.outputs: list[str] = [str(name) for name in call(java, "outputs")]
        self.layers: list[str] = [str(name) for name in call(java, "layerNames")]
        self.blobs: OrderedDict[str, Blob] = OrderedDict()
        self.params: OrderedDict[str, list[Blob]] = OrderedDict()
        for index, name in enumerate(call(java, "blobNames")):
            self.blobs[str(name)] = Blob(call(java, "blob", index), owner)
        for layer, name in enumerate(self.layers):
            blobs = [
                Blob(call(java, "param", layer, index), owner)
                for index in range(call(java, "numParams", layer))
            ]
            if blobs:
                self.params[name] = blobs

    def forward(
        self, start: str | None = None, end: str | None = None, **inputs: ArrayLike
    ) -> dict[str, NDArray[np.float32]]:
        """Runs the layers from ``start`` to ``end``, both inclusive; default: all.

        inputs: new values of input blobs. The result maps each output of the net, or
        the top of ``end``, to its array.
        """
        for name, values in inputs.items():
            if name not in self.inputs:
                raise ArgumentError(f"the net has no input '{name}', only {self.inputs}")
            self._fill(name, values, _DATA)
        call(self._java, "forward", self._index(start), self._index(end))
        names = self.outputs if end is None else self._tops(end)
        return {name: self.blobs[name].data for name in names}

    def backward(
        self, start: str | None = None, end: str | None = None, **diffs: ArrayLike
    ) -> dict[str, NDArray[np.float32]]:
        """Runs the layers backward from ``start`` to ``end``; default: all.

        diffs: gradients of output blobs to start from. Gradients of parameters add up until
        ``clear_param_diffs``. The result maps each input of the net to its gradient.
        """
        for name, values in diffs.items():
            if name not in self.outputs:
                raise ArgumentError(f"the net has no output '{name}', only {self.outputs}")
            self._fill(name, values, _DIFF)
        call(self._java, "backward", self._index(start), self._index(end))
        return {name: self.blobs[name].diff for name in self.inputs}

    def clear_param_diffs(self) -> None:
        """Sets the gradients of all parameters to zero."""
        call(self._java, "clearGradients")

    def reshape(self) -> None:
        """Carries new shapes of inputs through the net."""
        call(self._java, "reshape")

    def set_input_arrays(
        self, data: ArrayLike, labels: ArrayLike, layer: str | None = None
    ) -> None:
        """Gives a MemoryData layer the items that it goes through from now on; they are copied.

        data: (N, channels, height, width); labels: (N,) or (N, 1, 1, 1); N is a positive multiple
        of the layer's batch size, which each forward pass takes, over again after the last item.
        layer: the layer's name; default: the net's first MemoryData layer.
        """
        index, item = self._memory_data(layer)
        values = np.ascontiguousarray(data, dtype=np.float32)
        marks = np.ascontiguousarray(labels, dtype=np.float32)
        told = f"layer '{self.layers[index]}' takes"
        if values.ndim != 4 or values.shape[1:] != item:
            extents = ", ".join(map(str, item))
            raise ShapeError(f"{told} data of shape (N, {extents}), {values.shape} given")
        count = len(values)
        if marks.shape not in ((count,), (count, 1, 1, 1)):
            raise ShapeError(
                f"{told} labels of shape ({count},) with data of shape {values.shape},"
                f" {marks.shape} given"
            )
        # The engine copies from where NumPy has them.
        addresses = (values.ctypes.data, values.size, marks.ctypes.data, marks.size)
        call(self._java, "setMemoryData", index, *addresses)

    @property
    def weights(self) -> Weights:
        """A copy of the weights: layer name -> its blobs, as ``Trainer.weights``."""
        copied = {n: [blob.data.copy() for blob in blobs] for n, blobs in self.params.items()}
        return Weights(copied)

    def set_weights(self, weights: Mapping[str, Sequence[Any]]) -> None:
        """Makes these the weights; layers and shapes must be those of the net."""
        shapes = {name: [blob.shape for blob in blobs] for name, blobs in self.params.items()}
        for name, values in fitted(weights, shapes).items():
            for blob, array in zip(self.params[name], values):
                blob.data[...] = array

    def built(self) -> Built:
        """The net as the engine built it: a message with parameters' shapes, and blobs' shapes."""
        serialised = bytes(call(call(self._java, "proto"), "toByteArray"))
        shapes = {name: blob.shape for name, blob in self.blobs.items()}
        return Built(caffe_pb2.NetParameter.FromString(serialised), shapes)

    def plan(self) -> Plan:
        """How passes of the whole net run: which layers run as one, on which back end, how memory
        holds what they make and who shares memory with whom."""
        return Plan.of(str(call(self._java, "plan")))

    def summary(self) -> Summary:
        """A table of the layers with shapes, parameters and arithmetic."""
        return Summary(self.built())

    def draw(self, path: str | os.PathLike[str] | None = None) -> Drawing:
        """A drawing by Graphviz, which notebooks show; path: a .svg, .png or .pdf to write."""
        drawing = Drawing(self.built())
        if path is not None:
            drawing.save(path)
        return drawing

    def __repr__(self) -> str:
        net = self.built().net
        blobs = [blob for blobs in self.params.values() for blob in blobs]
        values = f"{sum(blob.count for blob in blobs):,} parameters"
        named = (
            f"{kind} {', '.join(f'{name} {self.blobs[name].shape}' for name in names) or 'none'}"
            for kind, names in (("inputs", self.inputs), ("outputs", self.outputs))
        )
        phase = caffe_pb2.Phase.Name(net.state.phase)
        layers = len(without_splits(net).layer)
        return f"<Net '{net.name}', {phase}: {layers} layers, {values}; {'; '.join(named)}>"

    def save(self, path: str | os.PathLike[str], prototxt: bool = False) -> list[str]:
        """Writes the weights as a .caffemodel, as HDF5 if the name ends in .h5; returns what it
        wrote.

        prototxt: also the net, beside: ``lenet.caffemodel`` and ``lenet.prototxt``, which
        ``Net("lenet.prototxt", weights="lenet.caffemodel")`` loads. It has the layers that this net
        has, so those of one phase.
        """
        weights = os.fspath(path)
        call(self._java, "save", weights)
        if not prototxt:
            return [weights]
        described = re.sub(r"(\.caffemodel)?(\.h5)?$", "", weights) + ".prototxt"
        try:
            Path(described).write_text(self._prototxt(), encoding="utf-8")
        except OSError as error:
            raise FileError(f"{described}: {error.strerror}") from None
        return [described, weights]

    def _prototxt(self) -> str:
        """The net as it would be written: without what the engine adds to it."""
        net = without_splits(self.built().net)
        net.ClearField("state")
        if any(layer.type == "Input" for layer in net.layer):
            net.ClearField("input")  # Those layers' tops.
        for layer in net.layer:
            layer.ClearField("blobs")
            layer.ClearField("phase")
        return text_format.MessageToString(net)

    def copy_from(self, path: str | os.PathLike[str]) -> str:
        """Loads the weights of a .caffemodel, binary or HDF5, by layer name.

        Returns one line that says which layers were taken: "w.caffemodel: took 14 of 16 layers;
        not in the file: fc8". A file without any of the net's layers raises ShapeError.
        """
        return str(call(self._java, "load", os.fspath(path)))

    def _index(self, layer: str | None) -> int:
        if layer is None:
            return -1
        if layer not in self.layers:
            raise ArgumentError(f"the net has no layer '{layer}', only {self.layers}")
        return self.layers.index(layer)

    def _memory_data(self, layer: str | None) -> tuple[int, tuple[int, ...]]:
        """The index of a MemoryData layer, by default the first one, and the shape of an item."""
        described = call(self._java, "proto")
        types = [str(described.getLayer(index).getType()) for index in range(len(self.layers))]
        if layer is not None:
            index = self._index(layer)
            if types[index] != "MemoryData":
                raise ArgumentError(f"layer '{layer}' is of type {types[index]}, not MemoryData")
        elif "MemoryData" in types:
            index = types.index("MemoryData")
        else:
            raise ArgumentError("the net has no MemoryData layer")
        return index, self.blobs[str(described.getLayer(index).getTop(0))].shape[1:]

    def _tops(self, layer: str) -> list[str]:
        described = call(self._java, "proto")
        parameters = described.getLayer(self._index(layer))
        return [str(parameters.getTop(index)) for index in range(parameters.getTopCount())]

    def _fill(self, name: str, values: ArrayLike, part: int) -> None:
        array = self.blobs[name]._array(part)
        given = np.asarray(values, dtype=np.float32)
        if given.shape != array.shape:
            raise ShapeError(f"blob '{name}' has shape {array.shape}, {given.shape} given")
        array[...] = given


def _bytes(source: spec.NetSource) -> bytes:
    """The serialised message. Text is read by the engine, which knows Caffe's old forms."""
    if isinstance(source, str) and spec.is_text(source):
        return read(source.encode(), False, "<text>")
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        bundled = None if os.path.exists(path) else models.text(path)
        if bundled is not None:
            return read(bundled.encode(), False, path)
        return bytes(call(classes().engine, "netBytes", path))
    return spec.net(source).SerializeToString()


class Solver:
    """A solver with its train net ``net`` and its ``test_nets``.

    source: the path of a solver prototxt, text, a message, a dict of its fields, or None. net:
    replaces the solver's own. threads: how many its nets compute with (default: as many as the
    machine has cores). options: fields of the solver, as for ``sparknet.Trainer``:
    ``Solver(net=net, learning_rate=0.01, optimizer="Adam")``.
    """

    def __init__(
        self,
        source: spec.SolverSource | None = None,
        net: spec.NetSource | None = None,
        *,
        threads: int | None = None,
        **options: Any,
    ) -> None:
        engine = _engine()
        plain = isinstance(source, (str, os.PathLike)) and not spec.is_text(source)
        if plain and net is None and not options and os.path.exists(str(source)):
            # The engine reads it, and knows Caffe's old forms.
            message = caffe_pb2.SolverParameter.FromString(
                bytes(call(engine.engine, "solverBytes", str(source)))
            )
        else:
            message = spec.solver(source, net, **options)
        if message.random_seed < 0:
            message.random_seed = _seed
        self._java = call(engine.solver, "fromBytes", message.SerializeToString(), threads or 0)
        owner = _Native(self._java)
        self.net = Net._lent(call(self._java, "net"), owner)
        self.test_nets = [
            Net._lent(call(self._java, "testNet", index), owner)
            for index in range(call(self._java, "numTestNets"))
        ]

    @property
    def iter(self) -> int:
        """Number of updates applied so far."""
        return int(call(self._java, "iteration"))

    def step(self, n: int) -> float:
        """Runs n training iterations. The loss, smoothed as ``average_loss`` says."""
        return float(call(self._java, "step", n))

    def __repr__(self) -> str:
        return f"<Solver at iteration {self.iter} of {self.net!r}>"

    def snapshot(self) -> list[str]:
        """Writes weights and state under ``snapshot_prefix``; the paths of both files."""
        return [str(path) for path in call(self._java, "snapshot", None)]

    def restore(self, path: str | os.PathLike[str]) -> str:
        """Goes on from a .solverstate; one line that says what was taken."""
        return str(call(self._java, "restore", os.fspath(path)))
