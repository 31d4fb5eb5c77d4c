"""The rule of when a classifier abstains: its statistics, and what a file makes of it."""

import csv
import json
import pickle
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom

import edgebert
from edgebert.cli.abstention import abstention_rows
from edgebert.converter import risk_bound
from edgebert.converter.abstain import AbstentionPlan, abstention_plan, fit, fit_temperature
from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.model_file.abstention_rule import AbstentionFit
from edgebert.model_file.record import Record
from edgebert.runtime.abstention import calibrated, check_rule, energy, judging, scope
from edgebert.typed_json import from_json

CHECKPOINT = Path("tests/data/reference/hf_classifier_2x32")
NONE_OUTSIDE = np.empty((0, 8))
PLAN = AbstentionPlan(Path("dev.csv"), max_wrong=0.05)


def drawn(seed, rows, temperature=1.0, labels=8):
    """Probabilities and labels of a model that is right as often as p ** (1 / temperature) says."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(rows, labels))
    logits[np.arange(rows), random.integers(0, labels, rows)] += random.gamma(4, 1.5, rows)
    odds = np.exp(logits)
    chances = odds / odds.sum(1, keepdims=True)
    expected = (chances.cumsum(1) > random.random((rows, 1))).argmax(1)
    own = np.exp(logits * temperature)
    return own / own.sum(1, keepdims=True), expected


@pytest.mark.parametrize(("hits", "draws", "chance"), [(0, 10, 0.1), (7, 900, 0.02), (40, 50, 0.9)])
def test_the_binomial_tail_is_that_of_scipy(hits, draws, chance):
    expected = binom.cdf(hits, draws, chance)
    assert risk_bound._binomial_tail(hits, draws, chance) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_is_the_likeliest(temperature):
    scores, expected = drawn(1, 4000, temperature)
    rows = np.arange(len(scores))

    def loss(each):
        odds = np.exp(np.log(scores) / each)
        return -np.log(odds[rows, expected] / odds.sum(1)).mean()

    best = minimize_scalar(loss, bounds=(0.2, 5), method="bounded").x
    assert fit_temperature(scores, expected) == pytest.approx(best, rel=0.02)
    assert fit_temperature(scores, expected) == pytest.approx(temperature, rel=0.15)


def test_wrong_answers_stay_below_the_bound_on_other_texts():
    """Of 40 models calibrated on other texts, at most the 5 % that the bound allows, and chance."""
    above = []
    for seed in range(40):
        scores, expected = drawn(seed, 1500)
        rule = fit(scores, expected, NONE_OUTSIDE, PLAN)
        others, right = drawn(1000 + seed, 4000)
        best = others.argmax(axis=1)
        near = energy(others) - np.array(rule.energies)[best]
        sure = calibrated(others, rule.temperature).max(axis=1)
        answered = (sure >= rule.min_score) & (near >= rule.min_scope)
        above.append(np.mean(best[answered] != right[answered]) > 0.05)
        assert rule.fit.coverage > 0.3
    assert sum(above) <= binom.ppf(0.999, 40, 0.05)


@pytest.mark.parametrize(("rows", "least"), [(240, 0.45), (400, 0.65), (1000, 0.75)])
def test_few_rows_are_enough_for_most_of_the_answers(rows, least):
    """And the bound is broken by no more than 5 % of calibrations, where what is wrong is known.

    Among the surest u of all texts 0.084 * u ** 6 are wrong, so 0.84 may be answered. Where 4 wrong
    ones were allowed at the start whatever the rows, 0, 0.35 and 0.78 were answered.
    """
    answered = []
    for seed in range(200):
        random = np.random.default_rng(seed)
        places = np.sort(random.random(rows))
        right = random.random(rows) >= 0.084 * 7 * places**6
        try:
            bar = risk_bound.bounding_bar(1 - places, right, 0.03, items="answers")
        except CheckFailedError:
            answered.append(0.0)
        else:
            answered.append(1 - bar)
    assert np.mean(answered) > least
    assert np.sum(np.array(answered) > (0.03 / 0.084) ** (1 / 6)) <= binom.ppf(0.99, 200, 0.05)


def test_a_greater_confidence_costs_answers_and_breaks_fewer_bounds():
    broken, answered = {}, {}
    for confidence in (0.7, 0.95, 0.999):
        bars = []
        for seed in range(150):
            random = np.random.default_rng(seed)
            places = np.sort(random.random(600))
            right = random.random(600) >= 0.084 * 7 * places**6
            bars.append(
                risk_bound.bounding_bar(
                    1 - places, right, 0.05, confidence=confidence, items="answers"
                )
            )
        found = 1 - np.array(bars)
        broken[confidence] = int(np.sum(found > (0.05 / 0.084) ** (1 / 6)))
        answered[confidence] = found.mean()
        assert broken[confidence] <= binom.ppf(0.99, 150, 1 - confidence)
    assert answered[0.7] > answered[0.95] + 0.02 > answered[0.999] + 0.04
    assert broken[0.7] > broken[0.999]


def test_the_record_tells_the_confidence_of_a_bound():
    scores, expected = drawn(9, 2000)
    sure = fit(scores, expected, NONE_OUTSIDE, replace(PLAN, confidence=0.99))
    usual = fit(scores, expected, NONE_OUTSIDE, PLAN)
    covering = replace(PLAN, max_wrong=None, min_coverage=0.9)
    assert (sure.fit.confidence, usual.fit.confidence) == (0.99, 0.95)
    assert fit(scores, expected, NONE_OUTSIDE, covering).fit.confidence is None
    assert sure.min_score > usual.min_score
    ((_, told), _) = abstention_rows(SimpleNamespace(abstention=sure))
    assert told.startswith(
        "at most 5.0 % of the answers wrong with a confidence of 99.0 %: on 2,000"
    )
    older = asdict(usual.fit)
    del older["confidence"]
    assert from_json(AbstentionFit, older, "fit") == usual.fit


def test_coverage_is_at_least_what_was_asked_for():
    scores, expected = drawn(3, 2000)
    for share in (0.5, 0.9, 0.99):
        rule = fit(
            scores, expected, NONE_OUTSIDE, replace(PLAN, max_wrong=None, min_coverage=share)
        )
        judged = map(judging(rule), scores.astype(np.float32))
        answered = np.mean([not abstained for _, _, abstained in judged])
        assert share <= answered <= share + 0.02
        assert answered == pytest.approx(rule.fit.coverage)


def test_a_coverage_of_1_answers_everything_with_scores_that_are_chances():
    scores, expected = drawn(3, 2000)
    plan = replace(PLAN, max_wrong=None, min_coverage=1.0, out_of_scope=Path("o.txt"))
    flat = np.random.default_rng(5).dirichlet(np.full(8, 60.0), 300)
    rule = fit(scores, expected, flat, plan)
    hostile = [np.full(8, 1 / 8), np.eye(8)[0], np.zeros(8)]
    for row in (*flat, *hostile):
        assert not judging(rule)(row.astype(np.float32))[2]
    assert (rule.fit.coverage, rule.fit.rejected) == (1, 0)
    assert rule.fit.wrong == pytest.approx(np.mean(scores.argmax(axis=1) != expected))
    assert rule.temperature == fit_temperature(scores, expected)
    ((_, told), _) = abstention_rows(SimpleNamespace(abstention=rule))
    assert told.startswith("never: of 2,000 rows of")


def test_texts_out_of_scope_draw_the_bar():
    scores, expected = drawn(4, 2000)
    flat = np.random.default_rng(5).dirichlet(np.full(8, 60.0), 300)
    rule = fit(scores, expected, flat, replace(PLAN, out_of_scope=Path("o.txt")))
    assert rule.fit.rejected is not None
    assert rule.fit.rejected > 0.95
    abstained = [abstained for _, _, abstained in map(judging(rule), flat)]
    assert np.mean(abstained) == pytest.approx(rule.fit.rejected)


def test_a_judgement_is_what_the_schema_says():
    scores, expected = drawn(6, 600)
    rule = fit(scores, expected, NONE_OUTSIDE, PLAN)
    judge = judging(rule)
    for row in scores[:200].astype(np.float32):
        powers = [float(max(p, 1e-12)) ** (1 / rule.temperature) for p in row]
        own = [power / sum(powers) for power in powers]
        best = int(np.argmax(row))
        near = -sum(np.log(float(max(p, 1e-12))) for p in row) / len(row) - rule.energies[best]
        found, place, abstained = judge(row)
        assert found == pytest.approx(own, abs=1e-6)
        assert place == best
        assert abstained == (own[best] < rule.min_score or near < rule.min_scope)
        assert scope(found, rule) == pytest.approx(near, abs=1e-5)


def test_probabilities_of_0_are_taken_as_very_small():
    assert np.isfinite(energy(np.array([1.0, 0.0])))
    assert calibrated(np.array([1.0, 0.0]), 0.5).sum() == pytest.approx(1)


def test_too_few_rows_and_bounds_that_cannot_be_kept_are_told():
    scores, expected = drawn(7, 60)
    with pytest.raises(CheckFailedError, match="answers to calibrate on are too few"):
        fit(scores, expected, NONE_OUTSIDE, PLAN)
    scores, expected = drawn(7, 3000)
    with pytest.raises(CheckFailedError, match=r"cannot be bounded by 0\.05: of the surest"):
        fit(scores, (expected + 1) % 8, NONE_OUTSIDE, PLAN)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"max_wrong": 0.02}, "add --calibrate DATA"),
        ({"out_of_scope": Path("o")}, "add --calibrate DATA"),
        ({"data": Path("d"), "max_wrong": 0.1, "min_coverage": 0.9}, "exclude each other"),
        ({"data": Path("d"), "max_wrong": 2.0}, "a share between 0 and 1"),
        ({"confidence": 0.9}, "add --calibrate DATA"),
        ({"data": Path("d"), "confidence": 0.9}, "confidence is that of a bound .* give max wrong"),
        ({"data": Path("d"), "min_coverage": 0.9, "confidence": 0.9}, "give max wrong"),
        *(
            ({"data": Path("d"), "max_wrong": 0.1, "confidence": each}, "more than 0.5 and less")
            for each in (0.5, 1.0, 95.0, -1.0, float("nan"))
        ),
    ],
)
def test_wrong_wishes_are_one_line(given, said):
    none = dict.fromkeys(("data", "out_of_scope", "max_wrong", "min_coverage", "confidence"))
    with pytest.raises(EdgebertError, match=said) as caught:
        abstention_plan(**{**none, **given})
    assert "\n" not in str(caught.value)


def test_a_rule_for_other_labels_is_damage():
    scores, expected = drawn(8, 600)
    rule = fit(scores, expected, NONE_OUTSIDE, PLAN)
    with pytest.raises(EdgebertError, match="is for 8 labels; it has 3"):
        check_rule(rule, 3)
    with pytest.raises(EdgebertError, match="temperature"):
        check_rule(replace(rule, temperature=0.0), 8)


@pytest.fixture(scope="module")
def dev(tmp_path_factory):
    """Questions of BANKING77, each with the label that the float32 model gives it."""
    folder = tmp_path_factory.mktemp("abstain")
    with Path("tests/data/banking77/test.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file) if len(row["text"]) < 60][:300]
    edgebert.convert(CHECKPOINT, folder / "plain.tflite", quantize="float32")
    with edgebert.load(folder / "plain.tflite") as model:
        rows = [(text, model.classify(text).label) for text in texts]
    with (folder / "dev.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return folder / "dev.csv"


@pytest.fixture(scope="module")
def file(dev):
    path = dev.parent / "abstains.tflite"
    edgebert.convert(CHECKPOINT, path, calibrate=dev, min_coverage=0.8)
    return path


def test_a_file_abstains_by_its_rule(file, dev):
    evaluation = edgebert.evaluate(file, dev)
    assert evaluation.confidence is not None
    assert 0.8 <= evaluation.confidence.coverage <= 0.83
    with edgebert.load(file) as model, edgebert.load(dev.parent / "plain.tflite") as plain:
        answer = model.classify("Where is my card?")
        assert answer.label == plain.classify("Where is my card?").label
        assert answer.abstained in (True, False)
        assert sum(answer.scores.values()) == pytest.approx(1)
        assert plain.classify("Where is my card?").abstained is None
        assert model.selftest().passed


def test_a_threshold_overrides_the_rule(file):
    with edgebert.load(file, threshold=0) as never, edgebert.load(file, threshold=1) as always:
        for text in ("Where is my card?", "zzz"):
            assert never.classify(text).abstained is False
            assert always.classify(text).abstained is True
        assert pickle.loads(pickle.dumps(always)).threshold == 1
    for wrong in (2, -0.1, True, "much"):
        with pytest.raises(EdgebertError, match="a number from 0 to 1 is needed"):
            edgebert.load(file, threshold=wrong)


def test_the_record_says_so_and_only_where_there_is_a_rule(file, dev):
    with edgebert.load(file) as model, edgebert.load(dev.parent / "plain.tflite") as plain:
        assert model.record.format == 4
        assert Record.from_json(model.record.to_json()) == model.record
        assert "abstention" not in json.loads(plain.record.to_json())
        assert plain.record.format == 1


def test_tasks_without_labels_are_refused(dev, tmp_path):
    with pytest.raises(EdgebertError, match="is for classify, tag, answer; this is for embed"):
        edgebert.convert(CHECKPOINT, tmp_path / "e.tflite", task="embed", calibrate=dev)
    assert not list(tmp_path.iterdir())


def test_a_handful_of_rows_is_refused(dev, tmp_path):
    few = tmp_path / "few.csv"
    few.write_text("\n".join(dev.read_text().splitlines()[:32]))  # the first is the heading
    with pytest.raises(CheckFailedError, match=r"few\.csv: 31 rows to calibrate on; at least 32"):
        edgebert.convert(CHECKPOINT, tmp_path / "x", calibrate=few, min_coverage=0.8)
    assert [each.name for each in tmp_path.iterdir()] == ["few.csv"]
