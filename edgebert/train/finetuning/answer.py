"""Answers to questions from SQuAD's JSON.

A context that does not fit beside its question is cut into the windows in which it is read when
the model is used; a window without the whole answer is an example whose answer is [CLS].
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import Columns
from edgebert.evaluation.squad_file import Question, read_squad
from edgebert.runtime.windows import windows
from edgebert.tokenizer.tokenizer import Encoding, Tokenizer
from edgebert.train.batching import Example
from edgebert.train.finetuning.task import FineTuningTask, Labels, needs_rows
from edgebert.train.losses import FIRST, LAST, span_cross_entropy


def _examples(
    questions: Iterable[Question], tokenizer: Tokenizer, labels: Labels
) -> Iterator[Example]:
    for question in questions:
        span = answer_span(question, tokenizer)
        for window in context_windows(question.question, question.context, tokenizer):
            yield Example((window.encoding,), window_target(window, span))


class ContextWindow(NamedTuple):
    """A question with a part of its context.

    Attributes:
        encoding: of both.
        start: the context's first token in it.
        end: the one after the last.
        before: to be added to the number of a token of the context, for its place in `encoding`.
    """

    encoding: Encoding
    start: int
    end: int
    before: int


def context_windows(question: str, context: str, tokenizer: Tokenizer) -> Iterator[ContextWindow]:
    """The windows in which a context is read beside its question."""
    max_tokens = tokenizer.capacity(pair=True)
    question_ids = tokenizer.cut(tokenizer.ids(question), max_tokens // 2)
    ids = tokenizer.ids(context)
    left = max_tokens - len(question_ids)
    for start, end in windows(len(ids), left, max(1, left // 2)):
        encoding = tokenizer.join(question_ids, ids[start:end])
        yield ContextWindow(encoding, start, end, tokenizer.start(len(question_ids)) - start)


def window_target(window: ContextWindow, span: tuple[int, int] | None) -> list[int]:
    """Marks of an answer's tokens; of [CLS] where it does not stand in the window as a whole."""
    target = [0] * window.encoding.length
    if span and window.start <= span[0] and span[1] < window.end:
        target[window.before + span[0]] |= FIRST
        target[window.before + span[1]] |= LAST
    else:
        target[0] = FIRST | LAST
    return target


def answer_span(question: Question, tokenizer: Tokenizer) -> tuple[int, int] | None:
    """First and last token of the answer in the context; None where there is none."""
    if not question.answers:
        return None
    answer, start = question.answers[0], question.starts[0]
    end = start + len(answer)
    if start < 0 or question.context[start:end] != answer:
        raise EdgebertError(
            f"{question.place}: answer_start {start} is not where {answer[:40]!r} stands in the "
            "context; characters are counted from 0"
        )
    covered = [
        place
        for place, (first, after) in enumerate(tokenizer.offsets(question.context))
        if first < end and after > start
    ]
    return (covered[0], covered[-1]) if covered else None


def _read(path: Path, columns: Columns) -> Iterator[Question]:
    return read_squad(path)


ANSWER = FineTuningTask(_read, None, _examples, needs_rows, span_cross_entropy)
