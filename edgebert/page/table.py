"""Tables of the page: every column sortable, figures to the right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from edgebert.formatting import UNKNOWN, number
from edgebert.page.markup import Markup, element, join

Item = TypeVar("Item")


@dataclass(frozen=True)
class Column(Generic[Item]):
    """A column: its heading, with the unit, and the value of each item.

    Attributes:
        value: text, or a number that is sorted as one; None where there is none.
        show: how a number is written.
    """

    heading: str
    value: Callable[[Item], str | float | None]
    show: Callable[[float], str] = number


def table(caption: str, columns: Sequence[Column[Item]], items: Iterable[Item]) -> Markup:
    """A table that scrolls sideways on its own where the screen is narrow.

    The first column names the row; of the others those are left out in which no item has a value.
    `page.js` makes the headings into buttons that sort, and lets names break behind underscores.
    """
    items = list(items)
    columns = [
        column
        for index, column in enumerate(columns)
        if not index or any(column.value(item) is not None for item in items)
    ]
    headings = (element("th", column.heading, scope="col") for column in columns)
    body = (element("tr", *_cells(columns, item)) for item in items)
    written = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *headings)),
        element("tbody", join(body)),
    )
    return element("div", written, class_="scroll", role="region", tabindex="0", aria_label=caption)


def _cells(columns: Sequence[Column[Item]], item: Item) -> Iterable[Markup]:
    for index, column in enumerate(columns):
        value = column.value(item)
        name, scope = ("td", None) if index else ("th", "row")
        if value is None:
            yield element(name, UNKNOWN, scope=scope, class_="unknown", data_value="")
        elif isinstance(value, str):
            yield element(name, value, scope=scope)
        else:
            yield element(
                name, column.show(value), scope=scope, class_="number", data_value=repr(value)
            )
