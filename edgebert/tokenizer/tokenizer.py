"""Text to the input ids of a BERT, and back to where each token stands in the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, TypeVar, get_args

from edgebert.errors import EdgebertError
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.special import MASK
from edgebert.tokenizer.wordpiece import WordPiece

if TYPE_CHECKING:
    from edgebert.tokenizer.added_token import AddedToken
    from edgebert.tokenizer.added_tokens import WithAddedTokens
    from edgebert.tokenizer.template import Layout
    from edgebert.tokenizer.unigram import Unigram, UnigramModel

Offsets: TypeAlias = tuple[int, int]
"""`[start, end)` in characters (code points) of the text as it was given."""

Truncate: TypeAlias = Literal["longest", "first", "second"]
"""Which text of a pair gives way where both do not fit: the longer one, or always the same."""

_TRUNCATE = get_args(Truncate)

Item = TypeVar("Item")

_SURROGATE = re.compile("[\ud800-\udfff]")
_UNCASED = TokenizerOptions()
_BERT_SPECIAL: tuple[int, ...] = (2, 3)
"""How many special tokens are around a text, and around a text and its pair."""


class Encoding(NamedTuple):
    """One input of the model.

    Attributes:
        ids: [CLS] text [SEP], or [CLS] text [SEP] pair [SEP], where the options have no template.
        segment_ids: as long as `ids`; without a template 0 up to the first [SEP], 1 after it.
        truncated: something was cut off to fit `max_length`.
    """

    ids: list[int]
    segment_ids: list[int]
    truncated: bool

    @property
    def length(self) -> int:
        """Number of tokens, special ones included."""
        return len(self.ids)


class Tokenizer:
    """WordPiece, exact to the original BERT, or a unigram tokenizer, exact to Hugging Face's.

    Special tokens typed in a text are plain text: "[SEP]" in a text gives the pieces of a
    bracket, "sep" and a bracket, so that no text can pass for two. Only [MASK] can be asked for.
    Added tokens (`options.added_tokens`) are found wherever they stand.

    Tokens met before are looked up, not computed. Threads may share one tokenizer.

    Args:
        vocabulary: word pieces; the index is the id. [PAD], [UNK], [CLS] and [SEP] must be there.
        options: lower-casing and the like; `options.max_length` is the default of `max_length`
            below and the most it can be.
        unigram: makes it a unigram tokenizer, whatever the options say of letters.

    Raises:
        EdgebertError: a special token is missing, a piece is there twice, or an added token or a
            template does not fit the vocabulary.
    """

    def __init__(
        self,
        vocabulary: Sequence[str],
        options: TokenizerOptions = _UNCASED,
        unigram: UnigramModel | None = None,
    ) -> None:
        _check_added(options.added_tokens, vocabulary)
        self.options = options
        self._vocabulary = vocabulary
        self._pieces = pieces = _pieces(vocabulary, options, unigram)
        self._cutter = self._with_added(options.added_tokens) if options.added_tokens else pieces
        self.pad_id = pieces.id_of(pieces.special.pad)
        self._cls = pieces.id_of(pieces.special.cls)
        self._sep = pieces.id_of(pieces.special.sep)
        self._keeps_start = options.truncation_side == "right"
        self._has_template = options.template is not None
        self._special = _BERT_SPECIAL
        if self._has_template:
            self._special = tuple(layout.special for layout in self._layouts)

    @property
    def mask_id(self) -> int:
        """The id of [MASK].

        Raises:
            EdgebertError: the vocabulary has none.
        """
        return self._pieces.id_of(self._pieces.special.mask)

    @property
    def unknown_id(self) -> int:
        """The id of [UNK], which stands for what the vocabulary cannot write."""
        return self._pieces.id_of(self._pieces.special.unknown)

    def piece(self, token_id: int) -> str:
        """The piece with an id, as the vocabulary has it."""
        return self._vocabulary[token_id]

    def spelling(self, token_id: int) -> tuple[str, bool]:
        """The piece with an id as it is written, and whether it continues the word before it."""
        if token_id in self._added_ids:
            return self._vocabulary[token_id], False
        return self._pieces.spelling(self._vocabulary[token_id])

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
            max_length: most tokens, special ones included. A text that is too long loses its end,
                or its start where `options.truncation_side` is "left".
            mask_tokens: "[MASK]" in the text stands for the mask token, as fill-mask needs.
            truncate: which text of a pair gives way: "first", "second" or the longer one until
                both are as long; the one that was longer (the second at a tie) then keeps a token
                more where the number is odd. Where a text that is to stay whole does not fit
                alone, it is cut too and of the other nothing is left.

        Raises:
            EdgebertError: not a string, a lone surrogate, a `max_length` out of range, or an
                unknown `truncate`.
        """
        if truncate not in _TRUNCATE:
            raise EdgebertError(
                f"truncate is {truncate!r}; accepted: {', '.join(map(repr, _TRUNCATE))}"
            )
        capacity = self._capacity(max_length, pair is not None)
        first = self.ids(text, mask_tokens=mask_tokens)
        if pair is None:
            kept_ids = first[:capacity] if self._keeps_start else first[-capacity:]
            return self.join(kept_ids, truncated=len(first) > capacity)
        second = self.ids(pair, mask_tokens=mask_tokens)
        kept, kept_second = _shares(len(first), len(second), capacity, truncate)
        return self.join(
            self.cut(first, kept),
            self.cut(second, kept_second),
            truncated=len(first) + len(second) > capacity,
        )

    @property
    def has_bert_layout(self) -> bool:
        """Whether special tokens stand where BERT has them; segments may be others."""
        template = self.options.template
        if template is None:
            return True
        from edgebert.tokenizer.template import bert_template, tokens_of

        bert = bert_template(self._cls, self._sep)
        return tokens_of(template.single) == tokens_of(bert.single) and tokens_of(
            template.pair
        ) == tokens_of(bert.pair)

    def capacity(self, *, pair: bool = False) -> int:
        """How many tokens of a text, or of a text and its pair, fit beside the special ones."""
        return self.options.max_length - self._special[pair]

    def start(self, first: int | None = None) -> int:
        """Where the tokens of a text begin in an input.

        Args:
            first: None: of a single text. A number: where those of its pair begin, that many being
                those of the text.
        """
        single, pair = self._layouts
        return single.start() if first is None else pair.start(first)

    def cut(self, tokens: Sequence[Item], most: int) -> Sequence[Item]:
        """What is kept of one item a token where `most` fit: the first, or the last of them."""
        return tokens[:most] if self._keeps_start else tokens[max(0, len(tokens) - most) :]

    def ids(self, text: str, *, mask_tokens: bool = False) -> list[int]:
        """The word pieces of a text of any length, without special tokens.

        Raises:
            EdgebertError: not a string, or a lone surrogate.
        """
        _check_text(text)
        if mask_tokens and MASK in text:
            return self._with_masks.ids(text)
        return self._cutter.ids(text)

    def offsets(self, text: str, *, mask_tokens: bool = False) -> list[Offsets]:
        """Where each of `ids` stands in the text (see `encode_with_offsets`)."""
        if mask_tokens and MASK in text:
            return self._with_masks.offsets(text)
        return self._cutter.offsets(text)

    def join(
        self, first: Sequence[int], second: Sequence[int] | None = None, *, truncated: bool = False
    ) -> Encoding:
        """Puts the special tokens around the ids of a text, or of a text and its pair.

        Raises:
            EdgebertError: there is no token at all.
        """
        if self._has_template:
            return self._lay_out(first, second, truncated)
        if second is None:
            ids = [self._cls, *first, self._sep]
            return Encoding(ids, [0] * len(ids), truncated)
        ids = [self._cls, *first, self._sep, *second, self._sep]
        return Encoding(ids, [0] * (len(first) + 2) + [1] * (len(second) + 1), truncated)

    def segments(self, ids: Sequence[int]) -> list[int]:
        """The segment of each token, as far as ids tell: 0 up to the first [SEP], 1 behind it.

        Raises:
            EdgebertError: the tokenizer has a template by which segments do not follow from ids.
        """
        from edgebert.tokenizer.template import segments_from_ids

        rule = segments_from_ids(self.options.template, self._sep)
        if rule is None:
            raise EdgebertError("segment ids do not follow from ids here; give them, too")
        first = len(ids)
        if rule == "separator":
            first = next((at + 1 for at, each in enumerate(ids) if each == self._sep), first)
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

        An offset of a token of `text` is in `text`, one of `pair` in `pair`; that of [CLS], [SEP]
        and what else the template adds is (0, 0). Stripped accents belong to the character before
        them. Pieces made from one character (parts of a hangul syllable) have the same span. An
        added token has the white space that it takes.
        """
        encoding = self.encode(
            text, pair, max_length=max_length, mask_tokens=mask_tokens, truncate=truncate
        )
        capacity = self._capacity(max_length, pair is not None)
        spans = self.offsets(text, mask_tokens=mask_tokens)
        if pair is None:
            return encoding, self._layouts[0].fill([self.cut(spans, capacity)], _nowhere)
        second = self.offsets(pair, mask_tokens=mask_tokens)
        kept, kept_second = _shares(len(spans), len(second), capacity, truncate)
        both = [self.cut(spans, kept), self.cut(second, kept_second)]
        return encoding, self._layouts[1].fill(both, _nowhere)

    def _capacity(self, max_length: int | None, is_pair: bool) -> int:
        """How many tokens fit beside the special ones."""
        length = self.options.max_length if max_length is None else max_length
        special = self._special[is_pair]
        least = special + 1 + is_pair
        if not (type(length) is int and least <= length <= self.options.max_length):
            raise EdgebertError(
                f"max_length is {length!r}; for {'a pair' if is_pair else 'a text'} "
                f"a whole number from {least} to {self.options.max_length} is needed"
            )
        return length - special

    def _lay_out(
        self, first: Sequence[int], second: Sequence[int] | None, truncated: bool
    ) -> Encoding:
        texts = [first] if second is None else [first, second]
        layout = self._layouts[len(texts) - 1]
        ids = layout.fill(texts, int)
        if not ids:
            raise EdgebertError("the text has no token, and no special token is put around it")
        return Encoding(ids, layout.segments(texts), truncated)

    def _with_added(self, tokens: Sequence[AddedToken]) -> WithAddedTokens:
        from edgebert.tokenizer.added_tokens import WithAddedTokens  # most have none

        return WithAddedTokens(self._pieces, tokens)

    @cached_property
    def _layouts(self) -> tuple[Layout, Layout]:
        """Where special tokens stand around a text, and around a text and its pair."""
        from edgebert.tokenizer.template import Layout, bert_template  # `join` knows BERT's own

        template = self.options.template or bert_template(self._cls, self._sep)
        size = len(self._vocabulary)
        return Layout(template.single, 1, size), Layout(template.pair, 2, size)

    @cached_property
    def _with_masks(self) -> WithAddedTokens:
        from edgebert.tokenizer.added_token import AddedToken  # most have none

        mask = AddedToken(MASK, self.mask_id, lstrip=self._pieces.mask_takes_space)
        return self._with_added([mask, *self.options.added_tokens])

    @cached_property
    def _added_ids(self) -> frozenset[int]:
        return frozenset(token.id for token in self.options.added_tokens)


def _pieces(
    vocabulary: Sequence[str], options: TokenizerOptions, unigram: UnigramModel | None
) -> WordPiece | Unigram:
    if unigram is None:
        return WordPiece(vocabulary, options)
    from edgebert.tokenizer.unigram import Unigram  # WordPiece starts without it

    return Unigram(vocabulary, unigram, options.added_tokens)


def _shares(first: int, second: int, capacity: int, truncate: Truncate) -> tuple[int, int]:
    """How many tokens of each of two texts stay."""
    half = (capacity + (first > second)) // 2
    least = {"longest": half, "first": 0, "second": capacity}[truncate]
    kept = min(first, max(capacity - second, least))
    return kept, min(second, capacity - kept)


def _nowhere(_: int) -> Offsets:
    return 0, 0


def _check_added(tokens: Iterable[AddedToken], vocabulary: Sequence[str]) -> None:
    for token in tokens:
        if not 0 <= token.id < len(vocabulary):
            raise EdgebertError(
                f"added token {token.content!r} has the id {token.id}; ids go from 0 to "
                f"{len(vocabulary) - 1}"
            )


def _check_text(text: str) -> None:
    if not isinstance(text, str):
        raise EdgebertError(f"a text must be a string; {type(text).__name__} was given")
    if not text.isascii() and (found := _SURROGATE.search(text)):
        raise EdgebertError(
            f"text: lone surrogate U+{ord(found[0]):04X} at character {found.start()}; "
            "decode the text as UTF-8 or UTF-16 first"
        )
