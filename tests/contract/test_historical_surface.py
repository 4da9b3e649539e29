"""Packages libs, loaders and preprocessing have the names of the original and no others.

Apps import all of these packages with a wildcard: one more public name could become ambiguous.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PUBLIC = {
    "libs": {
        "ByteImage",
        "CaffeLibrary",
        "CaffeNet",
        "ConvolutionLayer",
        "Include",
        "InnerProductLayer",
        "JavaNDArray",
        "JavaNDUtils",
        "MinibatchSampler",
        "NDArray",
        "Net",
        "NetParam",
        "Pooling",
        "PoolingLayer",
        "ProtoLoader",
        "RDDLayer",
        "ReLULayer",
        "SoftmaxWithLoss",
        "WeightCollection",
    },
    "loaders": {"CifarLoader", "ImageNetLoader"},
    "preprocessing": {"ComputeMean", "ScaleAndConvert"},
}

SCALA = r"^(?!private)(?:(?:final|sealed|abstract|case|implicit) )*(?:class|object|trait) (\w+)"
JAVA = r"^public (?:(?:final|abstract) )*(?:class|interface|enum|record) (\w+)"


def public_names(package: str) -> set[str]:
    """What the sources of a package define at their top level for everyone."""
    names: set[str] = set()
    for language, pattern in (("scala", SCALA), ("java", JAVA)):
        for source in (ROOT / "src" / "main" / language / package).glob("*." + language):
            names.update(re.findall(pattern, source.read_text(), flags=re.MULTILINE))
    return names


@pytest.mark.unit
@pytest.mark.parametrize("package", PUBLIC)
def test_a_package_has_the_historical_names_only(package: str) -> None:
    assert public_names(package) == PUBLIC[package]
