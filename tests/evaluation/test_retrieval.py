import numpy as np
import pytest

from edgebert.evaluation.retrieval import recall_at, reciprocal_rank


def test_ranks_worked_by_hand():
    assert reciprocal_rank([4, 2], 10) == 0.5
    assert reciprocal_rank([11], 10) == 0
    assert reciprocal_rank([10], 10) == 0.1
    assert recall_at([1, 5, 6, 40], 5) == 0.5


def test_means_over_queries_equal_sklearns():
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(0)
    scores = random.normal(size=(200, 30))
    right = random.integers(0, 30, 200)
    truth = np.zeros((200, 30))
    truth[np.arange(200), right] = 1
    ranks = [int((row >= row[at]).sum()) for row, at in zip(scores, right, strict=True)]
    # With one right answer a query, the average precision of a ranking is 1 / rank.
    theirs = metrics.label_ranking_average_precision_score(truth, scores)
    assert np.mean([reciprocal_rank([rank], 30) for rank in ranks]) == pytest.approx(theirs)
    for k in (1, 5, 10):
        theirs = metrics.top_k_accuracy_score(right, scores, k=k, labels=range(30))
        assert np.mean([recall_at([rank], k) for rank in ranks]) == pytest.approx(theirs)
