"""How text becomes word pieces, beside the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TokenizerOptions:
    """Options of a WordPiece tokenizer. The defaults are those of BERT uncased.

    Attributes:
        strip_accents: None means "as lower_case", which is what the original BERT does.
        chinese_chars: put spaces around CJK characters.
        max_length: most tokens of one input, [CLS] and [SEP] included.
    """

    lower_case: bool = True
    strip_accents: bool | None = None
    chinese_chars: bool = True
    max_length: int = 512
