"""Options that several verbs share are declared once: as the fields of a dataclass."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints


def grouped(verb: Callable[..., None]) -> Callable[..., None]:
    """A verb with an option for each field of every parameter that is a dataclass.

    The fields are declared as Typer's options are. The verb is given the dataclasses.
    """
    # Not get_type_hints: in Python 3.10 it hides what is `Annotated` with a default of None.
    declared = inspect.signature(verb, eval_str=True).parameters.values()
    groups: dict[str, Any] = {
        each.name: each.annotation for each in declared if is_dataclass(each.annotation)
    }
    parameters: list[inspect.Parameter] = []
    for each in declared:
        parameters += _of_fields(groups[each.name]) if each.name in groups else [each]

    @functools.wraps(verb)
    def ungrouped(**given: Any) -> None:
        for name, kind in groups.items():
            given[name] = kind(**{each.name: given.pop(each.name) for each in fields(kind)})
        verb(**given)

    # Typer reads both.
    ungrouped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    ungrouped.__annotations__ = {each.name: each.annotation for each in parameters}
    return ungrouped


def _of_fields(kind: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(
            each.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=each.default,
            annotation=hints[each.name],
        )
        for each in fields(kind)
    ]
