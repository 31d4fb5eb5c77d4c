"""Labels of a classifier or tagger: a `labels.txt`, or the `id2label` of a Hugging Face config."""

from __future__ import annotations

import json
from pathlib import Path

from edgebert.errors import EdgebertError
from edgebert.text_files import as_object, is_clean_text, kind, read_text, shown

_MOST = 10_000


def read_labels(path: Path) -> tuple[str, ...]:
    """The labels of a text file, one a line.

    Raises:
        EdgebertError: the file cannot be read, or a label is empty.
    """
    labels = tuple(line.strip() for line in read_text(path).rstrip().split("\n"))
    _check(labels, path)
    return labels


def labels_by_id(id2label: object, path: Path) -> tuple[str, ...]:
    """The labels of an `id2label` object, in the order of their ids.

    Raises:
        EdgebertError: the ids are not 0 to K-1, or a label is empty or neither text nor a number.
    """
    labels = as_object(id2label, "id2label", path)
    ids = [str(index) for index in range(len(labels))]
    if not 1 <= len(labels) <= _MOST or set(labels) != set(ids):
        raise EdgebertError(f"{path}: the ids of id2label must be 0 to K-1, each once")
    ordered = tuple(_text(labels[index], int(index), path) for index in ids)
    _check(ordered, path)
    return ordered


def _text(label: object, index: int, path: Path) -> str:
    """A label as text; one that is a number as its JSON has it."""
    if type(label) in (int, float):
        return json.dumps(label)
    if isinstance(label, str):
        return label
    raise EdgebertError(f"{path}: label {index} is {kind(label)}; a text or a number is needed")


def default_labels(count: int) -> tuple[str, ...]:
    """The names Hugging Face gives labels that have none."""
    return tuple(f"LABEL_{index}" for index in range(count))


def _check(labels: tuple[str, ...], path: Path) -> None:
    for index, label in enumerate(labels):
        if not is_clean_text(label) or not label:
            raise EdgebertError(
                f"{path}: label {index} is {shown(label)}; one line of text is needed"
            )
