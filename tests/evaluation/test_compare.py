import pytest

from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.evaluation.compare import Gate, compare
from edgebert.evaluation.data import DataSet
from edgebert.evaluation.evaluate import evaluate
from edgebert.evaluation.evaluators.classify import CLASSIFY
from edgebert.evaluation.evaluators.correlate import REGRESS
from edgebert.evaluation.readers import Row
from edgebert.runtime.reply import Reply
from edgebert.runtime.tasks.classify import Classification

LABELS = ("no", "yes")


class FakeModel:
    """Replies by a function; counts its replies."""

    def __init__(self, respond, task="classify"):
        self.respond, self.task, self.labels, self.replies = respond, task, LABELS, 0
        self.abstention = None

    def reply(self, text, pair=None, **options):
        self.replies += 1
        return Reply(self.respond(text), 0, False)


def certain(label):
    return Classification(label, 0.9, {each: 0.9 if each == label else 0.1 for each in LABELS})


def classifier(right):
    """Right for the texts for which `right` holds."""
    return FakeModel(lambda text: certain(LABELS[(int(text) % 2) == right(int(text))]))


def data(rows=100):
    """Numbers; odd ones are "yes"."""
    return DataSet(
        CLASSIFY,
        lambda: (Row(str(n), None, LABELS[n % 2], f"d.tsv, line {n + 2}") for n in range(rows)),
    )


PERFECT = classifier(lambda n: True)
GOOD = classifier(lambda n: n >= 10)


def test_both_figures_their_difference_and_the_rows():
    comparison = compare(GOOD, PERFECT, data(), show=3)
    assert comparison.model.metrics["accuracy"] == 0.9
    assert comparison.baseline.metrics["accuracy"] == 1
    assert comparison.differences["accuracy"] == pytest.approx(-0.1)
    low, high = comparison.intervals["accuracy"]
    # Ten of a hundred: a deviation of 0.03 in the binomial distribution.
    assert low == pytest.approx(-0.1 - 1.96 * 0.03, abs=0.015)
    assert high == pytest.approx(-0.1 + 1.96 * 0.03, abs=0.015)
    assert comparison.disagreements == 10
    assert [row.text for row in comparison.shown] == ["0", "1", "2"]
    first = comparison.shown[0]
    assert first[2:] == ("no", "yes", "no")
    assert first.place == "d.tsv, line 2"


def test_figures_are_those_of_each_alone():
    comparison = compare(GOOD, PERFECT, data())
    alone = evaluate(GOOD, data())
    assert comparison.model.metrics == alone.metrics
    assert comparison.model.intervals == alone.intervals
    assert comparison.shown == ()


def test_the_same_model_twice_differs_by_nothing():
    comparison = compare(GOOD, GOOD, data())
    assert set(comparison.differences.values()) == {0}
    assert set(comparison.intervals.values()) == {(0, 0)}
    assert comparison.disagreements == 0
    comparison.require(Gate(0))


def test_the_gate_looks_at_how_much_better_the_baseline_is():
    comparison = compare(GOOD, PERFECT, data())
    comparison.require(Gate(0.11))
    with pytest.raises(CheckFailedError) as caught:
        comparison.require(Gate(0.09))
    assert str(caught.value).startswith(
        "accuracy is 0.9000, the baseline has 1.0000: worse by 0.1000, allowed is 0.09 (95 % int"
    )
    with pytest.raises(CheckFailedError, match=r"matthews is 0\.80"):
        comparison.require(Gate(0.11, "matthews"))
    compare(PERFECT, GOOD, data()).require(Gate(0))


def test_a_metric_that_falls_is_turned_round():
    comparison = compare(GOOD, PERFECT, data())
    falling = type(comparison)(**{**vars(comparison), "falling": frozenset({"accuracy"})})
    falling.require(Gate(0))
    assert falling.drop("accuracy") == pytest.approx(-0.1)


@pytest.mark.parametrize("max_drop", [-0.1, float("nan"), float("inf")])
def test_a_gate_that_says_nothing_is_an_error(max_drop):
    with pytest.raises(EdgebertError, match="a number from 0 on is needed"):
        Gate(max_drop)


def test_an_unknown_metric_is_an_error():
    with pytest.raises(
        EdgebertError, match="metric 'f1' is unknown; this data has accuracy, macro"
    ):
        Gate(0, "f1").choose_metric(CLASSIFY.metrics)


def test_rows_that_differ_most_come_first():
    rows = [Row(str(n), None, str(n), f"d, line {n}") for n in range(10)]
    one = FakeModel(float, "regress")
    other = FakeModel(lambda text: float(text) + (float(text) % 4) / 10, "regress")
    comparison = compare(one, other, DataSet(REGRESS, lambda: iter(rows)), show=3)
    # Differences of 0.3, 0.2 and 0.1; those of 0 agree.
    assert comparison.disagreements == 7
    assert [row.text for row in comparison.shown] == ["3", "7", "2"]


def test_models_of_two_tasks_are_refused():
    with pytest.raises(EdgebertError, match="the model is for classify, the baseline for regress"):
        compare(GOOD, FakeModel(float, "regress"), data())


def test_the_whole_data_is_checked_before_a_model_runs():
    model = classifier(lambda n: True)
    rows = [Row("1", None, "yes", "line 1"), Row("2", None, "maybe", "line 2")]
    with pytest.raises(EdgebertError, match="line 2: the model has no label 'maybe'"):
        compare(model, model, DataSet(CLASSIFY, lambda: iter(rows)))
    assert model.replies == 0


def test_progress_counts_the_rows_of_both():
    seen = []
    compare(GOOD, PERFECT, data(3), progress=lambda *report: seen.append(report))
    assert [done for done, _, _ in seen] == list(range(1, 7))
    assert {total for _, total, _ in seen} == {6}


def test_json_has_plain_values():
    import json

    outcome = json.loads(json.dumps(compare(GOOD, PERFECT, data(), show=1).to_json()))
    assert outcome["differences"]["accuracy"] == pytest.approx(-0.1)
    assert outcome["shown"][0]["baseline"] == "no"
