"""How text becomes word pieces, beside the vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from edgebert.tokenizer.special import Kind

TruncationSide: TypeAlias = Literal["right", "left"]
"""The end of a text that is cut off where it is too long."""


@dataclass(frozen=True)
class AddedToken:
    """A text that is one token wherever it stands in a text, as Hugging Face's tokenizers have it.

    Attributes:
        content: the text.
        id: of the token.
        lstrip: takes the white space before it, too.
        rstrip: takes the white space behind it, too.
        single_word: is not found inside a word.
        normalized: is looked for in the normalised text, not in the text as it was given.
        word_piece: is one of the model's own pieces as well, so that words that are not cut out
            whole may be cut into it. Others are found in no other way, though the vocabulary has
            them.
    """

    content: str
    id: int
    lstrip: bool = False
    rstrip: bool = False
    single_word: bool = False
    normalized: bool = False
    word_piece: bool = False


def hidden_pieces(vocabulary: Sequence[str], tokens: Iterable[AddedToken]) -> frozenset[str]:
    """What of a vocabulary is found in a text as an added token alone."""
    return frozenset(vocabulary[token.id] for token in tokens if not token.word_piece)


@dataclass(frozen=True)
class TemplatePart:
    """A place in a template.

    Attributes:
        token: id of a special token; None: the text stands here, in a pair first the text, then
            its pair.
        segment: segment id of all tokens of the place.
    """

    token: int | None
    segment: int = 0


@dataclass(frozen=True)
class Template:
    """Where special tokens stand around a text, and around a text and its pair."""

    single: tuple[TemplatePart, ...]
    pair: tuple[TemplatePart, ...]


@dataclass(frozen=True)
class TokenizerOptions:
    """Options of a tokenizer. The defaults are those of BERT uncased.

    Attributes:
        lower_case: of WordPiece, as the next two; a unigram tokenizer has steps of its own.
        strip_accents: None means "as lower_case", which is what the original BERT does.
        chinese_chars: put spaces around CJK characters.
        max_length: most tokens of one input, [CLS] and [SEP] included.
        kind: how words are cut into pieces. "wordpiece": the pieces are in vocab.txt; "unigram":
            pieces, scores and normaliser are in unigram.json, and the options of letters mean
            nothing. A reader that does not know the kind must refuse the file.
        truncation_side: the end of a text that is cut off where it is too long.
        added_tokens: texts that are one token wherever they stand; never [CLS] and the other
            special tokens, which are plain text in a text.
        template: where special tokens stand; None: [CLS] text [SEP] and [CLS] text [SEP] pair
            [SEP], with segment 1 behind the first [SEP].
    """

    lower_case: bool = True
    strip_accents: bool | None = None
    chinese_chars: bool = True
    max_length: int = 512
    kind: Kind = "wordpiece"
    truncation_side: TruncationSide = "right"
    added_tokens: tuple[AddedToken, ...] = ()
    template: Template | None = None
