"""Retrieval: what the ranks of the right answers to one query are worth."""

from __future__ import annotations

from collections.abc import Sequence


def reciprocal_rank(ranks: Sequence[int], k: int) -> float:
    """1 / rank of the first right answer, 0 past rank k; its mean over queries is MRR@k.

    Args:
        ranks: of all right answers; 1 is the best.
        k: how many answers are looked at.
    """
    first = min(ranks)
    return 1 / first if first <= k else 0.0


def recall_at(ranks: Sequence[int], k: int) -> float:
    """Share of the right answers that are among the first k; its mean over queries is recall@k."""
    return sum(rank <= k for rank in ranks) / len(ranks)
