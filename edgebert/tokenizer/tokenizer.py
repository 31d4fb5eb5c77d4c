"""Text to the input ids of a BERT, and back to where each token stands in the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

from edgebert.errors import EdgebertError
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.special import MASK
from edgebert.tokenizer.wordpiece import WordPiece

if TYPE_CHECKING:
    from edgebert.tokenizer.unigram import Unigram, UnigramModel

Offsets: TypeAlias = tuple[int, int]
"""`[start, end)` in characters (code points) of the text as it was given."""

Truncate: TypeAlias = Literal["longest", "first", "second"]
"""Which text of a pair gives way where both do not fit: the longer one, or always the same."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_NOWHERE: Offsets = (0, 0)
_UNCASED = TokenizerOptions()


class Encoding(NamedTuple):
    """One input of the model.

    Attributes:
        ids: [CLS] text [SEP], or [CLS] text [SEP] pair [SEP].
        segment_ids: 0 up to the first [SEP], 1 after it; as long as `ids`.
        truncated: something was cut off to fit `max_length`.
    """

    ids: list[int]
    segment_ids: list[int]
    truncated: bool

    @property
    def length(self) -> int:
        """Number of tokens, [CLS] and [SEP] included."""
        return len(self.ids)


class Tokenizer:
    """WordPiece, exact to the original BERT, or a unigram tokenizer, exact to Hugging Face's.

    Special tokens typed in a text are plain text: "[SEP]" in a text gives the pieces of a
    bracket, "sep" and a bracket, so that no text can pass for two. Only [MASK] can be asked for.

    Tokens met before are looked up, not computed. Threads may share one tokenizer.

    Args:
        vocabulary: word pieces; the index is the id. [PAD], [UNK], [CLS] and [SEP] must be there.
        options: lower-casing and the like; `options.max_length` is the default of `max_length`
            below and the most it can be.
        unigram: makes it a unigram tokenizer, whatever the options say of letters.

    Raises:
        EdgebertError: a special token is missing, or a piece is there twice.
    """

    def __init__(
        self,
        vocabulary: Sequence[str],
        options: TokenizerOptions = _UNCASED,
        unigram: UnigramModel | None = None,
    ) -> None:
        self.options = options
        self._vocabulary = vocabulary
        self._cutter = _cutter(vocabulary, options, unigram)
        special = self._cutter.special
        self.pad_id = self._cutter.id_of(special.pad)
        self._cls = self._cutter.id_of(special.cls)
        self._sep = self._cutter.id_of(special.sep)

    @property
    def mask_id(self) -> int:
        """The id of [MASK].

        Raises:
            EdgebertError: the vocabulary has none.
        """
        return self._cutter.id_of(self._cutter.special.mask)

    def piece(self, token_id: int) -> str:
        """The piece with an id, as the vocabulary has it."""
        return self._vocabulary[token_id]

    def spelling(self, token_id: int) -> tuple[str, bool]:
        """The piece with an id as it is written, and whether it continues the word before it."""
        return self._cutter.spelling(self._vocabulary[token_id])

    def encode(
        self,
        text: str,
        pair: str | None = None,
        *,
        max_length: int | None = None,
        mask_tokens: bool = False,
        truncate: Truncate = "longest",
    ) -> Encoding:
        """Ids of a text, or of a text and its pair.

        Args:
            text: may be empty.
            pair: the second text of a task on pairs.
            max_length: most tokens, special ones included. A single text loses its end.
            mask_tokens: "[MASK]" in the text stands for the mask token, as fill-mask needs.
            truncate: which text of a pair loses its last token until both fit: the longer one
                (the second at a tie), "first" or "second". Where a text that is to stay whole
                does not fit alone, it loses its end too and of the other nothing is left.

        Raises:
            EdgebertError: not a string, a lone surrogate, a `max_length` out of range, or an
                unknown `truncate`.
        """
        room = self._room(max_length, pair is not None)
        first = self.ids(text, mask_tokens=mask_tokens)
        if pair is None:
            return self.join(first[:room], truncated=len(first) > room)
        second = self.ids(pair, mask_tokens=mask_tokens)
        kept, kept_second = _shares(len(first), len(second), room, truncate)
        return self.join(
            first[:kept], second[:kept_second], truncated=len(first) + len(second) > room
        )

    def ids(self, text: str, *, mask_tokens: bool = False) -> list[int]:
        """The word pieces of a text of any length, without special tokens.

        Raises:
            EdgebertError: not a string, or a lone surrogate.
        """
        _check_text(text)
        if mask_tokens and MASK in text:
            return self._ids_with_masks(text)
        return self._cutter.ids(text)

    def offsets(self, text: str, *, mask_tokens: bool = False) -> list[Offsets]:
        """Where each of `ids` stands in the text (see `encode_with_offsets`)."""
        found: list[Offsets] = []
        at = 0
        *before, last = text.split(MASK) if mask_tokens else [text]
        for part in before:
            found += self._offsets(self._cutter.before_mask(part), at)
            at += len(part)
            found.append((at, at + len(MASK)))
            at += len(MASK)
        return found + self._offsets(last, at)

    def join(
        self, first: Sequence[int], second: Sequence[int] | None = None, *, truncated: bool = False
    ) -> Encoding:
        """Puts the special tokens around the ids of a text, or of a text and its pair."""
        if second is None:
            ids = [self._cls, *first, self._sep]
            return Encoding(ids, [0] * len(ids), truncated)
        ids = [self._cls, *first, self._sep, *second, self._sep]
        return Encoding(ids, [0] * (len(first) + 2) + [1] * (len(second) + 1), truncated)

    def segments(self, ids: Sequence[int]) -> list[int]:
        """The segment of each token: 0 up to the first [SEP], 1 behind it."""
        first = next((at + 1 for at, each in enumerate(ids) if each == self._sep), len(ids))
        return [0] * first + [1] * (len(ids) - first)

    def encode_batch(
        self,
        texts: Iterable[str],
        pairs: Iterable[str] | None = None,
        *,
        max_length: int | None = None,
        mask_tokens: bool = False,
        truncate: Truncate = "longest",
    ) -> list[Encoding]:
        """`encode` for each text, or for each text and the pair at the same place.

        Raises:
            EdgebertError: as `encode`; one string instead of several; texts and pairs of
                different number.
        """
        if isinstance(texts, str) or isinstance(pairs, str):
            raise EdgebertError("a batch is a list of strings; one string was given")
        firsts = list(texts)
        seconds = [None] * len(firsts) if pairs is None else list(pairs)
        if len(firsts) != len(seconds):
            raise EdgebertError(f"{len(firsts)} texts and {len(seconds)} pairs: not as many")
        return [
            self.encode(
                text, pair, max_length=max_length, mask_tokens=mask_tokens, truncate=truncate
            )
            for text, pair in zip(firsts, seconds, strict=True)
        ]

    def encode_with_offsets(
        self,
        text: str,
        pair: str | None = None,
        *,
        max_length: int | None = None,
        mask_tokens: bool = False,
        truncate: Truncate = "longest",
    ) -> tuple[Encoding, list[Offsets]]:
        """`encode`, and for each token where it stands in its text.

        An offset is in `text` where the segment id is 0 and in `pair` where it is 1; that of [CLS]
        and [SEP] is (0, 0). Stripped accents belong to the character before them. Pieces made
        from one character (parts of a hangul syllable) have the same span.
        """
        encoding = self.encode(
            text, pair, max_length=max_length, mask_tokens=mask_tokens, truncate=truncate
        )
        spans = self.offsets(text, mask_tokens=mask_tokens)
        if pair is None:
            return encoding, [_NOWHERE, *spans[: encoding.length - 2], _NOWHERE]
        kept_second = sum(encoding.segment_ids) - 1
        kept = encoding.length - kept_second - 3
        second = self.offsets(pair, mask_tokens=mask_tokens)[:kept_second]
        return encoding, [_NOWHERE, *spans[:kept], _NOWHERE, *second, _NOWHERE]

    def _room(self, max_length: int | None, is_pair: bool) -> int:
        """How many tokens fit beside the special ones."""
        length = self.options.max_length if max_length is None else max_length
        special = 3 if is_pair else 2
        least = special + 1 + is_pair
        if not (type(length) is int and least <= length <= self.options.max_length):
            raise EdgebertError(
                f"max_length is {length!r}; for {'a pair' if is_pair else 'a text'} "
                f"a whole number from {least} to {self.options.max_length} is needed"
            )
        return length - special

    def _offsets(self, part: str, at: int) -> list[Offsets]:
        return [(at + start, at + end) for start, end in self._cutter.offsets(part)]

    def _ids_with_masks(self, text: str) -> list[int]:
        *before, last = text.split(MASK)
        ids: list[int] = []
        for part in before:
            ids += [*self.ids(self._cutter.before_mask(part)), self.mask_id]
        return ids + self.ids(last)


def _cutter(
    vocabulary: Sequence[str], options: TokenizerOptions, unigram: UnigramModel | None
) -> WordPiece | Unigram:
    if unigram is None:
        return WordPiece(vocabulary, options)
    from edgebert.tokenizer.unigram import Unigram  # WordPiece starts without it

    return Unigram(vocabulary, unigram)


def _shares(first: int, second: int, room: int, truncate: Truncate) -> tuple[int, int]:
    """How many tokens of each of two texts stay."""
    least = {"longest": (room + 1) // 2, "first": 0, "second": room}.get(truncate)
    if least is None:
        raise EdgebertError(
            f"truncate is {truncate!r}; accepted: {', '.join(map(repr, get_args(Truncate)))}"
        )
    kept = min(first, max(room - second, least))
    return kept, min(second, room - kept)


def _check_text(text: str) -> None:
    if not isinstance(text, str):
        raise EdgebertError(f"a text must be a string; {type(text).__name__} was given")
    if not text.isascii() and (found := _SURROGATE.search(text)):
        raise EdgebertError(
            f"text: lone surrogate U+{ord(found[0]):04X} at character {found.start()}; "
            "decode the text as UTF-8 or UTF-16 first"
        )
