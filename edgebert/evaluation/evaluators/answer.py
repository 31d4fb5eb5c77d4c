"""Question answerers on SQuAD's JSON: F1 of words and exact match."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from edgebert.evaluation import squad
from edgebert.evaluation.columns import Columns
from edgebert.evaluation.evaluators.evaluator import (
    EvaluatedModel,
    Evaluator,
    Item,
    Observation,
    ask,
    mean_of,
)
from edgebert.evaluation.squad_file import Question, read_squad

if TYPE_CHECKING:
    from edgebert.runtime.tasks.answer import Answer

_NONE = "(no answer)"


def _read(path: Path, columns: Columns) -> Iterator[Question]:
    return read_squad(path)


def _check(model: EvaluatedModel, question: Question) -> None:
    """Any question will do."""


def _observer(
    *, or_none: bool
) -> Callable[[EvaluatedModel, Iterable[Question]], Iterator[Observation]]:
    """Observes; `or_none`: the model may say that there is no answer."""

    def observe(model: EvaluatedModel, questions: Iterable[Question]) -> Iterator[Observation]:
        abstains = model.abstention is not None or model.threshold is not None
        options = {"null_threshold": 0.0} if or_none and not abstains else {}
        for question in questions:
            reply, seconds = ask(
                model, question.place, question.question, question.context, **options
            )
            found = reply.value
            answer = found.text if found and not (or_none and found.abstained) else ""
            yield Observation(
                place=question.place,
                text=question.question,
                expected=question.answers[0] if question.answers else _NONE,
                predicted=answer or _NONE,
                value=answer,
                figures=(
                    squad.f1(question.answers, answer),
                    squad.exact_match(question.answers, answer),
                ),
                seconds=seconds,
                truncated=reply.truncated,
                items=() if found is None else (_item(question, found),),
            )

    return observe


def _item(question: Question, found: Answer) -> Item:
    right = squad.exact_match(question.answers, found.text) == 1
    return Item(found.score, right, not found.abstained)


ANSWER = Evaluator(
    read=_read,
    check=_check,
    observe=_observer(or_none=False),
    metrics=MappingProxyType({"f1": mean_of(0), "exact_match": mean_of(1)}),
    distance=lambda one, other: 1 - squad.f1([one], other),
    items="answers",
)
"""Of questions that all have an answer: the model must give one (SQuAD 1.1)."""

ANSWER_OR_NONE = replace(ANSWER, observe=_observer(or_none=True))
"""Of questions some of which have none: the model may say so, by abstaining where it has a rule of
when to, else at threshold 0 of the null answer (SQuAD 2.0)."""


def answer_evaluator(path: Path) -> Evaluator:
    """Whether the model may say that there is no answer depends on whether any question has none.

    Raises:
        EdgebertError: the file cannot be read.
    """
    all_answered = all(question.answers for question in read_squad(path))
    return ANSWER if all_answered else ANSWER_OR_NONE
