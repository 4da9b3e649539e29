"""What only the engine knows: how prototxts are read, and what becomes of a net.

Asked in the JVM of the Spark session if there is one, and in a JVM inside this process otherwise.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from google.protobuf import text_format

from sparknet.proto import caffe_pb2
from sparknet.summary import Built

if TYPE_CHECKING:
    from sparknet._jvm import Jvm

__all__ = ["built", "read", "upgraded"]


def built(net: caffe_pb2.NetParameter, phase: int) -> Built:
    """The net as the engine builds it. phase: 0 TRAIN, 1 TEST, -1 the net's own."""
    jvm = _session()
    if jvm is not None:
        return jvm.built(net.SerializeToString(), phase)
    from sparknet.local import Net

    return Net._of(net, phase).built()


def upgraded(net: caffe_pb2.NetParameter) -> caffe_pb2.NetParameter:
    """The net with Caffe's old forms (V0 and V1 layers, ``input``) made new."""
    text = text_format.MessageToString(net).encode()
    return caffe_pb2.NetParameter.FromString(read(text, False, f"net '{net.name}'"))


def read(prototxt: bytes, solver: bool, name: str) -> bytes:
    """As ``sparknet._jvm.Jvm.read``."""
    jvm = _session()
    if jvm is not None:
        return jvm.read(prototxt, solver, name)
    from sparknet._jvm import pyjnius

    return pyjnius.read(prototxt, solver, name)


def _session() -> Jvm | None:
    if "pyspark" not in sys.modules:
        return None
    from sparknet._jvm.calls import current_session
    from sparknet._jvm.py4j import Py4JJvm

    session = current_session()
    return None if session is None else Py4JJvm(session)
