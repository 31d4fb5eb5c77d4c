import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edgebert.errors import EdgebertError
from edgebert.evaluation.metrics import accuracy, cosine, macro_f1, matthews, pearson, spearman

X = [1.0, 2.0, 2.0, 4.0, 5.0, 7.0]
Y = [2.0, 1.0, 3.0, 3.0, 3.0, 9.0]


def test_accuracy_is_the_share_of_hits():
    assert accuracy(["a", "b", "b", "c"], ["a", "b", "c", "c"]) == 0.75


def test_correlations_worked_by_hand():
    # Deviations of x: -2.5 -1.5 -1.5 .5 1.5 3.5, of y: -1.5 -2.5 -.5 -.5 -.5 5.5.
    assert pearson(X, Y) == pytest.approx(26.5 / (25.5 * 39.5) ** 0.5, abs=1e-12)
    # Ranks of x: 1 2.5 2.5 4 5 6, of y: 2 1 4 4 4 6.
    assert spearman(X, Y) == pytest.approx(13.0 / (17.0 * 15.5) ** 0.5, abs=1e-12)


def test_perfect_correlations():
    assert pearson([1, 2, 3], [10, 20, 30]) == pytest.approx(1)
    assert pearson([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert spearman([1, 2, 3], [1, 10, 11]) == pytest.approx(1)
    assert max(pearson([0.1, 0.2, x], [0.1, 0.2, x]) for x in (0.3, 0.7, 1e9)) <= 1


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-9, 9), st.floats(-1e3, 1e3).map(lambda x: round(x, 3))),
        min_size=3,
        max_size=40,
    )
)
def test_correlations_equal_scipys(pairs):
    stats = pytest.importorskip("scipy.stats")
    x, y = (list(map(float, values)) for values in zip(*pairs, strict=True))
    assume(len(set(x)) > 1 and len(set(y)) > 1)
    assert pearson(x, y) == pytest.approx(float(stats.pearsonr(x, y)[0]), abs=1e-9)
    assert spearman(x, y) == pytest.approx(float(stats.spearmanr(x, y)[0]), abs=1e-9)


def test_cosine():
    one, other = np.array([3, 4], np.float32), np.array([4, 3], np.float32)
    assert cosine(one, other) == pytest.approx(24 / 25)
    assert cosine(one, -one) == pytest.approx(-1)
    assert cosine(one, np.zeros(2, np.float32)) == 0.0


@pytest.mark.parametrize(
    ("expected", "predicted", "message"),
    [
        ([1.0, 1.0], [1.0, 2.0], "all expected values are the same"),
        ([1.0, 2.0], [1.0, 1.0], "all predicted values are the same"),
        ([1.0, 2.0], [1.0, float("nan")], "not finite"),
        ([1.0], [1.0], "1 labelled rows; 2 or more are needed"),
        ([1.0, 2.0], [1.0], "2 expected values and 1 predictions"),
    ],
)
@pytest.mark.parametrize("metric", [pearson, spearman])
def test_correlation_that_does_not_exist_is_an_error(metric, expected, predicted, message):
    with pytest.raises(EdgebertError, match=message):
        metric(expected, predicted)


def test_accuracy_of_nothing_is_an_error():
    with pytest.raises(EdgebertError, match="0 labelled rows; 1 or more are needed"):
        accuracy([], [])


labels = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1)


@settings(deadline=None)
@given(labels)
def test_label_metrics_equal_sklearns(pairs):
    metrics = pytest.importorskip("sklearn.metrics")
    expected, predicted = zip(*pairs, strict=True)
    close = {"abs": 1e-12}
    assert accuracy(expected, predicted) == metrics.accuracy_score(expected, predicted)
    theirs = metrics.f1_score(
        expected, predicted, average="macro", labels=sorted(set(expected)), zero_division=0
    )
    assert macro_f1(expected, predicted) == pytest.approx(theirs, **close)
    theirs = metrics.matthews_corrcoef(expected, predicted)
    assert matthews(expected, predicted) == pytest.approx(theirs, **close)


def test_label_metrics_worked_by_hand():
    expected, predicted = list("ppppnnnn"), list("pppnpnnn")
    # p: 3 right, 1 missed, 1 too many; n the same.
    assert macro_f1(expected, predicted) == pytest.approx(0.75)
    assert matthews(expected, predicted) == pytest.approx((3 * 3 - 1 * 1) / 16)
    # c is never found and has F1 0; d is never meant and has none.
    assert macro_f1(["a", "b", "c"], ["a", "b", "d"]) == pytest.approx(2 / 3)
    assert matthews(["a", "a"], ["a", "b"]) == 0.0
