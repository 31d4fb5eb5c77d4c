"""Teachers that are files: what someone else's model says of texts, found by the text.

JSON Lines with `text`, perhaps `pair`, and what `edgebert run --input` writes beside it; or the
sentence vectors of an embedder as an array of numpy, beside its texts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from edgebert.arrays import Array
from edgebert.bert.tasks import TaskName
from edgebert.bulk.fingerprint import digest
from edgebert.errors import EdgebertError
from edgebert.evaluation.lines import read_lines
from edgebert.evaluation.texts import Text
from edgebert.progress import Progress
from edgebert.runtime.tasks.answer import STARTS_AND_ENDS
from edgebert.train.distillation.soft_words import SoftWords, probabilities, read_words
from edgebert.train.distillation.tasks import find_task
from edgebert.train.distillation.teacher import Teacher

_LARGEST = 1e30
"""Numbers beyond mean nothing, and their squares are no float32."""

_UNIT = 1e-3
"""So near to 1 is a length that is meant to be 1."""

_Key: TypeAlias = tuple[str, str | None]
_Lines: TypeAlias = Iterator[tuple[str, Mapping[str, Any]]]


class _Said(NamedTuple):
    """What a file says.

    Attributes:
        task: of the teacher.
        labels: of the scores, where the task has labels.
        places: the row of each text.
        rows: what is said; an array where it is numbers.
    """

    task: TaskName
    labels: tuple[str, ...]
    places: Mapping[_Key, int]
    rows: Array | Sequence[SoftWords]


class FileTeacher(Teacher):
    """A file with what a model said of texts.

    | a line has | teaches |
    |---|---|
    | `scores`, an object of labels with their probabilities | classify |
    | `value`, a number | regress |
    | `vector`, a list of numbers | embed |
    | `words`, with the scores of each (`edgebert run --scores`) | tag; answer |

    Args:
        path: of the file; NAME.npy has the vectors of the texts in NAME.txt, one a line.
        multi_label: of classify: the labels are independent of each other.

    Raises:
        EdgebertError: the file cannot be read, or a line has nothing of the kind.
    """

    checkpoint = None

    def __init__(self, path: Path, *, multi_label: bool = False) -> None:
        self.name = str(path)
        found = _vectors(path) if path.suffix.lower() == ".npy" else _lines(path)
        self.task, self.labels, self._index, self._rows = found
        if multi_label and self.task != "classify":
            raise EdgebertError(f"{path}: for {self.task}; --multi-label is for scores of labels")
        self.multi_label = multi_label
        self.fingerprint = digest(path)
        if self.task == "embed":
            lengths = np.linalg.norm(np.asarray(self._rows, np.float32), axis=1)
            self.unit_length = bool(np.all(np.abs(lengths - 1) < _UNIT))

    def scores(
        self, texts: Sequence[Text], transfer: str, folder: Path, progress: Progress
    ) -> Array | Sequence[SoftWords]:
        """Finds them by their text.

        Raises:
            EdgebertError: a text has none.
        """
        for text in texts:
            if (text.text, text.pair) not in self._index:
                raise EdgebertError(f"{text.place}: {self.name} has no scores for this text")
        places = [self._index[text.text, text.pair] for text in texts]
        if not isinstance(self._rows, np.ndarray):
            return [self._rows[place] for place in places]
        task = find_task(self.task, multi_label=self.multi_label)
        return task.scores(np.asarray(self._rows[places], np.float32))


def _lines(path: Path) -> _Said:
    """What a file of JSON Lines says; the first line tells what of."""
    records = _records(path)
    first = next(records, None)
    if first is None:
        raise EdgebertError(f"{path}: empty; a JSON object a line is needed, with text and scores")
    kind = next(name for name in _KINDS if isinstance(first[1].get(name), _KINDS[name]))
    lines = [first, *_alike(records, kind)]
    index = {(record["text"], record.get("pair")): at for at, (_, record) in enumerate(lines)}
    task, labels, rows = _READERS[kind](path, lines)
    return _Said(task, labels, index, rows)


_KINDS: Mapping[str, Any] = {
    "scores": dict,
    "value": int | float,
    "vector": list,
    "words": list,
}
"""What tells a task, and what it has to be."""


def _records(path: Path) -> _Lines:
    for number, line in enumerate(read_lines(path), 1):
        place = f"{path}, line {number}"
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not (
            isinstance(record, dict)
            and isinstance(record.get("text"), str)
            and isinstance(record.get("pair"), str | None)
            and any(isinstance(record.get(name), kind) for name, kind in _KINDS.items())
        ):
            *names, last = _KINDS
            raise EdgebertError(
                f"{place}: no JSON object with text and {', '.join(names)} or {last}, and perhaps "
                "pair, as edgebert run --input writes"
            )
        yield place, record


def _alike(records: _Lines, kind: str) -> _Lines:
    for place, record in records:
        if not isinstance(record.get(kind), _KINDS[kind]):
            raise EdgebertError(f"{place}: has no {kind}, which the first line has")
        yield place, record


_Read: TypeAlias = tuple[TaskName, tuple[str, ...], "Array | Sequence[SoftWords]"]


def _read_scores(path: Path, lines: Sequence[tuple[str, Mapping[str, Any]]]) -> _Read:
    labels = tuple(lines[0][1]["scores"])
    if len(labels) < 2:
        raise EdgebertError(f"{path}: scores of at least two labels are needed")
    rows = [probabilities(record["scores"], labels, place) for place, record in lines]
    return "classify", labels, np.array(rows, np.float32)


def _read_values(path: Path, lines: Sequence[tuple[str, Mapping[str, Any]]]) -> _Read:
    rows = [_numbers([record["value"]], 1, place) for place, record in lines]
    return "regress", (), np.array(rows, np.float32)


def _read_vectors(path: Path, lines: Sequence[tuple[str, Mapping[str, Any]]]) -> _Read:
    width = len(lines[0][1]["vector"])
    rows = [_numbers(record["vector"], width, place) for place, record in lines]
    return "embed", (), np.array(rows, np.float32)


def _read_words(path: Path, lines: Sequence[tuple[str, Mapping[str, Any]]]) -> _Read:
    """Words of a context are an answerer's, words of a text a tagger's."""
    for place, record in lines:
        if not all(isinstance(word, dict) for word in record["words"]):
            raise EdgebertError(f"{place}: words are objects with start, end and scores")
    of_pair = lines[0][1].get("pair") is not None
    names = STARTS_AND_ENDS
    if not of_pair:
        words = (word for _, record in lines for word in record["words"])
        scores = next((word.get("scores") for word in words), None)
        names = tuple(scores) if isinstance(scores, dict) else ()
    rows = []
    for place, record in lines:
        if (record.get("pair") is not None) != of_pair:
            raise EdgebertError(f"{place}: a line with a pair among lines without, or otherwise")
        text = record["pair"] if of_pair else record["text"]
        rows.append(read_words(record["words"], names, text, place))
    return ("answer", (), rows) if of_pair else ("tag", names, rows)


_READERS: Mapping[str, Callable[[Path, Sequence[tuple[str, Mapping[str, Any]]]], _Read]] = {
    "scores": _read_scores,
    "value": _read_values,
    "vector": _read_vectors,
    "words": _read_words,
}


def _numbers(given: Sequence[Any], count: int, place: str) -> list[float]:
    if len(given) != count or not all(
        type(value) in (int, float) and -_LARGEST < value < _LARGEST for value in given
    ):
        raise EdgebertError(f"{place}: {count:,} finite numbers are needed, as in the first line")
    return list(given)


def _vectors(path: Path) -> _Said:
    """An array with a row for each line of the text file beside it."""
    beside = path.with_suffix(".txt")
    if not beside.exists():
        raise EdgebertError(f"{path}: its texts are needed beside it, one a line: {beside}")
    try:
        rows = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise EdgebertError(f"{path}: no array of numpy: {error}") from error
    texts = [line.rstrip("\r\n") for line in read_lines(beside)]
    is_table = isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.dtype.kind == "f"
    if not is_table or len(rows) != len(texts) or not rows.size:
        shape = list(rows.shape) if isinstance(rows, np.ndarray) else type(rows).__name__
        raise EdgebertError(
            f"{path}: {shape} of {getattr(rows, 'dtype', 'no numbers')}; a row of floats is needed "
            f"for each of the {len(texts):,} lines of {beside.name}"
        )
    if not (np.abs(rows) < _LARGEST).all():
        raise EdgebertError(f"{path}: has numbers that are not finite, or beyond {_LARGEST:g}")
    return _Said("embed", (), {(text, None): at for at, text in enumerate(texts)}, rows)
