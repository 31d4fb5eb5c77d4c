"""From text to an answer: one module a task that has more to say than numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from edgebert.arrays import Array
from edgebert.bert.tasks import TaskName
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
    settle = [to_length_one] if record.normalize else []
    return Embed(tokenizer, first_item, record.prompts, record.default_prompt, *settle)


def _classify(file: ModelFile, tokenizer: Tokenizer) -> Task:
    return WholeText(tokenizer, classifier(file.record.labels or ()))


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


def output_width(record: Record) -> int:
    """The size that the last axis of the file's output must have."""
    if record.task in ("classify", "tag"):
        return len(record.labels or ())
    if record.task == "embed" and record.vector_size is not None:
        return record.vector_size
    sizes = {"regress": 1, "answer": 2, "fill-mask": record.model.vocab_size}
    return sizes.get(record.task, record.model.hidden_size)
