"""A teacher's scores of words, brought to the tokens of a student, whose pieces may be others.

Words are found again by where they stand in the text. So a teacher of any vocabulary can teach.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.evaluation.entities import OUTSIDE
from edgebert.tokenizer.tokenizer import Offsets, Tokenizer

if TYPE_CHECKING:
    from edgebert.train.finetuning.answer import ContextWindow


class SoftWords(NamedTuple):
    """What a teacher says of a text's words.

    Attributes:
        places: where each begins and ends, in characters, int [W, 2], in their order.
        scores: probabilities, float32 [W, K]: of tags; of an answer's start and of its end.
    """

    places: npt.NDArray[np.int64]
    scores: Array


def read_words(given: Any, names: Sequence[str], text: str, place: str) -> SoftWords:
    """The words of a line as `edgebert run --scores` writes it.

    Args:
        given: its `words`, each an object with start, end and scores.
        names: of the scores.
        text: in which the words stand.
        place: for errors.

    Raises:
        EdgebertError: they are not such words.
    """
    places, scores, before = [], [], 0
    for word in given:
        start, end, told = (word.get(name) for name in ("start", "end", "scores"))
        if not (type(start) is type(end) is int and before <= start < end <= len(text)):
            raise EdgebertError(
                f"{place}: a word from {start!r:.40} to {end!r:.40}; start and end are needed, in "
                f"characters of the text, which has {len(text):,}, one word after the other"
            )
        places.append((start, end))
        scores.append(probabilities(told, names, place))
        before = end
    return SoftWords(
        np.array(places, np.int64).reshape(len(places), 2),
        np.array(scores, np.float32).reshape(len(places), len(names)),
    )


def probabilities(given: Any, names: Sequence[str], place: str) -> list[float]:
    """Scores by name, in the order of the names.

    Raises:
        EdgebertError: they are no probabilities, or other names have them.
    """
    row: list[Any] = [given.get(name) for name in names] if isinstance(given, dict) else []
    if not row or len(given) != len(names) or not all(map(_is_probability, row)):
        raise EdgebertError(
            f"{place}: a probability from 0 to 1 is needed for each of the {len(names)} labels "
            "of the first line"
        )
    return row


def _is_probability(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1


def tag_scores(text: str, words: SoftWords, labels: Sequence[str], tokenizer: Tokenizer) -> Array:
    """For each token of a text, [CLS] included, what its teacher says of it, [n, K].

    Rows of tokens that a tagger is not asked about (pieces inside a word, special tokens), and of
    those that the teacher says nothing of, are 0. Where one word of the teacher is several of
    BERT's ("U.S."), those after the first continue its entity: B- counts as I-.
    """
    encoding, offsets = tokenizer.encode_with_offsets(text)
    continued = _continued(labels)
    starts, ends = words.places[:, 0].tolist(), words.places[:, 1].tolist()
    rows = np.zeros((encoding.length, len(labels)), np.float32)
    before = -1
    for place, (start, end) in enumerate(offsets):
        if start == end or tokenizer.spelling(encoding.ids[place])[1]:
            continue
        word = bisect_right(starts, end - 1) - 1  # an added token may take the space before
        if word >= 0 and start < ends[word]:
            scores = words.scores[word]
            rows[place] = scores @ continued if word == before else scores
            before = word
    return rows


def answer_scores(window: ContextWindow, words: SoftWords, offsets: Sequence[Offsets]) -> Array:
    """For each token of a window, how likely an answer starts and ends there, [n, 2].

    What stands outside the window goes to [CLS]: there the answer is that there is none.

    Args:
        window: a question and a part of its context.
        words: of the whole context.
        offsets: of the context's tokens.
    """
    rows = np.zeros((window.encoding.length, 2), np.float32)
    begins = [start for start, _ in offsets]
    ends = [end for _, end in offsets]
    for (start, end), (first_share, last_share) in zip(words.places, words.scores, strict=True):
        first = bisect_right(ends, start)
        last = bisect_right(begins, end - 1) - 1
        for column, token, share in ((0, first, first_share), (1, last, last_share)):
            if window.start <= token < window.end:
                rows[window.before + token, column] += share
    rows[0] = np.maximum(0.0, 1 - rows.sum(axis=0))
    return rows


def _continued(labels: Sequence[str]) -> npt.NDArray[Any]:
    """A matrix [K, K] that makes of probabilities those inside a word: of B-PER, I-PER."""
    moved = np.eye(len(labels), dtype=np.float32)
    for number, label in enumerate(labels):
        inside = f"I-{label[2:]}"
        if label != OUTSIDE and label.startswith("B-") and inside in labels:
            moved[number] = 0
            moved[number, labels.index(inside)] = 1
    return moved
