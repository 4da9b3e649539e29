"""Fields of protobuf messages from plain Python values, checked against the descriptor.

The rules are those of ``sparknet.net.Fields`` in Scala: a message is a dict of its fields, an
enum its value's name, a repeated field a list or one value, and None leaves a field unset.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from numbers import Integral, Real
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

__all__ = ["FieldError", "did_you_mean", "doc", "repeated", "set_all", "set_field"]

_RANGES = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_FLOATS = (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE)
_LARGEST_FLOAT = 3.4028234663852886e38


class FieldError(ValueError):
    """A value does not fit its field. The message begins with the field's path."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"field {path}: {reason}")


def set_all(message: Message, values: Mapping[str, Any], path: str = "") -> None:
    """Sets fields by name. path: where the message lies, with its dot, for errors."""
    known = message.DESCRIPTOR.fields_by_name
    for name, value in values.items():
        if name not in known:
            hint = did_you_mean(str(name), known)
            raise FieldError(f"{path}{name}", f"{message.DESCRIPTOR.name} has no such field{hint}")
        set_field(message, known[name], value, f"{path}{name}")


def set_field(message: Message, field: FieldDescriptor, value: Any, path: str) -> None:
    """Replaces what the field holds; None leaves it alone. path: the field's name in errors."""
    if value is None:
        return
    message.ClearField(field.name)
    several = isinstance(value, (list, tuple))
    if not repeated(field):
        if several:
            raise FieldError(path, f"takes one value, not {_shown(value)}")
        if field.message_type is not None:
            part = getattr(message, field.name)
            part.SetInParent()
            _fill(part, value, path)
        else:
            setattr(message, field.name, _scalar(field, value, path))
        return
    elements = value if several else [value]
    for index, element in enumerate(elements):
        place = f"{path}[{index}]" if several else path
        if field.message_type is not None:
            _fill(getattr(message, field.name).add(), element, place)
        else:
            getattr(message, field.name).append(_scalar(field, element, place))


def repeated(field: FieldDescriptor) -> bool:
    """Whether a field holds a list."""
    # protobuf has `label` before 7 and `is_repeated` from 6 on; this is so in all versions.
    return bool(field.default_value == [])


def _fill(message: Message, value: Any, path: str) -> None:
    kind = message.DESCRIPTOR.name
    if isinstance(value, Message) and value.DESCRIPTOR.full_name == message.DESCRIPTOR.full_name:
        message.CopyFrom(value)
    elif isinstance(value, Mapping):
        set_all(message, value, f"{path}.")
    elif kind == "NetStateRule" and isinstance(value, (str, Enum)):
        set_all(message, {"phase": value}, f"{path}.")
    else:
        raise FieldError(path, f"{_shown(value)} is not a {kind}: give its fields by name")


def _scalar(field: FieldDescriptor, value: Any, path: str) -> Any:
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        return _enum(field, value, path)
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        if isinstance(value, bool):
            return value
        raise FieldError(path, f"{_shown(value)} is not true or false")
    if kind == FieldDescriptor.CPPTYPE_STRING:
        if isinstance(value, str):
            return value
        raise FieldError(path, f"{_shown(value)} is not a text")
    number = isinstance(value, Real) and not isinstance(value, bool)
    if kind in _FLOATS:
        # Infinity is a value; a number that would become it is a mistake.
        if number and (abs(value) <= _LARGEST_FLOAT or value in (_INFINITE, -_INFINITE)):
            return float(value)
        raise FieldError(path, f"{_shown(value)} is not a number of this field's range")
    low, high = _RANGES[kind]
    if number and isinstance(value, Integral) and low <= int(value) <= high:
        return int(value)
    raise FieldError(path, f"{_shown(value)} is not a whole number from {low} to {high}")


_INFINITE = float("inf")


def _enum(field: FieldDescriptor, value: Any, path: str) -> int:
    values = field.enum_type.values_by_name
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str) and value in values:
        return int(values[value].number)
    if isinstance(value, Integral) and not isinstance(value, bool):
        number = int(value)
        if number in field.enum_type.values_by_number:
            return number
    hint = did_you_mean(value, values) if isinstance(value, str) else ""
    raise FieldError(path, f"{_shown(value)} is not one of {', '.join(values)}{hint}")


def _shown(value: Any) -> str:
    """A value in the words of an error, which are the same in Scala."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Real):
        return str(value)
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return "a group of fields"
    return f"a value of type {type(value).__name__}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean a or b?`` with up to three known names near to a name, or nothing."""
    given = name.lower()
    near = []
    for candidate in known:
        other = candidate.lower()
        distance = _distance(given, other)
        begins = min(len(given), len(other)) >= 3 and (
            other.startswith(given) or given.startswith(other)
        )
        if begins or distance <= max(1, (len(given) + 1) // 3):
            near.append((distance, candidate))
    names = [candidate for _, candidate in sorted(near)[:3]]
    if not names:
        return ""
    return f"; did you mean {' or '.join([', '.join(names[:-1]), names[-1]][not names[:-1] :])}?"


def _distance(a: str, b: str) -> int:
    """Levenshtein's distance: insertions, deletions and replacements from a to b."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def doc(field: FieldDescriptor) -> str:
    """A field's name, type and default."""
    return f"{field.name}: {_kind(field)}{_default(field)}"


def _kind(field: FieldDescriptor) -> str:
    if field.message_type is not None:
        kind = field.message_type.name
    elif field.enum_type is not None:
        kind = " | ".join(field.enum_type.values_by_name)
    else:
        kind = _NAMES[field.cpp_type]
    return f"list of {kind}" if repeated(field) else str(kind)


_NAMES = {
    **dict.fromkeys(_RANGES, "int"),
    **dict.fromkeys(_FLOATS, "float"),
    FieldDescriptor.CPPTYPE_BOOL: "bool",
    FieldDescriptor.CPPTYPE_STRING: "str",
}


def _default(field: FieldDescriptor) -> str:
    if not field.has_default_value:
        return ""
    if field.enum_type is not None:
        return f" = {field.enum_type.values_by_number[field.default_value].name}"
    if field.cpp_type == FieldDescriptor.CPPTYPE_FLOAT:
        return f" = {field.default_value:g}"
    return f" = {field.default_value!r}"
