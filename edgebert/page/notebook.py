"""What a notebook shows of a result: a small table, which the notebook dresses itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgebert.page.markup import Markup, element


def notebook_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """A table whose first column names the row; all text is escaped."""
    head = element("tr", *(element("th", heading, scope="col") for heading in headings))
    body = (
        element("tr", element("th", name, scope="row"), *(element("td", each) for each in cells))
        for name, *cells in rows
    )
    return element(
        "table",
        element("caption", title),
        element("thead", head) if headings else None,
        element("tbody", *body),
    )
