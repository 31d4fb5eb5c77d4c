"""From text to an answer: one module a task that has more to say than numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from edgebert.arrays import Array
from edgebert.bert.tasks import TaskName
from edgebert.errors import EdgebertError
from edgebert.model_file.read import ModelFile
from edgebert.model_file.record import Record
from edgebert.runtime.tasks.classify import classifier
from edgebert.runtime.tasks.embed import Embed, to_length_one
from edgebert.runtime.tasks.encode import Encode, first_item
from edgebert.runtime.tasks.task import Task
from edgebert.runtime.tasks.whole_text import WholeText
from edgebert.tokenizer.tokenizer import Tokenizer


def _embed(file: ModelFile, tokenizer: Tokenizer) -> Task:
    record = file.record
    rescale = [to_length_one] if record.normalize else []
    return Embed(tokenizer, first_item, record.prompts, record.default_prompt, *rescale)


def _classify(file: ModelFile, tokenizer: Tokenizer, threshold: float | None = None) -> Task:
    labels, rule = file.record.labels or (), file.record.abstention
    if rule is not None:
        from edgebert.runtime.abstention import check_rule

        try:
            check_rule(rule, len(labels))
        except EdgebertError as error:
            raise EdgebertError(f"{file.path}: {error}") from error
    return WholeText(tokenizer, classifier(labels, rule, threshold))


def _regress(file: ModelFile, tokenizer: Tokenizer) -> Task:
    return WholeText(tokenizer, _value)


def _encode(file: ModelFile, tokenizer: Tokenizer) -> Task:
    return Encode(tokenizer)


# The larger tasks are imported by the files that need them: a classifier starts without them.


def _tag(file: ModelFile, tokenizer: Tokenizer) -> Task:
    from edgebert.runtime.tasks.tag import Tag

    return Tag(file, tokenizer)


def _answer(file: ModelFile, tokenizer: Tokenizer) -> Task:
    from edgebert.runtime.tasks.answer import AnswerQuestions

    return AnswerQuestions(file, tokenizer)


def _fill_mask(file: ModelFile, tokenizer: Tokenizer) -> Task:
    from edgebert.runtime.tasks.fill_mask import FillMask

    return FillMask(file, tokenizer)


def _value(output: Array) -> float:
    return float(output[0, 0])


TASKS: Mapping[TaskName, Callable[[ModelFile, Tokenizer], Task]] = MappingProxyType(
    {
        "embed": _embed,
        "classify": _classify,
        "regress": _regress,
        "encode": _encode,
        "tag": _tag,
        "answer": _answer,
        "fill-mask": _fill_mask,
    }
)
"""Makes the task of a file."""


def make_task(file: ModelFile, tokenizer: Tokenizer, threshold: float | None) -> Task:
    """Makes the task of a file.

    Args:
        file: what it tells about itself.
        tokenizer: of the file.
        threshold: of classify: abstain below this score, in place of the file's rule.

    Raises:
        EdgebertError: the task takes no threshold, it is no number from 0 to 1, or the rule of
            the file is damaged.
    """
    record = file.record
    if threshold is None:
        return TASKS[record.task](file, tokenizer)
    if record.task != "classify" or record.multi_label:
        raise EdgebertError(
            f"{file.path}: a threshold is for classifiers with one label a text; this file is "
            f"for {record.task}{', multi-label' if record.multi_label else ''}"
        )
    check_threshold(threshold)
    return _classify(file, tokenizer, threshold)


def check_threshold(threshold: float) -> None:
    """Raises EdgebertError unless a threshold is a number from 0 to 1."""
    if type(threshold) not in (int, float) or not 0 <= threshold <= 1:
        raise EdgebertError(f"threshold is {threshold!r}; a number from 0 to 1 is needed")


def output_width(record: Record) -> int:
    """The size that the last axis of the file's output must have."""
    if record.task in ("classify", "tag"):
        return len(record.labels or ())
    if record.task == "embed" and record.vector_size is not None:
        return record.vector_size
    sizes = {"regress": 1, "answer": 2, "fill-mask": record.model.vocab_size}
    return sizes.get(record.task, record.model.hidden_size)
