"""What a tokenizer's options say of a text that is one token."""

from __future__ import annotations

from dataclasses import dataclass


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
