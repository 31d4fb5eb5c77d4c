"""The model to ship: the best that fits, what lies just outside, and what was not measured."""

import pytest

from edgebert.benchmarking.pick import Limits, pick
from edgebert.errors import EdgebertError
from tests.benchmarking.reports import device, model, report, run, sample, tokens

SIZES = {"tiny": 4_600_000, "mini": 11_500_000, "small": 29_000_000, "medium": 42_000_000}
TIMES = {"tiny": 1.0, "mini": 4.0, "small": 10.0, "medium": 21.0}
RIGHT = {"tiny": 0.83, "mini": 0.86, "small": 0.90, "medium": 0.91}


def measured(name, slowness=1.0, accuracy=True, **other):
    right = RIGHT[name] if accuracy else None
    return run(model(name, size=SIZES[name]), slowness * TIMES[name], accuracy=right, **other)


def family(**other):
    return [measured(name, **other) for name in SIZES]


def names(candidates):
    return [candidate.name for candidate in candidates]


def choose(*devices, **limits):
    where = {key: limits.pop(key) for key in ("device", "given") if key in limits}
    return pick(report(*devices), Limits(**limits), **where)


def test_the_most_accurate_within_the_limits_is_named():
    choice = choose(device(*family()), max_ms=20, max_mb=35, min_accuracy=0.85)
    assert choice.best.name == "small"
    assert choice.why == "the most accurate of 2 models that fit"
    assert names(choice.fitting) == ["small", "mini"]
    assert choice.best.figures == "10.0 ms, 29.0 MB, 0.9000"


def test_what_lies_just_outside_is_named_with_what_it_misses():
    choice = choose(device(*family()), max_ms=20, max_mb=40, min_accuracy=0.85)
    assert names(choice.near) == ["tiny", "medium"]
    assert [c.misses for c in choice.near] == [
        "accuracy 2.4 % off",
        "time 5.0 % off, size 5.0 % off",
    ]
    assert choice.others == 0


def test_what_lies_far_outside_is_only_counted():
    choice = choose(device(*family()), max_ms=4)
    assert names(choice.fitting) == ["mini", "tiny"]
    assert choice.near == ()
    assert choice.others == 2


def test_where_none_fits_the_nearest_are_named():
    choice = choose(device(*family()), max_ms=0.5)
    assert choice.best is None
    assert choice.why == "no model fits"
    assert names(choice.near) == ["tiny", "mini", "small"]
    assert choice.others == 1


def test_limits_include_themselves():
    choice = choose(device(measured("tiny")), max_ms=1.0, max_mb=4.6, min_accuracy=0.83)
    assert choice.best.name == "tiny"
    assert choice.why == "the only model that fits"


def test_an_accuracy_floor_alone_asks_for_the_smallest():
    choice = choose(device(*family()), min_accuracy=0.85)
    assert names(choice.fitting) == ["mini", "small", "medium"]
    assert choice.why == "the smallest of 3 models that fit"


def test_equally_accurate_models_of_a_size_are_told_apart_by_time():
    quick, slow = run(model("quick"), 1, accuracy=0.9), run(model("slow"), 2, accuracy=0.9)
    assert choose(device(slow, quick), max_ms=5).best.name == "quick"


def tied():
    """Two models within the interval of the best, one that is not; the least is the quickest."""
    rows = (("large", 18, 5, 0.812, 0.79), ("small", 5, 3, 0.811, 0.789), ("tiny", 2, 1, 0.78, 0.7))
    return device(
        *(
            run(model(name, size=size * 1_000_000), ms, accuracy=right, low=low)
            for name, size, ms, right, low in rows
        ),
        run(model("twin", size=9_000_000), 2, accuracy=0.79, low=0.77),
    )


def test_of_equally_accurate_models_the_smallest_is_named():
    choice = choose(tied(), max_mb=20)
    assert names(choice.fitting) == ["small", "twin", "large", "tiny"]
    assert choice.why == "the smallest of 3 equally accurate ones, of 4 models that fit"
    assert choice.to_json()["ties"] == 3


@pytest.mark.parametrize(
    ("prefer", "order", "why"),
    [
        ("speed", ["twin", "small", "large", "tiny"], "the quickest of 3 equally accurate ones, "),
        ("accuracy", ["large", "small", "twin", "tiny"], "the most accurate of 4 models that fit"),
    ],
)
def test_a_preference_decides_among_them(prefer, order, why):
    choice = pick(report(tied()), Limits(max_mb=20), prefer=prefer)
    assert names(choice.fitting) == order
    assert choice.why.startswith(why)


def test_a_preference_that_is_none_is_refused():
    with pytest.raises(EdgebertError, match="accepted: size, speed, accuracy"):
        pick(report(tied()), Limits(), prefer="cheap")


