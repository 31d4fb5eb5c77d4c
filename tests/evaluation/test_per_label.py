"""Figures of each label against scikit-learn's own example, and confusions against counting."""

from collections import Counter

import numpy as np
import pytest

from edgebert.evaluation.metrics import macro_f1
from edgebert.evaluation.per_label import confusions, label_figures

LABELS = ("ant", "bird", "cat", "dog", "eel")


def one_hot(numbers):
    return np.eye(len(LABELS))[numbers]


def test_the_figures_are_those_of_the_definition():
    # The first example of scikit-learn's user guide for precision_recall_fscore_support.
    expected, predicted = np.array([0, 1, 2, 0, 1, 2]), np.array([0, 2, 1, 0, 0, 1])
    figures = label_figures(LABELS, one_hot(expected), one_hot(predicted))
    assert [each.label for each in figures] == ["ant", "bird", "cat"]
    assert [each.rows for each in figures] == [2, 2, 2]
    assert [each.precision for each in figures] == pytest.approx([2 / 3, 0, 0])
    assert [each.recall for each in figures] == [1, 0, 0]
    assert [each.f1 for each in figures] == pytest.approx([0.8, 0, 0])


def test_the_mean_of_the_labels_is_macro_f1():
    numbers = np.random.default_rng(1)
    expected, predicted = numbers.integers(0, 4, (2, 300))
    figures = label_figures(LABELS, one_hot(expected), one_hot(predicted))
    mean = np.mean([each.f1 for each in figures if each.rows])
    assert mean == pytest.approx(macro_f1(expected, predicted))


def test_a_label_that_is_only_predicted_is_listed():
    (ant, eel) = label_figures(LABELS, one_hot([0, 0]), one_hot([0, 4]))
    assert (ant.recall, eel.rows, eel.precision, eel.f1) == (0.5, 0, 0, 0)


def test_confusions_are_counted_the_most_frequent_first():
    numbers = np.random.default_rng(2)
    expected, predicted = numbers.integers(0, 5, (2, 200))
    counts = Counter(
        (LABELS[one], LABELS[other])
        for one, other in zip(expected, predicted, strict=True)
        if one != other
    )
    found = confusions(LABELS, expected, predicted)
    assert {(each.expected, each.predicted): each.rows for each in found} == counts
    assert [each.rows for each in found] == sorted(counts.values(), reverse=True)
    assert confusions(LABELS, expected, expected) == ()
