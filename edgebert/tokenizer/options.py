"""How text becomes word pieces, beside the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

from edgebert.tokenizer.special import Kind


@dataclass(frozen=True)
class TokenizerOptions:
    """Options of a tokenizer. The defaults are those of BERT uncased.

    Attributes:
        lower_case: of WordPiece, as the next two; a unigram tokenizer has steps of its own.
        strip_accents: None means "as lower_case", which is what the original BERT does.
        chinese_chars: put spaces around CJK characters.
        max_length: most tokens of one input, [CLS] and [SEP] included.
        kind: how words are cut into pieces; readers that do not know a kind cannot use the file.
    """

    lower_case: bool = True
    strip_accents: bool | None = None
    chinese_chars: bool = True
    max_length: int = 512
    kind: Kind = "wordpiece"
