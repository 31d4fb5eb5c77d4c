from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgebert.errors import EdgebertError
from edgebert.evaluation import bootstrap
from edgebert.evaluation import evaluate as evaluating
from edgebert.evaluation.data import DataSet, open_data
from edgebert.evaluation.evaluators.classify import CLASSIFY
from edgebert.evaluation.evaluators.correlate import PAIRS, REGRESS
from edgebert.evaluation.readers import Row
from edgebert.runtime.tasks.classify import Classification


@dataclass
class FakeModel:
    """Answers by a function; texts of more than ten characters count as truncated."""

    task: str
    respond: Callable[[str, str | None], Any]
    labels: tuple[str, ...] | None = None
    abstention: None = None

    def reply(self, text, pair=None):
        longest = max(len(text), len(pair or ""))
        return SimpleNamespace(value=self.respond(text, pair), truncated=longest > 10)


def certain(label):
    return Classification(label, 0.9, {label: 0.9, "other": 0.1})


def classifier(*labels):
    """Says "good" to what has a "g" in it, else "bad"."""
    return FakeModel(
        "classify",
        lambda text, pair: certain("good" if "g" in text else "bad"),
        labels or ("bad", "good"),
    )


def evaluate(model, data):
    evaluator = {"classify": CLASSIFY, "embed": PAIRS, "regress": REGRESS}[model.task]
    return evaluating.evaluate(model, DataSet(evaluator, lambda: iter(data)))


def vector(text, pair):
    assert pair is None
    return np.array([len(text), text.count("a"), 1], np.float32)


def rows(*labelled):
    return [Row(*row, place=f"d.tsv, line {at}") for at, row in enumerate(labelled, 2)]


def test_a_classifier_is_evaluated_by_accuracy():
    data = rows(("g", None, "good"), ("x", None, "good"), ("x", None, "bad"), ("g", None, "bad"))
    outcome = evaluate(classifier(), data)
    assert (outcome.task, outcome.rows, outcome.truncated) == ("classify", 4, 0)
    assert outcome.metrics == {"accuracy": 0.5, "macro_f1": 0.5, "matthews": 0}
    assert outcome.seconds > 0


def test_labels_may_be_numbers():
    data = rows(("g", None, "1"), ("x", None, "0"), ("x", None, "good"))
    assert evaluate(classifier(), data).metrics["accuracy"] == pytest.approx(2 / 3)


def test_a_number_is_a_label_where_the_labels_are_numbers():
    model = FakeModel("classify", lambda text, pair: certain(text), ("1", "2"))
    outcome = evaluate(model, rows(("1", None, "1"), ("1", None, "2")))
    assert outcome.metrics["accuracy"] == 0.5
    with pytest.raises(EdgebertError, match="the model has no label '0'; it knows '1', '2'"):
        evaluate(model, rows(("1", None, "0")))


@pytest.mark.parametrize("label", ["Good", "2", "-1", "1.0", "9" * 5000, "²", "ugly"])
def test_an_unknown_label_is_an_error_that_lists_the_known(label):
    with pytest.raises(EdgebertError) as caught:
        evaluate(classifier(), rows(("g", None, "good"), ("g", None, label)))
    assert str(caught.value) == (
        f"d.tsv, line 3: the model has no label {label[:40]!r}; it knows 'bad', 'good'"
    )


def test_of_many_labels_some_are_listed():
    model = classifier(*(f"intent_{number}" for number in range(77)))
    with pytest.raises(EdgebertError, match=r"'intent_19' and 57 more$"):
        evaluate(model, rows(("g", None, "x")))


def test_an_embedding_is_evaluated_on_pairs_by_cosine():
    data = rows(
        ("aaa", "aaa", "5.0"),
        ("aaa", "aab", "4.0"),
        ("aaa", "bbb", "2.5"),
        ("a", "bbbbbbbbbbbb", "0"),
    )
    outcome = evaluate(FakeModel("embed", vector), data)
    cosines = []
    for row in data:
        one, other = vector(row.text, None), vector(row.pair, None)
        cosines.append(one @ other / np.sqrt((one @ one) * (other @ other)))
    expected = np.corrcoef([5, 4, 2.5, 0], cosines)[0, 1]
    assert outcome.metrics["pearson"] == pytest.approx(expected, abs=1e-6)
    assert outcome.metrics["spearman"] == pytest.approx(
        np.corrcoef([4, 3, 2, 1], np.argsort(np.argsort(cosines)))[0, 1]
    )
    assert outcome.truncated == 1


def test_a_regression_is_evaluated_by_its_value():
    model = FakeModel("regress", lambda text, pair: float(len(text) + len(pair or "")))
    outcome = evaluate(model, rows(("a", "b", "1"), ("aa", "b", "2"), ("a", None, "-1e1")))
    assert outcome.metrics["spearman"] == pytest.approx(1)
    assert outcome.metrics["pearson"] < 0.99


@pytest.mark.parametrize("score", ["high", "nan", "inf", "1,5"])
def test_a_score_that_is_no_number_is_an_error(score):
    model = FakeModel("regress", lambda text, pair: 0.0)
    with pytest.raises(EdgebertError, match=rf"d.tsv, line 2: '{score}' is no number"):
        evaluate(model, rows(("a", None, score)))


def test_an_embedding_without_pairs_is_an_error():
    with pytest.raises(EdgebertError, match="line 2: one text; a model for embed is evaluated on"):
        evaluate(FakeModel("embed", vector), rows(("a", None, "1")))


def test_a_task_that_cannot_be_evaluated_is_an_error():
    with pytest.raises(EdgebertError, match="task 'encode' cannot be evaluated; accepted: classif"):
        open_data(Path("d.tsv"), "encode")


def test_no_rows_is_an_error():
    with pytest.raises(EdgebertError, match="no rows to evaluate on"):
        evaluate(classifier(), [])


def test_an_error_of_the_model_says_which_row():
    def refuse(text, pair):
        raise EdgebertError("no")

    with pytest.raises(EdgebertError, match=r"^d.tsv, line 2: no$"):
        evaluate(FakeModel("regress", refuse), rows(("a", None, "1")))


def test_rows_are_checked_before_the_model_runs():
    model = classifier()
    model.respond = None
    with pytest.raises(EdgebertError, match="line 3: the model has no label"):
        evaluate(model, rows(("a", None, "good"), ("a", None, "5")))


def test_the_estimate_lies_in_its_interval_where_labels_are_rare_or_have_no_rows():
    """The first rows of a sorted file: few labels have rows, and many others are predicted."""
    random = np.random.default_rng(0)
    expected = np.repeat([0, 1, 2, 3], 30)
    missed = random.random(120) < 0.3
    predicted = np.where(missed, random.integers(4, 40, 120), expected)
    figures = np.stack([expected, predicted], axis=1).astype(float)
    measures = {"macro_f1": CLASSIFY.metrics["macro_f1"]}
    (drawn,) = bootstrap.draw(measures, [figures])
    low, high = bootstrap.interval(drawn["macro_f1"])
    assert low < measures["macro_f1"](figures) < high
