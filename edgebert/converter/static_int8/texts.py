"""The texts that ranges are taken from: what a model usually meets, and what it rarely does."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgebert.bert.tasks import TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.full_integer.texts import HELD_OUT, OWN, read_texts
from edgebert.data import read_lines
from edgebert.tokenizer.tokenizer import Encoding, Tokenizer

if TYPE_CHECKING:
    from edgebert.converter.texts import Text

MOST = 1000
"""More take time and change nothing; so many are drawn, always the same."""

LONGEST = 256
"""Tokens of the longest text."""

_RANDOM_LENGTHS = (4, 10, 22, 46, 94, 126)
_REPEATED = ("dog", "?", "update", "1", "-")
_TIMES = (8, 60)
_SINGLE = ("yes", "no", "sorry", "London", "7", "maybe", "wonderful", ";")
_UNKNOWN = "\U0001f701"
"""A sign that no vocabulary has."""


def calibration_texts(path: Path | None, task: TaskName) -> tuple[str, list[Text]]:
    """A name for the source, and its texts.

    Raises:
        EdgebertError: the file cannot be read, or has too few texts.
    """
    if path is None:
        return "edgebert's own texts", _own_texts()
    return path.name, read_texts(path, task, MOST)


def _own_texts() -> list[Text]:
    """Real sentences, pairs of them, and long texts."""
    sentences = read_lines(OWN)[HELD_OUT:]
    return [
        *((text, None) for text in sentences),
        *((sentences[at], sentences[at + 1]) for at in range(0, 120, 3)),
        *((" ".join(sentences[at : at + 8]), None) for at in range(0, 96, 8)),
    ]


def odd_texts(checkpoint: Checkpoint) -> list[Text]:
    """Single words, repetitions, unknown signs, nothing at all, and words without sense.

    What is unlike any sentence makes the widest ranges; a file that never saw it would cut them.
    """
    words = [piece for piece in checkpoint.vocabulary if piece.isalpha() and piece.isascii()]
    random_ = random.Random(0)  # noqa: S311 - a sample, no secret
    texts: list[Text] = [
        (" ".join(random_.choices(words, k=count)), None)
        for count in _RANDOM_LENGTHS
        for _ in range(4 if words else 0)
    ]
    texts += [(word, None) for word in _SINGLE]
    texts += [(" ".join([word] * times), None) for word in _REPEATED for times in _TIMES]
    texts += [(" ".join([_UNKNOWN] * times), None) for times in (2, 10, 50)]
    return [*texts, ("", None), ("", ""), ("maybe", ""), ("", "maybe")]


def encode(texts: Iterable[Text], tokenizer: Tokenizer, longest: int) -> list[Encoding]:
    """Texts as ids, cut where they are longer."""
    most = min(longest, LONGEST)
    return [tokenizer.encode(text, pair, max_length=most) for text, pair in texts]


def some(encodings: Sequence[Encoding], count: int) -> list[Encoding]:
    """So many of them, evenly spread."""
    return list(encodings[:: max(1, len(encodings) // count)])
