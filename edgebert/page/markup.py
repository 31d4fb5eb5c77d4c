"""HTML and SVG elements as text that is escaped unless it is markup already."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

from edgebert.formatting import clean

_VOID = frozenset({"meta", "br", "input", "col"})
_ATTRIBUTE_SHOWN = 2000

Attribute: TypeAlias = str | float | bool | None


class Markup(str):
    """Text that `element` takes as it is. Only `element`, `join` and our own files make it."""

    __slots__ = ()


def element(name: str, *children: str | None, **attributes: Attribute) -> Markup:
    """One element; children that are no `Markup` are text, and escaped.

    Args:
        name: such as `td`.
        children: text or markup, in order; None is left out.
        attributes: `class_="x"` gives `class="x"`, `data_value="1"` gives `data-value="1"`. True
            gives the bare attribute; None and False leave it out. Text is escaped, and cut where
            it is long; `Markup` is taken whole.
    """
    written = "".join(map(_attribute, attributes, attributes.values()))
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(children)}</{name}>")


def join(children: Iterable[str | None]) -> Markup:
    """Children one after the other, each escaped unless it is `Markup`; None is left out."""
    parts = (child for child in children if child is not None)
    return Markup("".join(p if isinstance(p, Markup) else escape(clean(p)) for p in parts))


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    if isinstance(value, Markup):
        return f' {name}="{value}"'
    shown = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f' {name}="{escape(clean(shown, _ATTRIBUTE_SHOWN))}"'
