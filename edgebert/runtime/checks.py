"""What a model refuses before an engine sees it: other graphs than its record's, impossible ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgebert.bert import tasks
from edgebert.errors import EdgebertError
from edgebert.model_file.read import ModelFile
from edgebert.model_file.record import Record
from edgebert.runtime.session import Session
from edgebert.runtime.tasks import output_width
from edgebert.tokenizer.tokenizer import Tokenizer


def check_graph(file: ModelFile, session: Session) -> None:
    """Raises EdgebertError unless a graph is that of its record's task."""
    record = file.record
    needed = tasks.TASKS[record.task].inputs
    if set(session.further_inputs) != set(needed):
        raise EdgebertError(
            f"{file.path}: damaged: for {record.task} it has the inputs "
            f"{', '.join(session.further_inputs) or 'none'} beside those of every file; "
            f"needed: {', '.join(needed) or 'none'}; convert again"
        )
    width = output_width(record)
    if session.output_width != width:
        named = "labels" if record.task in ("classify", "tag") else "values"
        raise EdgebertError(
            f"{file.path}: damaged: {width} {named} in its record for "
            f"{session.output_width} outputs of its graph"
        )


def whole_numbers(name: str, values: Iterable[int]) -> list[int]:
    """The values as a list; raises EdgebertError unless they are whole numbers."""
    numbers = list(values) if isinstance(values, Iterable) else None
    if numbers is None or not all(hasattr(number, "__index__") for number in numbers):
        raise EdgebertError(f"{name} is {str(values)[:60]!r}; needed: a list of whole numbers")
    return numbers


def check_ids(record: Record, ids: Sequence[int]) -> None:
    """Raises EdgebertError where an id is out of range."""
    vocab_size = record.model.vocab_size
    for number in ids:
        if not 0 <= number < vocab_size:
            raise EdgebertError(f"id {number}: ids go from 0 to {vocab_size - 1}")


def check_segment_values(record: Record, segment_ids: Sequence[int], tokens: int) -> None:
    """Raises EdgebertError where segments are not one a token, or the model does not know one."""
    if len(segment_ids) != tokens:
        raise EdgebertError(f"{len(segment_ids)} segment ids for {tokens} ids; give as many")
    most = (record.model.type_vocab_size or 2) - 1  # of a model without, any will do
    if wrong := next((each for each in segment_ids if not 0 <= each <= most), None):
        raise EdgebertError(f"segment id {wrong}: the model has 0 to {most}")


def check_segments(
    file: ModelFile, tokenizer: Tokenizer, ids: Sequence[int], segment_ids: Sequence[int] | None
) -> None:
    """Raises EdgebertError where segments are not those that a graph sees in the ids."""
    if segment_ids is not None and segment_ids != tokenizer.segments(ids):
        raise EdgebertError(
            f"{file.path}: takes ids alone, from which it takes the segments; others "
            "need a file converted with --inputs ids,mask,segment_ids"
        )
