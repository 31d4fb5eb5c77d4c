"""How text becomes word pieces, beside the vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from edgebert.lazy_names import lazy_names
from edgebert.tokenizer.special import Kind

if TYPE_CHECKING:
    from edgebert.tokenizer.added_token import AddedToken
    from edgebert.tokenizer.template import Template

# Most tokenizers have neither, and start without them.
__getattr__ = lazy_names(
    __name__,
    {"AddedToken": "edgebert.tokenizer.added_token", "Template": "edgebert.tokenizer.template"},
)

TruncationSide: TypeAlias = Literal["right", "left"]
"""The end of a text that is cut off where it is too long."""


def hidden_pieces(vocabulary: Sequence[str], tokens: Iterable[AddedToken]) -> frozenset[str]:
    """What of a vocabulary is found in a text as an added token alone."""
    return frozenset(vocabulary[token.id] for token in tokens if not token.word_piece)


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
