"""Which word pieces a product needs: those of its texts; and how other texts are cut with them."""

from __future__ import annotations

import itertools
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edgebert.bert.tasks import TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.kept_pieces import indispensable_pieces, keep_pieces
from edgebert.errors import EdgebertError
from edgebert.model_file.trimmed_vocabulary import TrimmedVocabulary
from edgebert.progress import Progress, silent
from edgebert.tokenizer.pieces import CONTINUES
from edgebert.tokenizer.special import SPACE
from edgebert.tokenizer.tokenizer import Tokenizer

if TYPE_CHECKING:
    from edgebert.converter.texts import Text

FEWEST = 32
"""Texts from which one can choose."""

_HELD_OUT = 10
"""Where no other texts are given, one of so many does not choose and is measured on."""

_MOST_HELD_OUT = 10_000
_TOLD_EVERY = 1_000
_IDEOGRAPHS = ("CJK", "HANGUL")
"""Scripts whose characters are as many as words: kept only where they are used."""


@dataclass(frozen=True)
class VocabularyChoice:
    """What a user asks for.

    Attributes:
        texts: file of texts like those that the model will meet (`texts.texts_of`).
        size: how many pieces are kept; None: all that the texts use.
        check: other texts to measure on; None: a tenth of the texts.
        further: texts whose pieces are needed too, such as prompts.
    """

    texts: Path
    size: int | None = None
    check: Path | None = None
    further: tuple[str, ...] = ()


@dataclass
class _Counted:
    """Pieces of the texts that choose, and the texts that are measured on."""

    pieces: Counter[int] = field(default_factory=Counter)
    held_out_pieces: Counter[int] = field(default_factory=Counter)
    held_out: list[Text] = field(default_factory=list)
    texts: int = 0


def vocabulary_choice(
    texts: Path | None, size: int | None, check: Path | None = None
) -> VocabularyChoice | None:
    """What a user asked for, None where nothing was.

    Raises:
        EdgebertError: a size without texts.
    """
    if texts is None:
        if size is not None:
            raise EdgebertError(
                "vocabulary size: which pieces stay is chosen from texts; add --vocabulary-from "
                "TEXTS, some thousands like those the model will meet"
            )
        return None
    return VocabularyChoice(texts, size, check)


def trim_vocabulary(
    checkpoint: Checkpoint,
    choice: VocabularyChoice,
    task: TaskName,
    progress: Progress = silent,
) -> tuple[Checkpoint, TrimmedVocabulary]:
    """The checkpoint with the pieces that texts need, and what that does to other texts.

    Special and added tokens stay, the signs and letters of the scripts that occur, all pieces of
    the texts, the most frequent first, and after them the commonest others, up to `choice.size`.

    Raises:
        EdgebertError: the texts cannot be read, are too few or have no letters, or the size is
            less than what has to stay or more than there is.
    """
    whole = checkpoint.make_tokenizer()
    counted = _count(whole, choice, task, progress)
    kept, always = _chosen(checkpoint, choice, counted.pieces + counted.held_out_pieces)
    trimmed = keep_pieces(checkpoint, kept)
    name, measured = _measured_on(choice, task, counted)
    trial, tried = trimmed, kept
    if choice.check is None:  # what is measured on must not have chosen
        tried, _ = _chosen(checkpoint, choice, counted.pieces)
        trial = keep_pieces(checkpoint, tried)
    same_texts, same_words, words = _untouched(
        whole, trial.make_tokenizer(), sorted(tried), measured
    )
    return trimmed, TrimmedVocabulary(
        source_pieces=len(checkpoint.vocabulary),
        pieces=len(kept),
        always_kept=len(always),
        chosen_from=choice.texts.name,
        texts=counted.texts,
        measured_on=name,
        measured_texts=len(measured),
        untouched_texts=same_texts / len(measured) if measured else None,
        untouched_words=same_words / words if words else None,
    )


