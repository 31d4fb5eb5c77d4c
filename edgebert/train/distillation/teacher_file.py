"""Teachers that are files: what someone else's model says of texts, found by the text.

JSON Lines with `text`, perhaps `pair`, and what `edgebert run --input` writes beside it; or the
sentence vectors of an embedder as an array of numpy, beside its texts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias

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
_Record: TypeAlias = Mapping[str, Any]


class _TeacherAnswers(NamedTuple):
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
    knows_any_text = False

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


def _lines(path: Path) -> _TeacherAnswers:
    """What a file of JSON Lines says; the first line tells what of."""
    places: dict[_Key, int] = {}
    rows: list[Any] = []  # not the lines themselves, which are much larger
    reader: _Reader | None = None
    kind = ""
    for place, record in _records(path):
        if reader is None:
            kind = next(name for name in _KINDS if _has(record, name))
            reader = _KINDS[kind].reader(record, place)
        if not _has(record, kind):
            raise EdgebertError(f"{place}: has no {kind}, which the first line has")
        places[record["text"], record.get("pair")] = len(rows)
        rows.append(reader.row(record, place))
    if reader is None:
        raise EdgebertError(f"{path}: empty; a JSON object a line is needed, with text and scores")
    if reader.task == "tag" and not reader.labels:
        raise EdgebertError(f"{path}: has no words with scores of tags")
    return _TeacherAnswers(
        reader.task, reader.labels, places, rows if kind == "words" else np.stack(rows)
    )


def _records(path: Path) -> Iterator[tuple[str, _Record]]:
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
            and any(_has(record, name) for name in _KINDS)
        ):
            *names, last = _KINDS
            raise EdgebertError(
                f"{place}: no JSON object with text and {', '.join(names)} or {last}, and perhaps "
                "pair, as edgebert run --input writes"
            )
        yield place, record


class _Reader(Protocol):
    """Makes rows of lines that are like the first."""

    task: TaskName
    labels: tuple[str, ...]

    def row(self, record: _Record, place: str) -> Any:
        """What is said in a line."""


class _Scores:
    task: TaskName = "classify"

    def __init__(self, first: _Record, place: str) -> None:
        self.labels = tuple(first["scores"])
        if len(self.labels) < 2:
            raise EdgebertError(f"{place}: scores of at least two labels are needed")

    def row(self, record: _Record, place: str) -> Array:
        return np.array(probabilities(record["scores"], self.labels, place), np.float32)


class _Value:
    task: TaskName = "regress"
    labels: tuple[str, ...] = ()

    def __init__(self, first: _Record, place: str) -> None:
        pass

    def row(self, record: _Record, place: str) -> Array:
        return _numbers([record["value"]], 1, place)


class _Vector:
    task: TaskName = "embed"
    labels: tuple[str, ...] = ()

    def __init__(self, first: _Record, place: str) -> None:
        self._width = len(first["vector"])

    def row(self, record: _Record, place: str) -> Array:
        return _numbers(record["vector"], self._width, place)


class _Words:
    """Words of a context are an answerer's, words of a text a tagger's."""

    def __init__(self, first: _Record, place: str) -> None:
        self._of_pair = first.get("pair") is not None
        self.task: TaskName = "answer" if self._of_pair else "tag"
        self.labels: tuple[str, ...] = ()

    def row(self, record: _Record, place: str) -> SoftWords:
        words = record["words"]
        if not all(isinstance(word, dict) for word in words):
            raise EdgebertError(f"{place}: words are objects with start, end and scores")
        if (record.get("pair") is not None) != self._of_pair:
            raise EdgebertError(f"{place}: a line with a pair among lines without, or otherwise")
        if self._of_pair:
            return read_words(words, STARTS_AND_ENDS, record["pair"], place)
        if words and not self.labels:  # a text without words tells no tags
            scores = words[0].get("scores")
            self.labels = tuple(scores) if isinstance(scores, dict) else ()
        return read_words(words, self.labels, record["text"], place)


class _Kind(NamedTuple):
    """What tells a task: what its value has to be, and who reads it."""

    type: Any
    reader: Callable[[_Record, str], _Reader]


_KINDS: Mapping[str, _Kind] = {
    "scores": _Kind(dict, _Scores),
    "value": _Kind(int | float, _Value),
    "vector": _Kind(list, _Vector),
    "words": _Kind(list, _Words),
}


def _has(record: _Record, name: str) -> bool:
    return isinstance(record.get(name), _KINDS[name].type)


def _numbers(given: Sequence[Any], count: int, place: str) -> Array:
    if len(given) != count or not all(
        type(value) in (int, float) and -_LARGEST < value < _LARGEST for value in given
    ):
        raise EdgebertError(f"{place}: {count:,} finite numbers are needed, as in the first line")
    return np.array(given, np.float32)


def _vectors(path: Path) -> _TeacherAnswers:
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
    return _TeacherAnswers("embed", (), {(text, None): at for at, text in enumerate(texts)}, rows)
