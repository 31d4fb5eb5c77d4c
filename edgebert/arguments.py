"""Arguments of the public functions, compared with their annotations when a function is called.

Whoever calls them from a notebook has no type checker: without this, a mistyped argument ends in a
TypeError from deep inside, or in a wrong answer.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin

from edgebert.errors import EdgebertError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_NAMES: Mapping[Any, tuple[str, str]] = {
    bool: ("True or False", "True and False"),
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    str: ("text", "texts"),
    os.PathLike: ("a path", "paths"),
}
"""What one value of a type is called, and what several are."""


def checked_arguments(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Raises EdgebertError where an argument is not of the type that the function says.

    What a string has to be ("int8", "auto") is for the function to tell: it knows the choices.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            parameter = signature.parameters[name]
            if value is not parameter.default:
                _check(name, value, _annotation(function, name))
        return function(*args, **kwargs)

    return call


def _check(name: str, value: Any, kind: Any) -> None:
    if not _fits(value, kind):
        raise EdgebertError(f"{name} is {_shown(value)}; needed: {_described(kind)}")


def _shown(value: Any) -> str:
    shown = " ".join(repr(value).split())
    return shown if len(shown) <= 60 else f"{shown[:59]}…"


@functools.cache
def _annotation(function: Callable[..., Any], name: str) -> Any:
    hint = function.__annotations__[name]
    try:
        return eval(hint, dict(function.__globals__), _PublicNames())  # noqa: S307 (our own)
    except NameError:  # imported for type checkers alone, and not public: some choice of strings
        return Any


class _PublicNames(dict[str, Any]):
    """What a module imports for type checkers alone, where it is public: imported when needed."""

    def __missing__(self, name: str) -> Any:
        public = sys.modules["edgebert"]
        if name not in public.__all__:
            raise KeyError(name)  # then the module's own names are asked
        return getattr(public, name)


def _fits(value: Any, kind: Any) -> bool:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return True
    if origin in (Union, UnionType):
        return any(_fits(value, each) for each in arguments)
    if origin is Literal:
        return any(_fits(value, type(each)) for each in arguments)
    if origin is Sequence:
        listed = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
        return listed and all(_fits(each, arguments[0]) for each in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(
            _fits(key, arguments[0]) and _fits(item, arguments[1]) for key, item in value.items()
        )
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if getattr(kind, "_is_protocol", False):
        return callable(value)
    return not isinstance(origin or kind, type) or isinstance(value, origin or kind)


def _described(kind: Any, number: Literal[0, 1] = 0) -> str:
    """What a type takes, in words: one such value (0) or several (1)."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        kinds = [each for each in arguments if each is not NoneType]
        if any(get_origin(each) is os.PathLike for each in kinds):
            kinds.remove(str)  # is a path there
        *others, last = dict.fromkeys(_described(each, number) for each in kinds)
        return f"{', '.join(others)} or {last}" if others else last
    if origin is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if origin is Sequence:
        return f"a list of {_described(arguments[0], 1)}"
    if origin is Mapping:
        return f"a dict from {_described(arguments[0])} to {_described(arguments[1])}"
    if getattr(kind, "_is_protocol", False):
        return "a function"
    return _NAMES.get(origin or kind, (f"a {getattr(kind, '__name__', kind)}",) * 2)[number]
