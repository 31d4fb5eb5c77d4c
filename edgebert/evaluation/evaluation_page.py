"""An evaluation of a classifier as one page: its labels, its mistakes, what scores are worth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from edgebert.errors import EdgebertError
from edgebert.evaluation.evaluate import Evaluation
from edgebert.evaluation.per_label import Confusion, LabelFigures
from edgebert.evaluation.selective import Confidence, CurvePoint, ReliabilityBin
from edgebert.evaluation.wrong_rows import WrongRow
from edgebert.files import replacing
from edgebert.formatting import UNKNOWN, fixed, percent
from edgebert.page.axis import Axis
from edgebert.page.charts import Line, legend, lines
from edgebert.page.figure import figure
from edgebert.page.frame import page
from edgebert.page.markup import Markup, element, join
from edgebert.page.table import Column, Item, table


def write(evaluation: Evaluation, path: Path, title: str, *, force: bool = False) -> None:
    """Writes the page.

    Args:
        evaluation: of a model whose answers have scores.
        path: of the page.
        title: what was evaluated.
        force: overwrite it.

    Raises:
        EdgebertError: answers of its task have none, or the page cannot be written.
    """
    if evaluation.confidence is None:
        raise EdgebertError(
            "a page of an evaluation is for labels, spans and answers with scores, and there are "
            f"none; this file is for {evaluation.task}"
        )
    text = to_html(evaluation, evaluation.confidence, title)
    with replacing(path, force=force) as part:
        part.write_text(text, encoding="utf-8")


def to_html(evaluation: Evaluation, found: Confidence, title: str) -> str:
    """The whole page."""
    header = element(
        "header",
        element("h1", title),
        element("p", _headline(evaluation), class_="headline"),
        _facts(evaluation, found),
    )
    labels = sorted(evaluation.per_label, key=lambda label: (label.f1, label.label))
    main = element(
        "main",
        _section("How far its scores can be trusted", _charts(found)),
        _listed("Labels, the least F1 first", _LABELS, labels),
        _listed("Labels taken for others", _CONFUSIONS, evaluation.confusions),
        _listed("Wrong rows, the surest first", _WRONG, evaluation.wrong),
    )
    return page(f"Evaluation of {title}", header, main)


def _headline(evaluation: Evaluation) -> str:
    name, value = next(iter(evaluation.metrics.items()))
    bounds = evaluation.intervals[name]
    each = 1000 * evaluation.seconds / evaluation.rows
    return (
        f"{name} {fixed(value)} ({fixed(bounds.low)} to {fixed(bounds.high)}) on "
        f"{evaluation.rows:,} rows, {each:.2f} ms a row."
    )


def _listed(title: str, columns: Sequence[Column[Item]], items: Sequence[Item]) -> Markup | None:
    return _section(title, table(title, columns, items)) if items else None


def _section(title: str, content: Markup) -> Markup:
    return element("section", element("h2", title), content, class_="evaluated")


def _charts(found: Confidence) -> Markup:
    return element("div", _reliability(found), _risk(found), class_="charts")


def _facts(evaluation: Evaluation, found: Confidence) -> Markup:
    selective = found.selective_accuracy
    facts = {
        **{name: fixed(value) for name, value in evaluation.metrics.items()},
        "coverage": percent(found.coverage),
        "right among answered": UNKNOWN if selective is None else percent(selective),
        "AURC": fixed(found.aurc),
        "ECE": percent(found.ece),
    }
    other = found.out_of_scope
    if other is not None:
        facts["texts out of scope"] = f"{other.rows:,}"
        facts["AUROC"] = fixed(other.auroc)
        facts["rejected"] = UNKNOWN if other.rejected is None else percent(other.rejected)
        facts["rejected where 95 % in scope are kept"] = percent(other.rejected_at_95)
    items = (
        element("div", element("dt", name), element("dd", text)) for name, text in facts.items()
    )
    return element("dl", join(items), class_="facts")


def _reliability(found: Confidence) -> Markup:
    """Accuracy by score, beside what it should be."""
    full = [each for each in found.bins if each.score is not None and each.accuracy is not None]
    points = tuple((each.score or 0.0, each.accuracy or 0.0) for each in full)
    own = Line("this file", "int8", 0, points, tuple(map(_bin_title, full)))
    ideal = Line("scores that are chances", "float32", 1, ((0.0, 0.0), (1.0, 1.0)), ("0", "1"))
    columns: tuple[Column[ReliabilityBin], ...] = (
        Column("score", lambda each: f"{each.low:.3f} to {each.high:.3f}"),
        Column("rows", lambda each: float(each.rows), "{:,.0f}".format),
        Column("mean score", lambda each: each.score, fixed),
        Column("right", lambda each: each.accuracy, percent),
    )
    return figure(
        "Reliability",
        "Share of right answers by score. Below the straight line the file is too sure of itself, "
        "above it not sure enough.",
        _legend(own, ideal),
        lines("Reliability diagram", [ideal, own], _share("score"), _share("right")),
        table("Reliability", columns, found.bins),
    )


def _risk(found: Confidence) -> Markup:
    """Wrong answers by coverage."""
    points = tuple((each.coverage, each.risk) for each in found.curve)
    titles = tuple(f"{percent(x)} answered: {percent(y)} wrong" for x, y in points)
    curve = Line("surest first", "int8", 0, points, titles)
    drawn = [curve]
    if found.coverage < 1 and found.selective_accuracy is not None:
        here = (found.coverage, 1 - found.selective_accuracy)
        title = f"the file's rule: {percent(here[0])} answered, {percent(here[1])} wrong"
        drawn.append(Line("the file's rule", "other", 1, (here,), (title,)))
    columns: tuple[Column[CurvePoint], ...] = (
        Column("answered", lambda each: each.coverage, percent),
        Column("wrong", lambda each: each.risk, percent),
    )
    highest = max(y for line in drawn for _, y in line.points)
    return figure(
        "Risk and coverage",
        "Share of wrong answers where only the surest are given, by the share that is.",
        _legend(*drawn),
        lines(
            "Risk–coverage curve",
            drawn,
            _share("answered"),
            Axis.over("wrong", [0.0, highest or 0.01], from_zero=True),
        ),
        table("Risk by coverage", columns, found.curve),
    )


def _bin_title(each: ReliabilityBin) -> str:
    score, right = each.score or 0.0, each.accuracy or 0.0
    return f"score {fixed(score)}: {percent(right)} of {each.rows:,} rows right"


def _legend(*drawn: Line) -> Markup:
    return legend([(f"stroke {line.kind}", line.name) for line in drawn])


_LABELS: tuple[Column[LabelFigures], ...] = (
    Column("label", lambda each: each.label),
    Column("f1", lambda each: each.f1, fixed),
    Column("precision", lambda each: each.precision, fixed),
    Column("recall", lambda each: each.recall, fixed),
    Column("rows", lambda each: float(each.rows), "{:,.0f}".format),
)
_CONFUSIONS: tuple[Column[Confusion], ...] = (
    Column("label", lambda each: each.expected),
    Column("taken for", lambda each: each.predicted),
    Column("rows", lambda each: float(each.rows), "{:,.0f}".format),
)
_WRONG: tuple[Column[WrongRow], ...] = (
    Column("text", lambda each: each.text),
    Column("label", lambda each: each.expected),
    Column("taken for", lambda each: each.predicted),
    Column("score", lambda each: each.score, fixed),
    Column("place", lambda each: PurePath(each.place).name),
)


def _share(title: str) -> Axis:
    return Axis(title, 0.0, 1.0, False, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))
