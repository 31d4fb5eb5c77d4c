"""A checkpoint with some of its word pieces alone: the rest of its word table is left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from edgebert.bert.weights import EMBEDDINGS, HEADS, MLM_REST
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.learned import weights_fingerprint
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.special import SPECIAL_TOKENS
from edgebert.tokenizer.template import Template, TemplatePart

_BY_PIECE = frozenset(
    name
    for shapes in (EMBEDDINGS, MLM_REST, *HEADS.values())
    for name, shape in shapes.items()
    if shape[0] == "V"
)
"""Weights with a row a word piece."""


def indispensable_pieces(checkpoint: Checkpoint) -> frozenset[int]:
    """Ids without which the tokenizer is another: special and added tokens, and those of templates.

    Of unigram pieces also the least likely one, from which the score of what is unknown follows.
    """
    options = checkpoint.tokenizer
    special = {*SPECIAL_TOKENS[options.kind]}
    kept = {number for number, piece in enumerate(checkpoint.vocabulary) if piece in special}
    kept |= {token.id for token in options.added_tokens}
    if options.template is not None:
        parts = (*options.template.single, *options.template.pair)
        kept |= {part.token for part in parts if part.token is not None}
    if checkpoint.unigram is not None:
        kept.add(int(np.argmin(checkpoint.unigram.scores)))
    return frozenset(kept)


def keep_pieces(checkpoint: Checkpoint, kept: Collection[int]) -> Checkpoint:
    """The same checkpoint with some of its word pieces, numbered anew in their order.

    A text is cut as before if all its pieces are kept and none of them is [UNK]: WordPiece takes
    the longest piece at each place, a unigram tokenizer the likeliest way to cut a word, and among
    fewer pieces neither finds a longer or likelier one.

    Args:
        checkpoint: with any vocabulary.
        kept: ids; with `indispensable_pieces` among them.
    """
    ids = sorted(kept)
    new = {old: number for number, old in enumerate(ids)}
    weights = {
        name: np.ascontiguousarray(weight[ids]) if name in _BY_PIECE else weight
        for name, weight in checkpoint.weights.items()
    }
    unigram, learned = checkpoint.unigram, checkpoint.learned
    if unigram is not None:
        unigram = replace(unigram, scores=tuple(unigram.scores[old] for old in ids))
    if learned is not None and learned.weights == weights_fingerprint(checkpoint.weights):
        # Ranges over all words hold for some of them, too.
        learned = replace(learned, weights=weights_fingerprint(weights))
    return replace(
        checkpoint,
        config=replace(checkpoint.config, vocab_size=len(ids)),
        weights=weights,
        vocabulary=tuple(checkpoint.vocabulary[old] for old in ids),
        tokenizer=_renumbered(checkpoint.tokenizer, new),
        tokenizer_files=None,
        unigram=unigram,
        learned=learned,
    )


def _renumbered(options: TokenizerOptions, new: Mapping[int, int]) -> TokenizerOptions:
    """Options with the new ids of the tokens that they name."""
    template = options.template
    if template is not None:
        template = Template(_parts(template.single, new), _parts(template.pair, new))
    added = tuple(replace(token, id=new[token.id]) for token in options.added_tokens)
    return replace(options, added_tokens=added, template=template)


def _parts(parts: Sequence[TemplatePart], new: Mapping[int, int]) -> tuple[TemplatePart, ...]:
    return tuple(
        part if part.token is None else replace(part, token=new[part.token]) for part in parts
    )
