"""The texts that a full-integer file takes its ranges from, and those it is evaluated on."""

from __future__ import annotations

import itertools
import random
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgebert.bert.tasks import TaskName
from edgebert.data import read_lines as read_own_lines
from edgebert.errors import CalibrationWarning, EdgebertError
from edgebert.tokenizer.tokenizer import Encoding, Tokenizer

if TYPE_CHECKING:
    from edgebert.converter.texts import Text

FEWEST = 32
MOST = 256
"""More texts make ranges wider, not better: MiniLM gained nothing from 1,000."""

OWN = "sentences.txt"
HELD_OUT = 32
"""The first of our own sentences do not calibrate: the finished file is compared on them."""

_PAIR_EVERY = 8
_LONG = 8
"""Texts of full length, so that every position is met."""


def calibration_texts(
    path: Path | None, task: TaskName, what: str = "ranges are taken from"
) -> tuple[str, list[Text]]:
    """A name for the source, and its texts.

    Args:
        path: a file of texts; None: edgebert's own, with a warning.
        task: of the model.
        what: is done with the texts, for the warning.

    Raises:
        EdgebertError: the file cannot be read, or has fewer than `FEWEST` texts.
    """
    if path is not None:
        return path.name, read_texts(path, task)
    warnings.warn(
        f"{what} edgebert's own sentences: with --calibration and some hundred texts "
        "like those it will meet, the file is more exact",
        CalibrationWarning,
        stacklevel=2,
    )
    return "edgebert's own sentences", own_texts()


def own_texts() -> list[Text]:
    """Real sentences that ship with edgebert, some of them in pairs."""
    sentences = read_own_lines(OWN)[HELD_OUT : HELD_OUT + MOST]
    return [
        (text, sentences[at - 1] if at % _PAIR_EVERY == 1 else None)
        for at, text in enumerate(sentences)
    ]


def held_out_texts() -> list[Text]:
    """Real sentences that never calibrate, to measure on."""
    return [(text, None) for text in read_own_lines(OWN)[: HELD_OUT // 2]]


def read_texts(path: Path, task: TaskName, most: int = MOST) -> list[Text]:
    """Texts of a file (`converter.texts.texts_of`).

    Of more than `most` texts, so many are drawn, always the same.
    """
    from edgebert.converter.texts import texts_of  # and with it all that evaluates

    kept = _draw(texts_of(path, task), most)
    if len(kept) < FEWEST:
        raise EdgebertError(
            f"{path}: {len(kept)} texts to calibrate with; at least {FEWEST} are needed, some "
            "hundred are better"
        )
    return kept


def _draw(texts: Iterable[Text], most: int) -> list[Text]:
    """At most so many of any number, each as likely, in constant memory."""
    random_ = random.Random(0)  # noqa: S311 - a sample, no secret
    source = iter(texts)
    kept = list(itertools.islice(source, most))
    for seen, text in enumerate(source, len(kept) + 1):
        place = random_.randrange(seen)
        if place < most:
            kept[place] = text
    return kept


def encode(texts: Sequence[Text], tokenizer: Tokenizer, longest: int) -> list[Encoding]:
    """The texts, and a few of full length made of them."""
    plain = [text for text, _ in texts]
    each = -(-len(plain) // _LONG)
    joined = [(" ".join(plain[at : at + each]), None) for at in range(0, len(plain), each)]
    return [tokenizer.encode(text, pair, max_length=longest) for text, pair in [*texts, *joined]]
