"""What an evaluator is: how it reads examples, puts them to a model, and makes figures of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.evaluation.bootstrap import Figures, Measure
from edgebert.evaluation.columns import Columns
from edgebert.evaluation.per_label import Confusion, LabelFigures

if TYPE_CHECKING:
    from edgebert.model_file.abstention_rule import Abstention
    from edgebert.runtime.reply import Reply
    from edgebert.tokenizer.tokenizer import Tokenizer

_LABELS_SHOWN = 20


class EvaluatedModel(Protocol):
    """What is asked of a model; `edgebert.runtime.Model` has it."""

    @property
    def task(self) -> str:
        """Name of the task."""

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The labels of a classifier or tagger."""

    @property
    def abstention(self) -> Abstention | None:
        """The rule by which it abstains."""

    @property
    def threshold(self) -> float | None:
        """The score below which it abstains instead."""

    @property
    def prompts(self) -> Mapping[str, str]:
        """Texts that an embedder puts before a text, by name."""

    @property
    def tokenizer(self) -> Tokenizer:
        """Makes its ids."""

    def reply(self, text: str, pair: str | None = None, **options: Any) -> Reply:
        """The answer of the task, and whether the text was truncated."""

    def run_ids(
        self,
        ids: Iterable[int],
        segment_ids: Iterable[int] | None = None,
        positions: Iterable[int] | None = None,
    ) -> Array:
        """The output for token ids."""


class Item(NamedTuple):
    """One thing that an answer gives: a label, a span, an answer to a question.

    Attributes:
        score: its own.
        right: it is.
        given: the model does not abstain from it.
    """

    score: float
    right: bool
    given: bool


class Observation(NamedTuple):
    """What a model made of one example.

    Attributes:
        place: file and line.
        text: the example, for people.
        expected: what is right, for people.
        predicted: what the model said, for people.
        value: what it said, for `Evaluator.distance`.
        figures: what metrics are computed from; as many for each example.
        seconds: the model took.
        truncated: something was cut off.
        items: what its answer gives, where `Evaluator.items` names such things.
    """

    place: str
    text: str
    expected: str
    predicted: str
    value: Any
    figures: tuple[float, ...]
    seconds: float
    truncated: bool
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Evaluator:
    """How models of one task are evaluated on one kind of data.

    Attributes:
        read: gives the examples of a file; they are read one at a time.
        check: raises EdgebertError where an example cannot be evaluated; the model is not run.
        observe: puts the examples to a model, one observation for each, in their order.
        metrics: by name; the first one is what `max_drop` looks at.
        falling: names of metrics that are better when lower.
        distance: of two models' values; 0 where they agree.
        per_label: figures of each label; none where a task has no labels.
        confusions: labels that were taken for others; likewise where a row has several labels.
        without_rows: names the labels of a model that no row has, of which metrics say nothing.
        items: what answers give that has a score, in the plural; None where there is no such thing.
        scope: the column of the figures that tells how much a text looks like one of a label;
            None: examples have not one label each.
    """

    read: Callable[[Path, Columns], Iterator[Any]]
    check: Callable[[EvaluatedModel, Any], None]
    observe: Callable[[EvaluatedModel, Iterable[Any]], Iterator[Observation]]
    metrics: Mapping[str, Measure]
    distance: Callable[[Any, Any], float]
    falling: frozenset[str] = frozenset()
    per_label: Callable[[EvaluatedModel, Figures], tuple[LabelFigures, ...]] = lambda _, __: ()
    confusions: Callable[[EvaluatedModel, Figures], tuple[Confusion, ...]] = lambda _, __: ()
    without_rows: Callable[[EvaluatedModel, Figures], tuple[str, ...]] = lambda _, __: ()
    items: str | None = None
    scope: int | None = None


def ask(
    model: EvaluatedModel, place: str, text: str, pair: str | None = None, **options: Any
) -> tuple[Reply, float]:
    """A reply, and the seconds it took; an error gets the place of the example."""
    start = time.perf_counter()
    try:
        reply = model.reply(text, pair, **options)
    except EdgebertError as error:
        raise EdgebertError(f"{place}: {error}") from error
    return reply, time.perf_counter() - start


def known_label(model: EvaluatedModel, place: str, label: str) -> str:
    """The model's label that is meant, which may be written as its number.

    Raises:
        EdgebertError: the model has no such label.
    """
    labels = model.labels or ()
    if label in labels:
        return label
    # Where labels are numbers themselves ("1" to "5" stars), a number means the label.
    if label.isdecimal() and not any(each.isdecimal() for each in labels):
        number = int(label) if len(label) < 10 else len(labels)
        if number < len(labels):
            return labels[number]
    raise unknown_label(place, label, labels)


def unknown_label(place: str, label: str, known: Iterable[str]) -> EdgebertError:
    """The error for a label that the model does not have."""
    names = list(known)
    shown = ", ".join(map(repr, names[:_LABELS_SHOWN]))
    more = f" and {len(names) - _LABELS_SHOWN} more" if len(names) > _LABELS_SHOWN else ""
    return EdgebertError(f"{place}: the model has no label {label[:40]!r}; it knows {shown}{more}")


def mean_of(column: int) -> Measure:
    """A metric that is the mean of one figure."""
    return lambda figures: float(figures[:, column].mean())