def _count(
    tokenizer: Tokenizer, choice: VocabularyChoice, task: TaskName, progress: Progress
) -> _Counted:
    """Goes once through the texts, in memory that does not grow with them."""
    from edgebert.converter.texts import texts_of  # and with it all that evaluates

    counted = _Counted()
    letters = False
    for text, pair in texts_of(choice.texts, task):
        both = text if pair is None else f"{text}\n{pair}"
        letters = letters or any(map(str.isalpha, both))
        ids = tokenizer.ids(text) + ([] if pair is None else tokenizer.ids(pair))
        # By its content, so that a text that is there twice is on one side.
        if choice.check is None and zlib.crc32(both.encode()) % _HELD_OUT == 0:
            counted.held_out_pieces.update(ids)
            if len(counted.held_out) < _MOST_HELD_OUT:
                counted.held_out.append((text, pair))
        else:
            counted.pieces.update(ids)
        counted.texts += 1
        if counted.texts % _TOLD_EVERY == 0:
            progress(counted.texts, None, "texts for the vocabulary")
    if counted.texts < FEWEST:
        raise EdgebertError(
            f"{choice.texts}: {counted.texts} texts to choose word pieces from; at least {FEWEST} "
            "are needed, some thousands are better"
        )
    if not letters:
        raise EdgebertError(
            f"{choice.texts}: no letter in its {counted.texts:,} texts; texts like those that the "
            "model will meet are needed"
        )
    for text in choice.further:
        counted.pieces.update(tokenizer.ids(text))
    return counted


def _chosen(
    checkpoint: Checkpoint, choice: VocabularyChoice, used: Counter[int]
) -> tuple[set[int], frozenset[int]]:
    """Ids that are kept, and those of them that are kept whatever the texts use.

    Raises:
        EdgebertError: see `trim_vocabulary`.
    """
    vocabulary = checkpoint.vocabulary
    always = indispensable_pieces(checkpoint) | _alphabets(checkpoint, used)
    size = choice.size
    if size is not None and not (type(size) is int and len(always) <= size <= len(vocabulary)):
        raise EdgebertError(
            f"vocabulary size {size}: {checkpoint.source} has {len(vocabulary):,} pieces, and its "
            f"special tokens and the characters that {choice.texts.name} is written in are "
            f"{len(always):,}; give a number between, or leave it out to keep what the texts use"
        )
    kept = set(always)
    wanted: Iterable[int] = (number for number, _ in used.most_common())
    if size is not None:
        wanted = itertools.chain(wanted, _commonest(checkpoint))
    for number in wanted:
        if size is not None and len(kept) == size:
            break
        kept.add(number)
    return kept, always


def _commonest(checkpoint: Checkpoint) -> Iterator[int]:
    """All pieces that texts can have, the commonest first: vocabularies are in that order."""
    for number, piece in enumerate(checkpoint.vocabulary):
        if not (piece.startswith("[") and piece.endswith("]") and len(piece) > 1):
            yield number


def _alphabets(checkpoint: Checkpoint, used: Iterable[int]) -> frozenset[int]:
    """Pieces of one character: signs, ASCII, and letters of the scripts that are used."""
    vocabulary = checkpoint.vocabulary
    met = {_script(char) for number in used for char in _bare(vocabulary[number])}
    met -= {*_IDEOGRAPHS}
    return frozenset(
        number
        for number, piece in enumerate(vocabulary)
        if len(bare := _bare(piece)) == 1 and _script(bare) in met | {"ASCII", "SIGN"}
    )


def _bare(piece: str) -> str:
    """A piece without the mark that says where in a word it stands."""
    return piece.removeprefix(CONTINUES).removeprefix(SPACE) or piece


def _script(char: str) -> str:
    """The script of a letter, as its Unicode name begins with it; ASCII and signs are their own."""
    if char.isascii():
        return "ASCII"
    if unicodedata.category(char)[0] in "LM":
        return unicodedata.name(char, "NONE").split()[0]
    return "SIGN" if unicodedata.category(char) in _SIGNS else "NONE"


_SIGNS = ("Sc", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps")
"""Currency and punctuation."""


def _measured_on(
    choice: VocabularyChoice, task: TaskName, counted: _Counted
) -> tuple[str, Sequence[Text]]:
    """What the texts that are measured on are called, and those of them that did not choose."""
    if choice.check is None:
        return f"a tenth of {choice.texts.name}, chosen without it", counted.held_out
    from edgebert.converter.texts import texts_of

    candidates = dict.fromkeys(itertools.islice(texts_of(choice.check, task), _MOST_HELD_OUT))
    for text in texts_of(choice.texts, task):
        candidates.pop(text, None)
    return choice.check.name, list(candidates)


def _untouched(
    whole: Tokenizer, trimmed: Tokenizer, kept: Sequence[int], texts: Sequence[Text]
) -> tuple[int, int, int]:
    """Texts and words that are cut as before; and how many words there are."""
    same_texts = same_words = words = 0
    for text in texts:
        before, now = 0, 0
        for word in " ".join(filter(None, text)).split():
            before += 1
            now += [kept[number] for number in trimmed.ids(word)] == whole.ids(word)
        same_texts += before == now
        same_words += now
        words += before
    return same_texts, same_words, words
