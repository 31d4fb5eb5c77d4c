"""Plain JSON values, which may come from anywhere, to frozen dataclasses by type hint."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, TypeVar, Union, cast, get_args, get_origin

from edgebert.errors import EdgebertError

Kind = TypeVar("Kind")
_Reader: TypeAlias = Callable[[Any, str], Any]
"""From a value, and what it is for messages, to what the type makes of it."""

_PLAIN = (bool, int, float, str)

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
    hashable: Any = kind  # a type is, but mypy does not see it
    return cast("Kind", _reader(hashable)(value, where))


@functools.cache
def _reader(kind: Any) -> _Reader:
    """What reads values of a type. Looking at types takes longer than reading, and is done once."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return lambda value, where: value
    if origin in (Union, UnionType):
        return _optional(next(a for a in arguments if a is not NoneType))
    if origin is Literal:
        return _checked(lambda value: value in arguments)
    if origin is tuple:
        return _list_of(arguments[0])
    if origin is dict:
        return _dict_of(_reader(arguments[1]))
    if is_dataclass(kind):
        return _fields_of(kind)
    if kind is float:
        return _float
    return _checked(lambda value: type(value) is kind)


def _optional(kind: Any) -> _Reader:
    # Most of what is optional is not there; then its type is never looked at.
    return lambda value, where: None if value is None else _reader(kind)(value, where)


def _checked(fits: Callable[[Any], bool]) -> _Reader:
    def read(value: Any, where: str) -> Any:
        if not fits(value):
            raise _wrong(value, where)
        return value

    return read


def _float(value: Any, where: str) -> float:
    if type(value) is float or (type(value) is int and abs(value) < _HUGE):
        return float(value)
    raise _wrong(value, where)


def _list_of(kind: Any) -> _Reader:
    inner = _reader(kind)

    def read(value: Any, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _wrong(value, where)
        if kind in _PLAIN and set(map(type, value)) <= {kind}:
            return tuple(value)
        return tuple(inner(item, f"{where}[{i}]") for i, item in enumerate(value))

    return read


def _dict_of(inner: _Reader) -> _Reader:
    def read(value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _wrong(value, where)
        return {str(key): inner(item, f"{where}.{key}") for key, item in value.items()}

    return read


def _fields_of(kind: Any) -> _Reader:
    known = {each.name: each for each in fields(kind)}
    needed = [
        name for name, each in known.items() if each.default is each.default_factory is MISSING
    ]

    def read(value: Any, where: str) -> Any:
        if not isinstance(value, Mapping):
            raise _wrong(value, where)
        for name in needed:
            if name not in value:
                raise EdgebertError(f"{where}.{name} is missing")
        found = {
            name: _field_reader(kind, name)(value[name], f"{where}.{name}")
            for name, each in known.items()
            if name in value and not _is_empty_default(each, value[name])
        }
        return kind(**found)

    return read


def _is_empty_default(field: Field[Any], value: Any) -> bool:
    """Whether nothing is there and nothing is the default; then the type is never looked at."""
    empty: Any = None if value is None else () if value == [] else MISSING
    return field.default is not MISSING and bool(field.default == empty)


@functools.cache
def _field_reader(kind: Any, name: str) -> _Reader:
    field = next(each for each in fields(kind) if each.name == name)
    return _reader(type_of(kind, field))


def type_of(kind: type, field: Field[Any]) -> Any:
    """The type of a field of a dataclass; what `lazy_names` leaves for later is imported now."""
    hint = field.type
    return eval(hint, {}, _Names(kind)) if isinstance(hint, str) else hint  # noqa: S307 (our own)


class _Names(dict[str, Any]):
    """The names that a class can use: those of its module, of its bases' and the builtins."""

    def __init__(self, kind: type) -> None:
        super().__init__()
        self._modules = [sys.modules[base.__module__] for base in kind.__mro__]

    def __missing__(self, name: str) -> Any:
        return next(getattr(each, name) for each in self._modules if hasattr(each, name))


def _wrong(value: Any, where: str) -> EdgebertError:
    return EdgebertError(f"{where} is {str(value)[:40]!r}, which does not fit")
