"""Tagged sentences: CoNLL columns, or JSON Lines as Hugging Face `datasets` writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgebert.errors import EdgebertError
from edgebert.evaluation.conll import MOST_WORDS, Prefixes, Sentence, read_conll
from edgebert.evaluation.lines import read_lines, read_whole
from edgebert.evaluation.records import read_records

_ROWS = (".jsonl", ".ndjson", ".json")
_WORDS = ("tokens", "words")
_TAGS = ("ner_tags", "tags", "labels")
_FEATURES = "dataset_info.json"


def read_tagged(path: Path) -> Iterator[Sentence]:
    """Reads sentences: of .jsonl, .ndjson and .json rows with lists, of other files CoNLL columns.

    A row has the words in `tokens` (or `words`) and as many tags in `ner_tags` (or `tags` or
    `labels`). Where tags are numbers, their names stand in `dataset_info.json` beside the file, as
    `datasets` writes it.

    Raises:
        EdgebertError: as `read_conll`; or a row has no such lists; file and line are named.
    """
    if path.suffix.lower() not in _ROWS:
        yield from read_conll(path)
        return
    names: Sequence[str] | None = None
    prefixed = Prefixes()
    for number, record in read_records(path, read_lines(path)):
        place = f"{path}, line {number}"
        words, (_, tags) = _list(record, _WORDS, place)[1], _list(record, _TAGS, place)
        if len(words) != len(tags) or len(words) > MOST_WORDS:
            raise EdgebertError(
                f"{place}: {len(words):,} words and {len(tags):,} tags; one tag a word is needed, "
                f"and at most {MOST_WORDS:,} words"
            )
        if not all(isinstance(word, str) for word in words):
            raise EdgebertError(f"{place}: words are needed as texts")
        if names is None and any(type(tag) is int for tag in tags):
            names = _names(path, _list(record, _TAGS, place)[0])
        named = [_named(tag, names, place) for tag in tags]
        if words:
            yield Sentence(tuple(words), tuple(prefixed(tag, place) for tag in named), place)


def has_tokens(record: Mapping[str, Any]) -> bool:
    """Whether a row has lists of words and tags."""
    return all(
        any(isinstance(record.get(name), list) for name in names) for names in (_WORDS, _TAGS)
    )


def _list(record: Mapping[str, Any], names: Sequence[str], place: str) -> tuple[str, Sequence[Any]]:
    for name in names:
        if isinstance(record.get(name), list):
            return name, record[name]
    raise EdgebertError(f"{place}: no list {names[0]!r} (or {' or '.join(map(repr, names[1:]))})")


def _named(tag: Any, names: Sequence[str] | None, place: str) -> str:
    if isinstance(tag, str) and tag:
        return tag
    if type(tag) is int and names is not None and 0 <= tag < len(names):
        return names[tag]
    raise EdgebertError(f"{place}: tag {json.dumps(tag)[:40]} has no name")


def _names(path: Path, column: str) -> Sequence[str]:
    """What the numbers of a column mean."""
    file = path.with_name(_FEATURES)
    if not file.exists():
        raise EdgebertError(
            f"{path}: {column!r} has numbers; put {_FEATURES}, in which `datasets` keeps their "
            "names, beside the file, or write the names themselves"
        )
    try:
        features = json.loads(read_whole(file, "it names labels"))["features"]
        names = features[column]["feature"]["names"]
        if not all(isinstance(name, str) for name in names):
            raise TypeError
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise EdgebertError(f"{file}: has no names of {column!r} among its features") from error
    return list(names)
