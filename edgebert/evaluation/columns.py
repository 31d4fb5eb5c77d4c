"""Which column of a data set holds the text, its pair and the label."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edgebert.errors import EdgebertError

# Names that data sets use, in GLUE, on the Hugging Face hub and in sentence-transformers.
_PAIRS = (
    ("sentence1", "sentence2"),
    ("#1 String", "#2 String"),
    ("question1", "question2"),
    ("premise", "hypothesis"),
    ("question", "sentence"),
    ("question", "context"),
    ("text", "text_pair"),
    ("text_a", "text_b"),
    ("text1", "text2"),
)
_QUERIES = (
    ("query", "positive"),
    ("anchor", "positive"),
    ("query", "pos"),
    ("query", "document"),
    ("query", "passage"),
)
_TEXTS = ("text", "sentence", "question", "query", "review", "utterance", "content")
_LABELS = (
    "label",
    "labels",
    "category",
    "score",
    "Quality",
    "gold_label",
    "is_duplicate",
    "intent",
    "class",
    "target",
    "similarity_score",
)

_NEGATIVE = re.compile(r"(hard_?)?neg(ative)?s?(_?\d+)?", re.IGNORECASE)
"""Columns of explicit negatives, as data for sentence-transformers has them."""

_NAMES_SHOWN = 20


@dataclass(frozen=True)
class Columns:
    """Names of the columns; None where it is to be found by the usual names.

    A pair is looked for only where `text` is None too.

    Attributes:
        text: of the text, or of a pair's first text.
        pair: of a pair's second text.
        label: of the label or score.
        names: of all columns of a CSV or TSV without a heading, with commas between them.

    Raises:
        EdgebertError: `pair` without `text`, or two `names` are the same.
    """

    text: str | None = None
    pair: str | None = None
    label: str | None = None
    names: str | None = None

    @property
    def heading(self) -> list[str] | None:
        """The names one by one; None where the file has a heading of its own."""
        return None if self.names is None else [name.strip() for name in self.names.split(",")]

    def to_json(self) -> dict[str, str | None]:
        """Plain values, by which data is known again."""
        names = {} if self.names is None else {"names": self.names}
        return {"text": self.text, "pair": self.pair, "label": self.label, **names}

    def __post_init__(self) -> None:
        heading = self.heading or []
        if len(set(heading)) < len(heading) or "" in heading:
            raise EdgebertError(
                f"columns are named {self.names!r}; give each a name of its own, such as text,label"
            )
        if self.pair is not None and self.text is None:
            raise EdgebertError("a pair column was named without its text column: name both")


USUAL = Columns()
"""All columns by their usual names."""


@dataclass(frozen=True)
class ColumnLayout:
    """The columns a data set has for us; `pair` is None where it has single texts."""

    text: str
    pair: str | None
    label: str


def find_layout(header: Sequence[str], columns: Columns) -> ColumnLayout:
    """Finds the columns in a header; case does not matter.

    Raises:
        EdgebertError: a column that was named is not there, none is there under a usual name, or
            several are.
    """
    if columns.text is None:
        text, pair = _find_texts(header)
    else:
        text, pair = _named_texts(header, columns.text, columns.pair)
    if columns.label is None:
        label = _only(_among(_LABELS, header), "label", header)
    else:
        label = _named(columns.label, header)
    return ColumnLayout(text, pair, label)


def find_texts(header: Sequence[str], columns: Columns) -> tuple[str, str | None]:
    """Finds the columns of the text and its pair where there is no label; `text` goes before all.

    Raises:
        EdgebertError: as `find_layout`.
    """
    if columns.text is not None:
        return _named_texts(header, columns.text, columns.pair)
    if "text" in header:
        return "text", next((name for name in ("pair", "text_pair") if name in header), None)
    return _find_texts(header)


def has_queries(header: Sequence[str], columns: Columns) -> bool:
    """Whether a data set has queries with their answers rather than pairs with scores.

    It has where no column is named or known as the label, and two are as query and answer.
    """
    if columns.label is not None or _among(_LABELS, header):
        return False
    named = columns.text is not None and columns.pair is not None
    return named or any(_among([one], header) and _among([two], header) for one, two in _QUERIES)


def find_query_layout(header: Sequence[str], columns: Columns) -> tuple[str, str]:
    """Finds the columns of the query and of the text that answers it.

    Raises:
        EdgebertError: as `find_layout`; or there are explicit negatives, unless both are named.
    """
    if columns.text is not None and columns.pair is not None:
        return _named(columns.text, header), _named(columns.pair, header)
    if found := [name for name in header if _NEGATIVE.fullmatch(name.strip())]:
        raise EdgebertError(
            f"column {found[0]!r} has explicit negatives, which are not used: the answers of other "
            "rows are the wrong ones; to leave the column out, name the others with --text-column "
            "and --pair-column"
        )
    for names in _QUERIES:
        queries, answers = (_among([name], header) for name in names)
        if queries and answers:
            return _only(queries, "text", header), _only(answers, "pair", header)
    return _only([], "text", header), _only([], "pair", header)


def _named_texts(header: Sequence[str], text: str, pair: str | None) -> tuple[str, str | None]:
    return _named(text, header), None if pair is None else _named(pair, header)


def _find_texts(header: Sequence[str]) -> tuple[str, str | None]:
    for names in _PAIRS:
        texts, pairs = (_among([name], header) for name in names)
        if texts and pairs:
            return _only(texts, "text", header), _only(pairs, "pair", header)
    return _only(_among(_TEXTS, header), "text", header), None


def _among(names: Sequence[str], header: Sequence[str]) -> list[str]:
    wanted = {name.casefold() for name in names}
    return [name for name in header if name.strip().casefold() in wanted]


def _named(name: str, header: Sequence[str]) -> str:
    found = [name] if name in header else _among([name.strip()], header)
    if len(found) != 1:
        trouble = f"{_list(found)} could each be" if found else "there is no"
        raise EdgebertError(f"{trouble} column {name!r}; the columns are {_list(header)}")
    return found[0]


def _only(found: Sequence[str], role: str, header: Sequence[str]) -> str:
    if len(found) != 1:
        trouble = f"{_list(found)} could each be the" if found else "found no"
        raise EdgebertError(
            f"{trouble} {role} column; name it with --{role}-column, where the command has that, "
            "or in the file's heading (if it has none, name all with --columns); the columns are "
            f"{_list(header)}"
        )
    return found[0]


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:_NAMES_SHOWN])
    return shown + (f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else "")
