"""SQuAD's two scores of an answer: exact match and F1 of words.

As the evaluation script of SQuAD 1.1 and 2.0 defines them (Rajpurkar et al. 2016,
arXiv 1606.05250): case, ASCII punctuation and English articles do not count; of several right
answers the best counts; a question without an answer has the empty answer.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def normalize(answer: str) -> str:
    """Lower case, no punctuation, no articles, single spaces."""
    bare = answer.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def exact_match(expected: Sequence[str], predicted: str) -> float:
    """1 where a right answer equals the prediction after normalisation, else 0.

    Args:
        expected: the right answers; none where the question has no answer.
        predicted: empty for "no answer".
    """
    return _best(lambda one, other: float(one == other), expected, predicted)


def f1(expected: Sequence[str], predicted: str) -> float:
    """F1 of the words that a right answer and the prediction share, 0 to 1; see `exact_match`."""
    return _best(_overlap, expected, predicted)


def _best(
    score: Callable[[str, str], float],
    expected: Sequence[str],
    predicted: str,
) -> float:
    # An answer of punctuation alone is none, as in the script of SQuAD 2.0.
    right = [answer for answer in map(normalize, expected) if answer] or [""]
    return max(score(answer, normalize(predicted)) for answer in right)


def _overlap(one: str, other: str) -> float:
    words, others = one.split(), other.split()
    if not words or not others:
        return float(words == others)
    shared = (Counter(words) & Counter(others)).total()
    return 2 * shared / (len(words) + len(others))