def test_accuracy_that_was_not_measured_cannot_be_preferred():
    plain = report(device(*family(accuracy=False)))
    with pytest.raises(EdgebertError, match="--prefer accuracy: none was measured"):
        pick(plain, Limits(), prefer="accuracy")
    assert pick(plain, Limits(max_mb=1e-9), prefer="accuracy").best is None


def test_missing_accuracy_is_said_and_not_guessed():
    plain = device(*family(accuracy=False))
    choice = choose(plain, max_ms=20)
    assert choice.best.name == "tiny"
    assert choice.why == "the quickest of 3 models that fit"
    assert choice.notes == ("accuracy was not measured: tiny, mini, small, medium",)
    floored = choose(plain, max_ms=20, min_accuracy=0.5)
    assert floored.best is None
    assert floored.near[0].misses == "accuracy not measured"


def test_models_of_unknown_accuracy_come_last():
    known, unknown = measured("tiny"), measured("mini", accuracy=False)
    choice = choose(device(unknown, known), max_ms=20)
    assert names(choice.fitting) == ["tiny", "mini"]
    assert choice.notes == ("accuracy was not measured: mini",)


def test_the_accuracy_of_a_file_counts_for_all_its_inputs():
    texts, short = measured("tiny"), measured("tiny", accuracy=False, given=tokens(32))
    choice = choose(device(texts, short), given="32", min_accuracy=0.8)
    assert choice.best.accuracy == 0.83


def test_a_run_that_was_throttled_throughout_fits_no_time():
    choice = choose(device(measured("tiny", stats=None)), max_ms=20)
    assert choice.best is None
    assert choice.near[0].misses == "time not measured"


def test_the_quickest_setting_of_a_model_counts():
    one, four = measured("small"), measured("small", 0.3, threads=4)
    choice = choose(device(one, four), max_ms=5)
    assert choice.best.runs[0].run.threads == 4
    assert choice.best.ms == pytest.approx(3)


def test_a_model_has_to_fit_on_every_device():
    laptop, pi = device(*family()), device(*family(slowness=10), name="ssh://pi")
    choice = choose(laptop, pi, max_ms=20)
    assert (choice.best.name, choice.best.ms) == ("tiny", pytest.approx(10))
    assert [row.device.name for row in choice.best.runs] == ["local", "ssh://pi"]
    assert choose(laptop, pi, max_ms=20, device="local").best.name == "small"


def test_a_model_that_a_device_lacks_is_left_out_and_named():
    laptop, pi = device(*family()), device(measured("tiny"), name="ssh://pi")
    choice = choose(laptop, pi, max_ms=20)
    assert names(choice.fitting) == ["tiny"]
    assert "mini: not measured on every device" in choice.notes


@pytest.mark.parametrize(
    ("given", "expected"),
    [(None, "questions"), ("texts", "questions"), ("32", "32 tokens"), ("128", "128 tokens")],
)
def test_the_input_can_be_chosen(given, expected):
    runs = [run(), run(given=tokens(32)), run(given=tokens(128))]
    assert choose(device(*runs), given=given).input == expected


def test_without_texts_the_longest_length_counts():
    assert choose(device(run(given=tokens(32)), run(given=tokens(128)))).input == "128 tokens"


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ({"given": "64"}, "the report has no input 64; it has texts, 32"),
        ({"given": "nonsense"}, "the report has no input nonsense; it has texts, 32"),
        ({"given": "²"}, "the report has no input ²; it has texts, 32"),
        ({"device": "phone"}, "the report has no device phone; it has local"),
    ],
)
def test_what_is_not_in_the_report_is_refused_with_what_is(where, line):
    with pytest.raises(EdgebertError) as caught:
        choose(device(run(), run(given=tokens(32))), **where)
    assert str(caught.value) == line


def test_models_of_several_tasks_are_no_choice():
    with pytest.raises(EdgebertError, match="models for classify, embed; measure one task"):
        choose(device(run(), run(model("other", task="embed"))))


@pytest.mark.parametrize(
    "limits",
    [
        {"max_ms": 0}, {"max_ms": -1}, {"max_ms": float("nan")}, {"max_ms": float("inf")},
        {"max_mb": 0}, {"max_mb": float("nan")}, {"min_accuracy": float("nan")},
    ],
)  # fmt: skip
def test_limits_that_are_none_are_refused(limits):
    with pytest.raises(EdgebertError, match=r"^--m(ax|in)-\w+ is "):
        Limits(**limits)


def test_the_sample_of_the_repository():
    choice = pick(sample(), Limits(max_ms=2, max_mb=20, min_accuracy=0.87))
    assert choice.best.name == "intents_4_256"
    assert names(choice.near) == ["intents_2_128.float32", "intents_2_128"]
    assert choice.others == 1


def test_a_correlation_and_its_interval_may_be_negative():
    poor = run(model("poor"), accuracy=-0.1, low=-0.3)
    assert choose(device(poor)).best.accuracy == -0.1
