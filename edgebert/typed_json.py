"""Plain JSON values, which may come from anywhere, to frozen dataclasses by type hint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from edgebert.errors import EdgebertError

Kind = TypeVar("Kind")

_HUGE = 1 << 1023
"""JSON's whole numbers have no end; from here on they are too large for a float."""


def from_json(kind: type[Kind], value: Any, where: str) -> Kind:
    """The value as the dataclass says; fields it does not know are passed over.

    Args:
        kind: a dataclass of bool, int, float, str, `X | None`, Literal, tuple[X, ...],
            dict[str, X] and further dataclasses. Whole numbers serve as float.
        value: what `json.loads` gave.
        where: what the value is, for messages.

    Raises:
        EdgebertError: a field is missing or does not fit; the message names it.
    """
    return cast("Kind", _read(kind, value, where))


def _read(kind: Any, value: Any, where: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, UnionType):
        inner = next(a for a in arguments if a is not type(None))
        return None if value is None else _read(inner, value, where)
    if origin is Literal and value in arguments:
        return value
    if origin is tuple and isinstance(value, list):
        return tuple(_read(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {str(k): _read(arguments[1], item, f"{where}.{k}") for k, item in value.items()}
    if is_dataclass(kind) and isinstance(value, Mapping):
        return _read_fields(kind, value, where)
    if kind is float and (type(value) is float or (type(value) is int and abs(value) < _HUGE)):
        return float(value)
    if origin is None and type(value) is kind:
        return value
    raise EdgebertError(f"{where} is {str(value)[:40]!r}, which does not fit")


def _read_fields(kind: Any, value: Mapping[str, Any], where: str) -> Any:
    hints = get_type_hints(kind)
    for each in fields(kind):
        needed = each.default is MISSING and each.default_factory is MISSING
        if needed and each.name not in value:
            raise EdgebertError(f"{where}.{each.name} is missing")
    return kind(
        **{
            each.name: _read(hints[each.name], value[each.name], f"{where}.{each.name}")
            for each in fields(kind)
            if each.name in value
        }
    )
