"""Embedders on queries with the texts that answer them: MRR@10 and recall.

The corpus is every text that answers any query. A query with several right answers is one example.
Of equal similarities the right answer counts as the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType

import numpy as np

from edgebert.arrays import Array
from edgebert.evaluation.evaluators.evaluator import (
    EvaluatedModel,
    Evaluator,
    Observation,
    ask,
    mean_of,
)
from edgebert.evaluation.readers import Query, read_queries
from edgebert.evaluation.retrieval import recall_at, reciprocal_rank
from edgebert.runtime.tasks.embed import DOCUMENT_PROMPTS, QUERY_PROMPTS, prompt_for

_DEPTH = 10
_RECALLS = (1, 5, 10)
_QUERIES_AT_ONCE = 256


class _Texts:
    """Texts in the order in which they first came, with their vectors of length 1.

    Args:
        prompts: names of the prompt before them; the first that the model has counts.
    """

    def __init__(self, prompts: tuple[str, ...]) -> None:
        self._prompts = prompts
        self.texts: dict[str, int] = {}
        self.vectors: list[Array] = []
        self.truncated: list[bool] = []
        self.seconds: list[float] = []

    def add(self, model: EvaluatedModel, text: str, place: str) -> int:
        """The number of a text; a new one is embedded."""
        if text not in self.texts:
            prompt = prompt_for(model.prompts, self._prompts)
            options = {} if prompt is None else {"prompt": prompt}
            reply, seconds = ask(model, place, text, **options)
            length = float(np.linalg.norm(reply.value))
            self.texts[text] = len(self.vectors)
            self.vectors.append(reply.value / length if length else reply.value)
            self.truncated.append(reply.truncated)
            self.seconds.append(seconds)
        return self.texts[text]


def _check(model: EvaluatedModel, query: Query) -> None:
    """Any two texts will do."""


def _observe(model: EvaluatedModel, examples: Iterable[Query]) -> Iterator[Observation]:
    queries, corpus = _Texts(QUERY_PROMPTS), _Texts(DOCUMENT_PROMPTS)
    right: list[list[int]] = []
    places: list[str] = []
    for text, positive, place in examples:
        number = queries.add(model, text, place)
        if number == len(right):
            right.append([])
            places.append(place)
        answer = corpus.add(model, positive, place)
        if answer not in right[number]:
            right[number].append(answer)
    yield from _ranked(queries, corpus, right, places)


def _ranked(
    queries: _Texts, corpus: _Texts, right: list[list[int]], places: list[str]
) -> Iterator[Observation]:
    names, answers = list(queries.texts), list(corpus.texts)
    matrix = np.stack(corpus.vectors).T if answers else np.zeros((0, 0))
    # The corpus is embedded once for all queries: each of them carries its share of that.
    share = sum(corpus.seconds) / max(1, len(names))
    for start in range(0, len(names), _QUERIES_AT_ONCE):
        similar = np.stack(queries.vectors[start : start + _QUERIES_AT_ONCE]) @ matrix
        for number, scores in enumerate(similar, start):
            ranks = [int((scores >= scores[answer]).sum()) for answer in right[number]]
            best = min(ranks)
            truncated = [corpus.truncated[answer] for answer in right[number]]
            yield Observation(
                place=places[number],
                text=names[number],
                expected=answers[right[number][0]],
                predicted=f"rank {best}: {answers[int(scores.argmax())]}",
                value=reciprocal_rank(ranks, _DEPTH),
                figures=(
                    reciprocal_rank(ranks, _DEPTH),
                    *(recall_at(ranks, k) for k in _RECALLS),
                ),
                seconds=queries.seconds[number] + share,
                truncated=queries.truncated[number] or any(truncated),
            )


RETRIEVE = Evaluator(
    read=read_queries,
    check=_check,
    observe=_observe,
    metrics=MappingProxyType(
        {
            f"mrr@{_DEPTH}": mean_of(0),
            **{f"recall@{k}": mean_of(at) for at, k in enumerate(_RECALLS, 1)},
        }
    ),
    distance=lambda one, other: abs(one - other),
)
