"""Labels of a classifier or tagger: a `labels.txt`, or the `id2label` of a Hugging Face config."""

from __future__ import annotations

from pathlib import Path

from edgebert.checkpoints.small_files import as_object, is_clean_text, read_text
from edgebert.errors import EdgebertError

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
        EdgebertError: the ids are not 0 to K-1, or a label is empty or no text.
    """
    labels = as_object(id2label, "id2label", path)
    ids = [str(index) for index in range(len(labels))]
    if not 1 <= len(labels) <= _MOST or set(labels) != set(ids):
        raise EdgebertError(f"{path}: the ids of id2label must be 0 to K-1, each once")
    ordered = tuple(labels[index] for index in ids)
    _check(ordered, path)
    return ordered


def default_labels(count: int) -> tuple[str, ...]:
    """The names Hugging Face gives labels that have none."""
    return tuple(f"LABEL_{index}" for index in range(count))


def _check(labels: tuple[object, ...], path: Path) -> None:
    for index, label in enumerate(labels):
        if not is_clean_text(label) or not label:
            raise EdgebertError(f"{path}: label {index} is empty or not one line of text")
