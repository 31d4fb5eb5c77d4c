"""Questions on passages from SQuAD's JSON, 1.1 and 2.0 (XQuAD and many others use it too).

Or from JSON Lines with a question each, as Hugging Face `datasets` writes the same data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from edgebert.errors import EdgebertError
from edgebert.evaluation.lines import read_lines, read_whole
from edgebert.evaluation.records import read_records
from edgebert.text_files import json_at, unrepeated

Kind = TypeVar("Kind")


class Question(NamedTuple):
    """One question.

    Attributes:
        answers: right answers as they stand in the passage; none where it has no answer.
        starts: where each answer begins in `context`, in characters.
        place: file and place in its JSON, for error messages.
    """

    question: str
    context: str
    answers: tuple[str, ...]
    starts: tuple[int, ...]
    place: str


def read_squad(path: Path) -> Iterator[Question]:
    """Reads the questions in the order of the file; .jsonl and .ndjson have one a line.

    Raises:
        EdgebertError: the file cannot be read, is too large, no JSON, or not laid out as SQuAD;
            the place is named.
    """
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        for number, record in read_records(path, read_lines(path)):
            yield _row(record, f"{path}, line {number}")
        return
    data = _field(_load(path), "data", list, str(path))
    for i, article in enumerate(data):
        where = f"{path}, data[{i}]"
        for j, paragraph in enumerate(_field(article, "paragraphs", list, where)):
            where = f"{path}, data[{i}].paragraphs[{j}]"
            context = _field(paragraph, "context", str, where)
            for k, entry in enumerate(_field(paragraph, "qas", list, where)):
                yield _question(entry, context, f"{where}.qas[{k}]")


def _question(entry: Any, context: str, place: str) -> Question:
    question = _field(entry, "question", str, place)
    answers = _field(entry, "answers", list, place)
    impossible = _field(entry, "is_impossible", bool, place) if "is_impossible" in entry else False
    if not answers and not impossible:
        raise EdgebertError(f"{place}: no answers, and not marked as impossible")
    kept = [] if impossible else answers
    return Question(
        question,
        context,
        tuple(_field(answer, "text", str, place) for answer in kept),
        tuple(_field(answer, "answer_start", int, place) for answer in kept),
        place,
    )


def _row(record: Mapping[str, Any], place: str) -> Question:
    """A row of `datasets`: `answers` has two lists, which are empty where there is no answer."""
    answers = _field(record, "answers", dict, place)
    texts, starts = (_field(answers, name, list, place) for name in ("text", "answer_start"))
    if len(texts) != len(starts):
        raise EdgebertError(f"{place}: {len(texts)} texts and {len(starts)} starts of answers")
    pairs = zip(texts, starts, strict=True)
    entry = {
        "question": record.get("question"),
        "answers": [{"text": text, "answer_start": start} for text, start in pairs],
        "is_impossible": not texts,
    }
    return _question(entry, _field(record, "context", str, place), place)


def _load(path: Path) -> Any:
    raw = read_whole(path, "split it")
    with json_at(str(path), "; SQuAD's format is needed"):
        return json.loads(raw, object_pairs_hook=unrepeated)


def _field(holder: Any, name: str, kind: type[Kind], place: str) -> Kind:
    value = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        found = "is missing" if value is None else f"is {json.dumps(value)[:40]}"
        raise EdgebertError(f"{place}: {name!r} {found}; needed as in SQuAD: {_KINDS[kind]}")
    return value


_KINDS = {
    list: "a list",
    dict: "an object",
    str: "a text",
    int: "a whole number",
    bool: "true or false",
}
