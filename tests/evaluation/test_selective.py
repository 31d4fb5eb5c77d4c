"""What scores are worth: against scikit-learn and against counting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebert.errors import EdgebertError
from edgebert.evaluation.selective import (
    auroc,
    confidence,
    expected_calibration_error,
    out_of_scope,
    reliability,
    risk_coverage,
)

calibration_curve = pytest.importorskip("sklearn.calibration").calibration_curve
roc_auc_score = pytest.importorskip("sklearn.metrics").roc_auc_score

# Few values, so that there are ties.
SCORES = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=60)


@given(SCORES, st.lists(st.integers(0, 20), min_size=1, max_size=40))
def test_auroc_is_that_of_scikit_learn(within, outside):
    one = [score / 20 for score, _ in within]
    other = [score / 20 for score in outside]
    expected = roc_auc_score([1] * len(one) + [0] * len(other), one + other)
    assert auroc(one, other) == pytest.approx(expected)


@given(SCORES, st.randoms(use_true_random=False))
def test_risk_is_the_mean_over_every_order_of_equal_scores(rows, random):
    scores = [score / 20 for score, _ in rows]
    right = [hit for _, hit in rows]
    found = risk_coverage(scores, right)
    for at in (1, len(rows) // 2 or 1, len(rows)):
        bar = sorted(scores, reverse=True)[at - 1]
        above = [not hit for score, hit in zip(scores, right, strict=True) if score > bar]
        tied = [not hit for score, hit in zip(scores, right, strict=True) if score == bar]
        wrong = sum(above) + (at - len(above)) * np.mean(tied)
        assert found[at - 1] == pytest.approx(wrong / at)
    shuffled = list(range(len(rows)))
    random.shuffle(shuffled)
    again = risk_coverage([scores[i] for i in shuffled], [right[i] for i in shuffled])
    assert again == pytest.approx(found)


def test_the_area_is_the_mean_risk():
    found = confidence("answers", [0.9, 0.8, 0.7, 0.6], [1, 0, 1, 1], [1, 1, 1, 0])
    assert found.aurc == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 4) / 4)
    assert (found.coverage, found.selective_accuracy) == (0.75, pytest.approx(2 / 3))
    assert (found.curve[0].risk, found.curve[-1]) == (0, (found.curve[-1]))
    assert found.curve[-1].coverage == 1


@given(SCORES)
def test_the_reliability_diagram_is_that_of_scikit_learn(rows):
    scores = np.array([score / 20 + 0.003 for score, _ in rows]).clip(0, 1)
    right = np.array([hit for _, hit in rows])
    bins = [each for each in reliability(scores, right) if each.rows]
    true, predicted = calibration_curve(right, scores, n_bins=15)
    assert [each.accuracy for each in bins] == pytest.approx(true.tolist())
    assert [each.score for each in bins] == pytest.approx(predicted.tolist())


def test_the_calibration_error_weighs_each_bin_by_its_rows():
    # 0.95: three rows, two right; 0.45: one row, wrong.
    bins = reliability([0.95, 0.95, 0.95, 0.45], [1, 1, 0, 0])
    expected = (3 * abs(0.95 - 2 / 3) + 0.45) / 4
    assert expected_calibration_error(bins) == pytest.approx(expected)
    assert sum(each.rows for each in bins) == 4


def test_scores_at_the_ends_have_a_bin():
    bins = reliability([0.0, 1.0], [0, 1])
    assert (bins[0].rows, bins[-1].rows) == (1, 1)


def test_none_answered_has_no_accuracy():
    found = confidence("answers", [0.5], [1], [0])
    assert (found.coverage, found.selective_accuracy) == (0, None)


def test_rejected_where_95_percent_in_scope_are_kept():
    found = out_of_scope(np.arange(1, 101), [0.5, 3, 5.5, 7, 50], [True, True, True, False, False])
    assert (found.rows, found.rejected, found.rejected_at_95) == (5, 0.6, 0.6)
    assert out_of_scope([1.0], [2.0], None).rejected is None


def test_scores_that_are_not_finite_are_refused():
    with pytest.raises(EdgebertError, match="not finite"):
        confidence("answers", [0.5, float("nan")], [1, 1], [1, 1])
    with pytest.raises(EdgebertError, match="no scores"):
        auroc([], [1.0])
