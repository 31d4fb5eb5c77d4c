"""Names of numbered classes: `classes.txt` beside a CSV without a heading.

So AG News, DBpedia, Yahoo! Answers and the others of Zhang et al. 2015 (arXiv 1509.01626) are
distributed: the label of a row is 1 for the first line of that file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgebert.errors import EdgebertError, RowError
from edgebert.evaluation.columns import Columns
from edgebert.evaluation.lines import read_lines

CLASSES = "classes.txt"


def class_names(path: Path, columns: Columns) -> Sequence[str] | None:
    """The names beside a file without a heading; None where there are none.

    Raises:
        EdgebertError: the names cannot be read, or one is empty or stands there twice.
    """
    file = path.with_name(CLASSES)
    if columns.heading is None or not file.is_file():
        return None
    names = [line.strip() for line in read_lines(file)]
    while names and not names[-1]:
        names.pop()
    if not names or "" in names or len(set(names)) < len(names):
        raise EdgebertError(f"{file}: a name of its own is needed on each line, one a class")
    return names


def named(label: str, names: Sequence[str] | None, place: str) -> str:
    """The label of a row by its name.

    Raises:
        RowError: neither the number of a name nor a name.
    """
    if names is None or label in names:
        return label
    if label.isdecimal() and label.isascii() and 1 <= int(label[:9]) <= len(names):
        return names[int(label) - 1]
    raise RowError(
        place,
        f"label {label[:40]!r}; {CLASSES} beside the file names those from 1 to {len(names)}",
    )
