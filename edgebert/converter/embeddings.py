"""From token ids to what the first layer reads."""

from __future__ import annotations

import numpy as np

from edgebert.converter.builder import Builder
from edgebert.converter.graph import DYNAMIC
from edgebert.converter.graph_ops import T


def embeddings(b: Builder[T], ids: T, mask: T, segments: T) -> T:
    """Words, positions and segments summed up, normalised and projected.

    Args:
        b: of the graph.
        ids: of tokens, [n].
        mask: 1 for a token and 0 for padding, [1, n].
        segments: of tokens, [1, n].

    Returns:
        [n, H].
    """
    g, config = b.graph, b.config
    positions = g.first_rows_like(b.table("embeddings.position"), ids)
    positions = g.dequantize(positions)
    words = _neighbours(b, ids, mask) if config.trigrams else _rows(b, ids)
    if config.projection == "words":
        words = b.dense(words, "embeddings.projection")
    summed = b.scaled_columns(g.add(words, positions))
    if config.type_vocab_size:
        summed = g.add(summed, _segments(b, segments))
    if config.norm == "no_norm":  # joined to the projection (`fold.fold_no_norms`)
        return summed
    centred = "embeddings.rms_norm.weight" in b.weights  # `embedding_tables.centre_rows`
    normed = (
        b.rms_norm(summed, "embeddings.rms_norm")
        if centred
        else b.layer_norm(summed, "embeddings.norm")
    )
    return b.dense(normed, "embeddings.projection") if config.projection else normed


def _rows(b: Builder[T], ids: T) -> T:
    return b.graph.dequantize(b.graph.gather(b.table("embeddings.word"), ids))


def _neighbours(b: Builder[T], ids: T, mask: T) -> T:
    """For each token the words after it, at it and before it, side by side: [n, 3 E].

    Where there is none, and for padding, zeros.
    """
    g, width = b.graph, b.config.word_size
    words = _rows(b, _windows(b, ids))
    there = g.cast(g.reshape(_windows(b, g.reshape(mask, (DYNAMIC,))), (DYNAMIC, 3, 1)), np.float32)
    return g.reshape(g.mul(words, there), (DYNAMIC, 3 * width))


def _windows(b: Builder[T], numbers: T) -> T:
    """For each of n whole numbers the next one, itself and the last one: [n, 3]; 0 past an end."""
    g = b.graph
    edge = g.constant(np.zeros(1, np.int32))
    widened = g.concatenate([edge, numbers, edge])
    columns = [
        g.reshape(g.stretch(widened, first, last), (DYNAMIC, 1))
        for first, last in ((2, None), (1, -1), (0, -2))
    ]
    return g.concatenate(columns)


def _segments(b: Builder[T], segments: T) -> T:
    """Segment vectors [n, H]; segment 0 is zero (folded into the positions)."""
    g = b.graph
    table = b.weights["embeddings.segment"]
    if len(table) == 2:
        one = g.cast(g.reshape(segments, (DYNAMIC, 1)), np.float32)
        return g.mul(one, g.constant(table[1]))
    return g.gather(g.constant(table), g.reshape(segments, (DYNAMIC,)))
