"""A chart with its explanation and the same figures as a table."""

from __future__ import annotations

from edgebert.page.markup import Markup, element


def figure(
    title: str,
    text: str,
    colours: Markup | None,
    chart: Markup,
    figures: Markup,
    *,
    wide: bool = False,
) -> Markup:
    """The chart above, or with `wide` beside, its table; the table folds away unless `wide`."""
    return element(
        "figure",
        element("figcaption", element("strong", title), " ", text),
        colours,
        element("div", chart, class_="chart"),
        element("details", element("summary", "As a table"), figures, open=wide),
        class_="wide" if wide else None,
    )
