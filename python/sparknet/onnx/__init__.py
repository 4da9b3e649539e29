"""Nets and weights to ONNX and from it::

    from sparknet import onnx

    onnx.export("deploy.prototxt", "trained.caffemodel", "net.onnx")
    net, weights = onnx.load("resnet18.onnx")
    onnx.convert("resnet18.onnx", "resnet18.prototxt", "resnet18.caffemodel")

Stands on the package of the same name: ``pip install "sparknet[onnx]"``. ``export`` and
``convert`` use the engine, as ``sparknet.local`` does; ``load`` does without.
"""

from __future__ import annotations

try:
    import onnx as _onnx
except ImportError:
    from sparknet.errors import SetupError

    raise SetupError("sparknet.onnx needs onnx: pip install 'sparknet[onnx]'") from None

from sparknet.onnx.export import export
from sparknet.onnx.load import convert, load

__all__ = ["convert", "export", "load"]

del _onnx
