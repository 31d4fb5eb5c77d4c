"""A vocabulary of word pieces, trained on a corpus with the library `tokenizers`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from edgebert.checkpoints.vocabulary import MASK_TOKEN, SPECIAL_TOKENS
from edgebert.errors import EdgebertError
from edgebert.extras import needed_for
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.pieces import CONTINUES

_PAD, _UNKNOWN, _CLS, _SEP = SPECIAL_TOKENS
SPECIALS = (_PAD, *(f"[unused{n}]" for n in range(99)), _UNKNOWN, _CLS, _SEP, MASK_TOKEN)
"""What BERT's uncased vocabulary begins with: [PAD] is 0, the others are 100 to 103."""

FEWEST, MOST = 200, 1_000_000
_ALPHABET = 1000  # rarer characters have no piece of their own
_LEAST_COUNT = 2  # of a piece that is made of others


def train_vocabulary(
    texts: Callable[[], Iterable[str]], size: int, options: TokenizerOptions
) -> tuple[str, ...]:
    """Word pieces in BERT's order: special tokens, characters, then what they make up.

    Args:
        texts: gives them from the start, and is called twice; memory grows with the different
            words alone.
        size: most pieces, special ones included; fewer where the text has not so many.
        options: how words are normalised.

    Raises:
        EdgebertError: a size out of range, `tokenizers` is not installed, no text, or more
            characters than pieces.
    """
    if not FEWEST <= size <= MOST:
        raise EdgebertError(f"vocabulary size {size}: from {FEWEST} to {MOST:,} is accepted")
    found = _untrained(options)
    characters = _characters(found, texts())
    if not characters:
        raise EdgebertError("no text to train a vocabulary on")
    first = (*SPECIALS, *characters)
    if len(first) > size:
        raise EdgebertError(
            f"vocabulary size {size}: this text has {len(characters)} characters, which with "
            f"{len(SPECIALS)} special tokens take more"
        )
    # Where two pairs of pieces are as frequent, their numbers decide. Left to itself the library
    # numbers characters as it meets them, which differs from run to run.
    found.train_from_iterator(texts(), _trainer(size, first))
    ids: dict[str, int] = found.get_vocab()
    return tuple(sorted(ids, key=ids.__getitem__))


def _untrained(options: TokenizerOptions) -> Any:
    with needed_for("training a vocabulary"):
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    found = Tokenizer(models.WordPiece(unk_token=_UNKNOWN))
    found.normalizer = normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=options.chinese_chars,
        strip_accents=options.strip_accents,
        lowercase=options.lower_case,
    )
    found.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return found


def _trainer(size: int, first: Sequence[str]) -> Any:
    from tokenizers.trainers import WordPieceTrainer

    return WordPieceTrainer(
        vocab_size=size,
        min_frequency=_LEAST_COUNT,
        limit_alphabet=0,  # they are among the first
        special_tokens=list(first),
        continuing_subword_prefix=CONTINUES,
        show_progress=False,
    )


def _characters(untrained: Any, texts: Iterable[str]) -> list[str]:
    """The most frequent ones in a fixed order, as they begin words and as they go on with them."""
    counts: Counter[str] = Counter()
    inner: set[str] = set()
    for text in texts:
        normalised = untrained.normalizer.normalize_str(text)
        for word, _ in untrained.pre_tokenizer.pre_tokenize_str(normalised):
            counts.update(word)
            inner.update(word[1:])
    kept = sorted(sorted(counts, key=lambda each: (-counts[each], each))[:_ALPHABET])
    return [*kept, *(f"{CONTINUES}{each}" for each in kept if each in inner)]
