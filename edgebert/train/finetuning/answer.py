"""Answers to questions from SQuAD's JSON.

A context that does not fit beside its question is cut into the windows in which it is read when
the model is used; a window without the whole answer is an example whose answer is [CLS].
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import Columns
from edgebert.evaluation.squad_file import Question, read_squad
from edgebert.runtime.windows import windows
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train.batching import Example
from edgebert.train.finetuning.task import FineTuningTask, Labels, needs_rows
from edgebert.train.losses import FIRST, LAST, span_cross_entropy


def _examples(
    questions: Iterable[Question], tokenizer: Tokenizer, labels: Labels
) -> Iterator[Example]:
    max_tokens = tokenizer.capacity(pair=True)
    for question in questions:
        question_ids = tokenizer.cut(tokenizer.ids(question.question), max_tokens // 2)
        ids = tokenizer.ids(question.context)
        span = _span(question, tokenizer)
        left = max_tokens - len(question_ids)
        for start, end in windows(len(ids), left, max(1, left // 2)):
            encoding = tokenizer.join(question_ids, ids[start:end])
            target = [0] * encoding.length
            if span and start <= span[0] and span[1] < end:
                before = tokenizer.start(len(question_ids)) - start
                target[before + span[0]] |= FIRST
                target[before + span[1]] |= LAST
            else:
                target[0] = FIRST | LAST
            yield Example((encoding,), target)


def _span(question: Question, tokenizer: Tokenizer) -> tuple[int, int] | None:
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
