"""What EC2 and Spark no longer have, and the closest that they do."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from sparknet_ec2.errors import OptionError
from sparknet_ec2.jars import ROOT

__all__ = ["IMAGE", "built_for", "closest_spark", "closest_type", "version"]

# Amazon Linux 2023, whose glibc is the oldest that SparkNet's libraries run with.
IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"

# By family: the family with the same disks and about the same memory for a core, whose sizes are
# called alike. SparkNet computes on CPUs: what had a GPU is replaced by its cores and its memory.
_FAMILIES = {
    "m1": "m7i", "m2": "r7i", "m3": "m6id", "c1": "c7i", "c3": "c6id", "cc1": "c7i",
    "cc2": "c7i", "cg1": "c7i", "cr1": "r7i", "g2": "c6id", "hi1": "i4i", "i2": "i4i",
    "r3": "r6id",
}  # fmt: skip
# Where sizes of the same name differ.
_TYPES = {
    "t1.micro": "t3.small",
    "m1.small": "m7i.large",
    "m1.medium": "m7i.large",
    "m2.xlarge": "r7i.large",
    "m2.2xlarge": "r7i.xlarge",
    "m2.4xlarge": "r7i.2xlarge",
    "m3.medium": "m6id.large",
    "c1.medium": "c7i.large",
    "c1.xlarge": "c7i.2xlarge",
    "hs1.8xlarge": "d3.4xlarge",
}


def closest_type(name: str) -> str | None:
    """The instance type of today that is most like one of old; None: it was never heard of."""
    family, _, size = name.partition(".")
    if name in _TYPES:
        return _TYPES[name]
    return f"{_FAMILIES[family]}.{size}" if family in _FAMILIES and size else None


def version() -> str:
    """SparkNet's."""
    return _pom().findtext("version", "")


def built_for() -> dict[str, str]:
    """The Sparks that SparkNet is built for, by line such as 3.5, the default one first."""
    found: dict[str, str] = {}
    for profile in _pom().findall("profiles/profile"):
        line = profile.findtext("id", "").split("-")[1]
        found.setdefault(line, profile.findtext("properties/spark.version", ""))
    return found


def closest_spark(asked: str | None) -> str:
    """The version to install for what was asked for, which is not possible if they differ."""
    sparks = built_for()
    if asked is None:
        return next(iter(sparks.values()))
    if any(f"{asked}.".startswith(f"{line}.") for line in sparks):
        return asked
    older = tuple(map(int, asked.split("."))) < tuple(map(int, next(iter(sparks)).split(".")))
    if not older:
        raise OptionError(f"--spark-version {asked}: SparkNet is built for {' and '.join(sparks)}")
    return next(iter(sparks.values()))


def _pom() -> ElementTree.Element:
    root = ElementTree.parse(ROOT / "build" / "pom.xml").getroot()
    for element in root.iter():  # Its namespace says nothing.
        element.tag = element.tag.rpartition("}")[2]
    return root
