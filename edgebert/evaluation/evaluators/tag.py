"""Taggers on CoNLL columns: precision, recall and F1 of entities.

The words of a sentence are joined by spaces. A word belongs to the span that covers its first
character, so a model that splits words further is evaluated by their first pieces, as is usual.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from edgebert.evaluation import entities
from edgebert.evaluation.columns import Columns
from edgebert.evaluation.conll import Sentence
from edgebert.evaluation.entities import OUTSIDE, Entity, entities_of, is_tag
from edgebert.evaluation.evaluators.evaluator import (
    EvaluatedModel,
    Evaluator,
    Item,
    Observation,
    ask,
    unknown_label,
)
from edgebert.evaluation.tagged import read_tagged

if TYPE_CHECKING:
    from edgebert.runtime.tasks.tag import Span


def _read(path: Path, columns: Columns) -> Iterator[Sentence]:
    return read_tagged(path)


def _check(model: EvaluatedModel, sentence: Sentence) -> None:
    known = {_bare(label) for label in model.labels or ()} - {OUTSIDE}
    for entity in entities_of(sentence.tags):
        if entity.label not in known:
            raise unknown_label(sentence.place, entity.label, sorted(known))


def _observe(model: EvaluatedModel, sentences: Iterable[Sentence]) -> Iterator[Observation]:
    for sentence in sentences:
        text = " ".join(sentence.words)
        expected = entities_of(sentence.tags)
        reply, seconds = ask(model, sentence.place, text)
        spans = _entities(reply.value, sentence.words)
        predicted = set(spans)
        yield Observation(
            place=sentence.place,
            text=text,
            expected=_show(expected, sentence.words),
            predicted=_show(predicted, sentence.words),
            value=predicted,
            figures=tuple(map(float, entities.count(expected, predicted))),
            seconds=seconds,
            truncated=reply.truncated,
            items=tuple(
                Item(span.score, entity in expected, not span.abstained)
                for entity, span in spans.items()
            ),
        )


def _entities(spans: Iterable[Span], words: tuple[str, ...]) -> dict[Entity, Span]:
    """Each span by the words that it covers."""
    starts = list(accumulate((len(word) + 1 for word in words[:-1]), initial=0))
    found = {}
    for span in spans:
        first, after = bisect_left(starts, span.start), bisect_left(starts, span.end)
        if first < after:
            found[Entity(span.label, first, after - 1)] = span
    return found


def _bare(label: str) -> str:
    """A label without the B-, I-, E- or S- of its place."""
    return label[2:] if label != OUTSIDE and is_tag(label) else label


def _show(found: set[Entity], words: tuple[str, ...]) -> str:
    ordered = sorted(found, key=lambda entity: entity.first)
    return "; ".join(f"{e.label}: {' '.join(words[e.first : e.last + 1])}" for e in ordered)


TAG = Evaluator(
    read=_read,
    check=_check,
    observe=_observe,
    metrics=MappingProxyType(
        {"f1": entities.f1, "precision": entities.precision, "recall": entities.recall}
    ),
    distance=lambda one, other: float(len(one ^ other)),
    items="spans",
)
