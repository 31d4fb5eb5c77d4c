import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebert.evaluation.entities import (
    Entity,
    count,
    entities_of,
    f1,
    is_tag,
    precision,
    recall,
)

TAGS = ["O", *(f"{place}-{label}" for place in "BIES" for label in ("PER", "LOC"))]
sentence = st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS)), min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("B-PER I-PER O B-LOC", {("PER", 0, 1), ("LOC", 3, 3)}),
        ("B-PER B-PER I-PER", {("PER", 0, 0), ("PER", 1, 2)}),
        ("I-PER I-PER I-LOC", {("PER", 0, 1), ("LOC", 2, 2)}),
        ("I-LOC B-LOC O", {("LOC", 0, 0), ("LOC", 1, 1)}),
        ("S-PER S-PER", {("PER", 0, 0), ("PER", 1, 1)}),
        ("B-PER I-PER E-PER I-PER", {("PER", 0, 2), ("PER", 3, 3)}),
        ("U-PER B-PER L-PER I-PER", {("PER", 0, 0), ("PER", 1, 2), ("PER", 3, 3)}),
        ("I-A-B I-A-C", {("A-B", 0, 0), ("A-C", 1, 1)}),
        ("O O", set()),
        ("", set()),
    ],
)
def test_entities_of_every_scheme(tags, expected):
    assert entities_of(tags.split()) == {Entity(*each) for each in expected}


@settings(deadline=None)
@given(st.lists(sentence, min_size=1, max_size=6))
def test_scores_equal_seqevals(sentences):
    metrics = pytest.importorskip("seqeval.metrics")
    expected = [[one for one, _ in pairs] for pairs in sentences]
    predicted = [[other for _, other in pairs] for pairs in sentences]
    counts = np.array(
        [
            count(entities_of(one), entities_of(other))
            for one, other in zip(expected, predicted, strict=True)
        ],
        np.float64,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where it divides by 0
        assert precision(counts) == pytest.approx(metrics.precision_score(expected, predicted))
        assert recall(counts) == pytest.approx(metrics.recall_score(expected, predicted))
        assert f1(counts) == pytest.approx(metrics.f1_score(expected, predicted))


def test_an_entity_is_right_only_as_a_whole():
    counts = count(entities_of(["B-PER", "I-PER", "O"]), entities_of(["B-PER", "I-PER", "I-PER"]))
    assert counts == (1, 1, 0)


@pytest.mark.parametrize("tag", ["O", "B-PER", "I-a-b", "E-x", "S-x", "L-x", "U-x"])
def test_tags(tag):
    assert is_tag(tag)


@pytest.mark.parametrize("tag", ["", "o", "B", "B-", "PER", "X-PER", "-X-", "BPER", "B_PER"])
def test_what_is_no_tag(tag):
    assert not is_tag(tag)
