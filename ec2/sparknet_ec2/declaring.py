"""How an option of ``spark-ec2`` is declared: a field of a dataclass that knows all about it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

__all__ = ["Spec", "flag", "option", "specs_of"]


@dataclass(frozen=True)
class Spec:
    """An option. read: turns its text into a value, or raises ValueError; None is a flag.

    many: it may be given several times; the value is a tuple. gone: why it cannot be had any more;
    "" is one that can.
    """

    field: str
    names: tuple[str, ...]
    group: str
    help: str
    default: Any
    read: Any = str
    metavar: str | None = None
    many: bool = False
    gone: str = ""


def option(
    names: str,
    group: str,
    help: str,  # noqa: A002 - as argparse has it.
    default: Any = None,
    read: Any = str,
    metavar: str | None = None,
    many: bool = False,
    gone: str = "",
) -> Any:
    """A field of a dataclass. names: between blanks, as they are typed."""
    kept: dict[str, Any] = {"names": names, "group": group, "help": help, "read": read}
    kept.update(metavar=metavar, many=many, gone=gone)
    if default is dict:
        return dataclasses.field(default_factory=dict, metadata=kept)
    return dataclasses.field(default=default, metadata=kept)


def flag(names: str, group: str, help: str, gone: str = "") -> Any:  # noqa: A002
    """One that is there or not."""
    return option(names, group, help, default=False, read=None, gone=gone)


def specs_of(declared: type[Any]) -> list[Spec]:
    """Those of a dataclass, in the order in which they are written down."""
    found = []
    for field in dataclasses.fields(declared):
        kept = dict(field.metadata)
        names = tuple(str(kept.pop("names")).split())
        factory = field.default_factory
        default = field.default if factory is dataclasses.MISSING else factory()
        found.append(Spec(field=field.name, names=names, default=default, **kept))
    return found
