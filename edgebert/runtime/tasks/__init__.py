"""From text to an answer: one module a task that has more to say than numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from edgebert.arrays import Array
from edgebert.bert.tasks import TaskName
from edgebert.errors import EdgebertError
from edgebert.model_file.read import ModelFile
from edgebert.model_file.record import Record
from edgebert.runtime.tasks.classify import classifier, independent_classifier
from edgebert.runtime.tasks.embed import Embed, to_length_one
from edgebert.runtime.tasks.encode import Encode, first_item
from edgebert.runtime.tasks.task import Task
from edgebert.runtime.tasks.whole_text import WholeText
from edgebert.tokenizer.tokenizer import Tokenizer


def _embed(file: ModelFile, tokenizer: Tokenizer, threshold: float | None) -> Task:
    record = file.record
    rescale = [to_length_one] if record.normalize else []
    return Embed(tokenizer, first_item, record.prompts, record.default_prompt, *rescale)


def _classify(file: ModelFile, tokenizer: Tokenizer, threshold: float | None) -> Task:
    record = file.record
    labels = record.labels or ()
    if record.multi_label:
        return WholeText(tokenizer, independent_classifier(labels, _min_score(record, threshold)))
    return WholeText(tokenizer, classifier(labels, record.abstention, threshold))


def _regress(file: ModelFile, tokenizer: Tokenizer, threshold: float | None) -> Task:
    return WholeText(tokenizer, _value)


def _encode(file: ModelFile, tokenizer: Tokenizer, threshold: float | None) -> Task:
    return Encode(tokenizer)


# The larger tasks are imported by the files that need them: a classifier starts without them.


def _tag(file: ModelFile, tokenizer: Tokenizer, threshold: float | None) -> Task:
    from edgebert.runtime.tasks.tag import Tag

    return Tag(file, tokenizer, _min_score(file.record, threshold))


def _answer(file: ModelFile, tokenizer: Tokenizer, threshold: float | None) -> Task:
    from edgebert.runtime.tasks.answer import AnswerQuestions

    return AnswerQuestions(file, tokenizer, _min_score(file.record, threshold))


def _fill_mask(file: ModelFile, tokenizer: Tokenizer, threshold: float | None) -> Task:
    from edgebert.runtime.tasks.fill_mask import FillMask

    return FillMask(file, tokenizer)


def _value(output: Array) -> float:
    return float(output[0, 0])


def _min_score(record: Record, threshold: float | None) -> float | None:
    """The score below which a label, a span or an answer is not to be relied on."""
    rule = record.abstention
    return rule.min_score if threshold is None and rule is not None else threshold


ABSTAINING: tuple[TaskName, ...] = ("classify", "tag", "answer")
"""Tasks whose answers have scores that one can rely on or not."""

TASKS: Mapping[TaskName, Callable[[ModelFile, Tokenizer, float | None], Task]] = MappingProxyType(
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
"""Makes the task of a file; the number is `load`'s threshold."""


def make_task(file: ModelFile, tokenizer: Tokenizer, threshold: float | None) -> Task:
    """Makes the task of a file.

    Args:
        file: what it tells about itself.
        tokenizer: of the file.
        threshold: abstain below this score, in place of the file's rule.

    Raises:
        EdgebertError: the task takes no threshold, it is no number from 0 to 1, or the rule of
            the file is damaged.
    """
    record = file.record
    if threshold is not None:
        if record.task not in ABSTAINING:
            raise EdgebertError(
                f"{file.path}: a threshold is for {', '.join(ABSTAINING)}; this file is for "
                f"{record.task}"
            )
        check_threshold(threshold)
    if record.abstention is not None:
        from edgebert.runtime.abstention import check_rule  # files without a rule start without it

        try:
            check_rule(record.abstention, labels_of_rule(record))
        except EdgebertError as error:
            raise EdgebertError(f"{file.path}: {error}") from error
    return TASKS[record.task](file, tokenizer, threshold)


def labels_of_rule(record: Record) -> int:
    """For how many labels a rule of when to abstain has an energy."""
    one_label = record.task == "classify" and not record.multi_label
    return len(record.labels or ()) if one_label else 0


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
