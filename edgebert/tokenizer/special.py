"""The special tokens of each kind of vocabulary, and the one that users may write."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["wordpiece", "unigram"]
"""How a tokenizer cuts words into pieces."""

MASK = "[MASK]"
"""What stands for the mask token in a text, whatever the vocabulary calls it."""

SPACE = "▁"
"""What a piece of a unigram vocabulary begins with where a space stood before it."""


class SpecialTokens(NamedTuple):
    """Their names in a vocabulary."""

    pad: str
    unknown: str
    cls: str
    sep: str
    mask: str


SPECIAL_TOKENS: Mapping[Kind, SpecialTokens] = MappingProxyType(
    {
        "wordpiece": SpecialTokens("[PAD]", "[UNK]", "[CLS]", "[SEP]", MASK),
        "unigram": SpecialTokens("<pad>", "<unk>", "[CLS]", "[SEP]", MASK),
    }
)
