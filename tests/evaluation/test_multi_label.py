"""Classifiers with independent labels: how their data is read, and how they are evaluated."""

import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import edgebert
from edgebert.errors import EdgebertError
from edgebert.evaluation.data import open_data
from edgebert.evaluation.evaluate import evaluate
from edgebert.evaluation.metrics import multi_label_f1
from edgebert.evaluation.readers import read_rows


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.tsv", "text\tlabels\nx\tjoy|anger\ny\t\nz\t joy | joy\n"),
        ("d.csv", 'text,labels\nx,joy|anger\ny,""\nz,joy\n'),
        (
            "d.jsonl",
            '{"text": "x", "labels": ["joy", "anger"]}\n{"text": "y", "labels": []}\n'
            '{"text": "z", "labels": "joy"}\n',
        ),
    ],
)
def test_a_row_has_several_labels_or_none(tmp_path, name, content):
    rows = read_rows(written(tmp_path, name, content), multi_label=True)
    assert [(row.text, row.labels) for row in rows] == [
        ("x", ("joy", "anger")),
        ("y", ()),
        ("z", ("joy",)),
    ]


@pytest.mark.parametrize("label", [["joy|anger"], [1], [""], {"joy": 1}])
def test_what_is_no_list_of_labels_is_one_line(tmp_path, label):
    row = json.dumps({"text": "x", "label": label})
    with pytest.raises(EdgebertError, match=r"d.jsonl, line 1: 'label' ") as caught:
        list(read_rows(written(tmp_path, "d.jsonl", row), multi_label=True))
    assert "\n" not in str(caught.value)


def test_several_labels_are_refused_where_there_is_one(tmp_path):
    path = written(tmp_path, "d.jsonl", '{"text": "x", "label": ["joy"]}\n')
    with pytest.raises(EdgebertError, match="a label or number is needed"):
        list(read_rows(path))


@settings(deadline=None)
@given(arrays.arrays(np.float64, (2, 7, 4), elements=st.sampled_from([0.0, 1.0])))
def test_f1_equals_sklearns(both):
    sklearn = pytest.importorskip("sklearn.metrics")
    expected, predicted = both
    met = np.flatnonzero(both.sum(axis=(0, 1)))
    assume(met.size)
    micro = sklearn.f1_score(expected, predicted, average="micro", labels=met, zero_division=0)
    found = np.flatnonzero(expected.sum(axis=0))
    of_found = {"average": "macro", "labels": found, "zero_division": 0}
    macro = sklearn.f1_score(expected, predicted, **of_found) if found.size else 0.0
    assert multi_label_f1(expected, predicted) == pytest.approx((micro, macro))


def test_no_label_at_all_has_no_f1():
    with pytest.raises(EdgebertError, match="no F1: no row has a label, and none is predicted"):
        multi_label_f1(np.zeros((3, 2)), np.zeros((3, 2)))


def test_a_converted_model_is_evaluated_as_sklearn_judges_its_scores(converted, tmp_path):
    sklearn = pytest.importorskip("sklearn.metrics")
    texts = ["Where is my card?", "I was charged twice", "good", "It was late, and bad", "thanks"]
    with edgebert.load(converted("multi-label")) as model:
        assert model.multi_label
        labels = model.labels
        chosen = [labels[:number] for number in (0, 1, 2, 1, 0)]
        rows = [json.dumps({"text": t, "label": c}) for t, c in zip(texts, chosen, strict=True)]
        path = written(tmp_path, "d.jsonl", "\n".join(rows))
        found = evaluate(model, open_data(path, "classify", multi_label=True)).metrics
        scores = np.array([[model(text).scores[label] for label in labels] for text in texts])
    expected = np.array([[label in each for label in labels] for each in chosen])
    predicted = scores > 0.5
    assert 0 < predicted.mean() < 1
    assert found["exact_match"] == sklearn.accuracy_score(expected, predicted)
    assert found["micro_f1"] == pytest.approx(
        sklearn.f1_score(expected, predicted, average="micro")
    )
    met = np.flatnonzero(expected.any(axis=0))
    assert found["macro_f1"] == pytest.approx(
        sklearn.f1_score(expected, predicted, average="macro", labels=met, zero_division=0)
    )


def test_a_label_that_the_model_has_not_is_one_line(converted, tmp_path):
    path = written(tmp_path, "d.tsv", "text\tlabel\nx\t\ny\t0|poetry\n")
    with (
        edgebert.load(converted("multi-label")) as model,
        pytest.raises(EdgebertError, match=r"line 3: the model has no label 'poetry'"),
    ):
        evaluate(model, open_data(path, "classify", multi_label=True))
