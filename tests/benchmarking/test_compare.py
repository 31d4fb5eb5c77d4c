"""What became worse between two reports: found when it is there, quiet when it is not."""

from dataclasses import replace

import numpy as np
import pytest

from edgebert.benchmarking.compare import (
    FEWEST_ROUNDS,
    compare,
    compare_with_baseline,
    ratio_of_times,
)
from edgebert.benchmarking.result import Accuracy, MemoryState
from edgebert.errors import CheckFailedError, EdgebertError
from tests.benchmarking.reports import (
    HOSTILE,
    device,
    in_more_rounds,
    model,
    report,
    run,
    sample,
    tokens,
)

ROUNDS, SAMPLES = 40, 60  # what a second of a model of 0.4 ms comes to
PROCESSES = 5


def noisy(random, factor=1.0, rounds=ROUNDS, drift=0.004, process=0.003, processes=1):
    """Answers like a machine gives them: jitter, outliers, slow drift, luck of each process."""
    wander = np.empty(rounds)
    state = random.normal(0, drift)
    for at in range(rounds):
        wander[at] = state
        state = 0.8 * state + random.normal(0, drift * 0.6)
    jitter = np.abs(random.normal(0, 0.06, (rounds, SAMPLES)))
    luck = random.normal(0, process, processes)[np.arange(rounds) * processes // rounds]
    times = 400 * factor * np.exp((wander + luck)[:, None] + jitter)
    return times * np.where(random.random(times.shape) < 0.02, random.uniform(1.5, 4), 1)


def lucky(random, factor=1.0):
    """A run of several processes, as unlike each other as they were seen to be."""
    times = noisy(random, factor, process=0.01, processes=PROCESSES)
    return run(rounds=times, processes=PROCESSES)


def latencies(old, new):
    return [c for c in compare(report(device(old)), report(device(new))).changes
            if c.what == "latency"]  # fmt: skip


def verdict(old, new):
    (change,) = latencies(old, new)
    return change.verdict


def changes(old, new, what):
    outcome = compare(report(device(old)), report(device(new)))
    return [change for change in outcome.changes if change.what == what]


def test_a_delay_of_5_percent_is_found_ten_times_of_ten():
    found = [
        verdict(lucky(random), lucky(random, 1.05))
        for random in map(np.random.default_rng, range(10))
    ]
    assert found == ["worse"] * 10


def test_no_false_alarm_in_twenty_runs_of_an_unchanged_model():
    found = [
        verdict(lucky(random), lucky(random)) for random in map(np.random.default_rng, range(20))
    ]
    assert found == ["same"] * 20


def test_one_process_is_not_sure_of_what_five_tell():
    """Its rounds agree with each other; that it was lucky only others can tell."""
    random = np.random.default_rng(1)
    level = noisy(random, drift=0, process=0)
    luck = np.repeat([0.96, 1.02, 1.03, 0.97, 1.02], ROUNDS // PROCESSES)[:, None]
    alone = latencies(run(rounds=level), run(rounds=level * 1.03))[0]
    of_five = (run(rounds=each, processes=PROCESSES) for each in (level, level * 1.03 * luck))
    together = latencies(*of_five)[0]
    assert alone.verdict == "worse"
    assert together.verdict == "same"
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_a_model_that_became_quicker_is_no_failure():
    random = np.random.default_rng(0)
    old, new = run(rounds=noisy(random)), run(rounds=noisy(random, 0.9))
    (change,) = latencies(old, new)
    assert change.verdict == "better"
    assert change.low < change.ratio < change.high < 1
    compare(report(device(old)), report(device(new))).require()


def test_drift_within_a_run_is_not_taken_for_a_change():
    """Thousands of samples: a bootstrap of samples would be sure that 4 % drift is slower."""
    random = np.random.default_rng(0)
    slope = np.linspace(-0.08, 0.08, ROUNDS)[:, None]
    level = noisy(random, drift=0, process=0)
    assert verdict(run(rounds=level), run(rounds=level * 1.03 * np.exp(slope))) == "same"
    assert verdict(run(rounds=level), run(rounds=level * 1.03)) == "worse"


def test_rounds_that_drift_together_are_no_independent_witnesses():
    """The same medians in a slow wave tell less than in any order."""
    wave = 400 * (1 + 0.02 * np.sin(np.linspace(0, 4 * np.pi, ROUNDS)))[:, None].repeat(5, axis=1)
    shuffled = np.random.default_rng(0).permutation(wave)
    slow, mixed = (ratio_of_times([each[:, 0]], [each[:, 0]]) for each in (wave, shuffled))
    assert slow.high - slow.low > 1.2 * (mixed.high - mixed.low)


def test_a_machine_that_is_slower_today_makes_no_model_slower():
    """Then the reference kernel is slower, too; unless it is another one, or there is none."""
    random = np.random.default_rng(0)
    weather = np.exp(random.normal(0, 0.1, (2, ROUNDS * SAMPLES)))
    then, now = 5 * weather[0], 8 * weather[1]

    def measured(factor, speed, name="numpy 2"):
        once = run(rounds=noisy(random, factor) * speed.reshape(ROUNDS, SAMPLES))
        samples = replace(once.samples_us, reference=tuple(speed))
        return report(device(replace(once, samples_us=samples), reference=name))

    old = measured(1, then)
    for factor, verdict_ in ((1, "same"), (1.05, "worse"), (0.95, "better")):
        outcome = compare(old, measured(factor, now))
        assert outcome.changes[0].verdict == verdict_
        assert outcome.changes[0].ratio == pytest.approx(factor, abs=0.02)
        assert any("0.62 times as fast" in note for note in outcome.notes)
    for other, named in (("numpy 3", "numpy 3"), (None, "not known")):
        outcome = compare(old, measured(1, now, other))
        assert outcome.changes[0].verdict == "worse"
        assert f"local: reference kernel is {named}, was numpy 2" in outcome.notes


def test_throttled_rounds_do_not_count():
    random = np.random.default_rng(0)
    old = run(rounds=noisy(random))
    slow = noisy(random)
    slow[10:] *= 2
    new = run(rounds=slow)
    assert verdict(old, new) == "worse"
    marked = tuple(replace(r, throttled=n >= 10) for n, r in enumerate(new.rounds))
    assert verdict(old, replace(new, rounds=marked)) == "same"


def test_too_few_rounds_are_not_judged_and_that_is_said():
    random = np.random.default_rng(0)
    few = run(rounds=noisy(random, 2, rounds=FEWEST_ROUNDS - 1))
    outcome = compare(report(device(run(rounds=noisy(random)))), report(device(few)))
    assert not [change for change in outcome.changes if change.what == "latency"]
    assert any("latency not compared" in note for note in outcome.notes)
    with pytest.raises(EdgebertError, match=r"no time could be compared: local: tiny.*fewer than"):
        outcome.require()


def test_reports_of_different_models_do_not_pass_for_unchanged():
    outcome = compare(report(device(run())), report(device(run(model("other")))))
    assert not outcome.timed
    with pytest.raises(EdgebertError, match="no time could be compared"):
        outcome.require()


def test_reference_kernels_of_no_time_tell_nothing_of_the_speed():
    once = run()
    still = replace(once.samples_us, reference=(0.0,) * len(once.samples_us.total))
    outcome = device(replace(once, samples_us=still), reference="numpy 2")
    assert not compare(report(outcome), report(outcome)).worse


def test_a_slower_model_is_named_and_fails():
    old, new = run(ms=1.0), run(ms=1.1)
    outcome = compare(report(device(old)), report(device(new)))
    (change,) = outcome.worse
    assert change.ratio == pytest.approx(1.1)
    assert (change.old, change.new) == pytest.approx((1.0, 1.1))
    assert change.sentence == (
        "local: tiny (int8), questions, ai-edge-litert, threads 1: slower: "
        "1.100 times the time (1.100 to 1.100); 1.10 ms, was 1.00"
    )
    with pytest.raises(CheckFailedError, match=r"worse than before: local: tiny .*slower"):
        outcome.require()


def test_the_same_model_with_another_hash_and_engine_version_is_the_same():
    old = run(model(), engine_version="2.2.0")
    new = run(replace(model(), sha256="another"))
    outcome = compare(report(device(old)), report(device(new)))
    assert [change.what for change in outcome.changes] == ["latency", "size", "memory"]
    assert "local: ai-edge-litert is 2.3.0, was 2.2.0" in outcome.notes


@pytest.mark.parametrize(
    "other",
    [
        {"of": model("other")},
        {"of": model(quantization="float32")},
        {"of": model(task="embed")},
        {"given": tokens(32)},
        {"engine": "tflite-runtime"},
        {"threads": 2},
        {"cores": "0-3"},
    ],
)
def test_runs_that_differ_in_what_was_measured_are_not_compared(other):
    outcome = compare(report(device(run())), report(device(run(ms=2, **other))))
    assert outcome.changes == ()
    assert [note.partition(": ")[0] for note in outcome.notes] == [
        "not in the old report",
        "not in the new report",
    ]


def test_many_runs_that_are_missing_are_one_line():
    old = device(*(run(given=tokens(n)) for n in range(8, 16)))
    (note,) = compare(report(old), report(device(run(given=tokens(8))))).notes
    assert note.startswith("not in the new report: local: tiny (int8), 9 tokens, ")
    assert note.endswith("; and 4 more")


def test_what_made_only_one_of_both_doubtful_is_noted():
    old = device(run(), notes=("a virtual machine",))
    new = device(run(), notes=("a virtual machine", "other programs kept it busy"))
    assert compare(report(old), report(new)).notes == (
        "local, now only: other programs kept it busy",
    )


def test_a_model_measured_twice_is_compared_first_with_first():
    old = device(run(ms=1), run(ms=2))
    outcome = compare(report(old), report(device(run(ms=1), run(ms=2))))
    latencies = [c.old for c in outcome.changes if c.what == "latency"]
    assert latencies == pytest.approx([1, 2])
    assert not outcome.worse


def test_what_differs_between_the_devices_is_noted():
    old = device(run(), governor="performance", cpu="Cortex-A76", throttled=False)
    new = device(run(), governor="powersave", cpu="Cortex-A76", throttled=True)
    assert compare(report(old), report(new)).notes == (
        "local: governor is powersave, was performance",
        "local: throttled is yes, was no",
    )


def test_reports_of_different_devices_have_nothing_in_common():
    outcome = compare(report(device(run())), report(device(run(), name="ssh://pi")))
    assert outcome.notes[0] == "the reports have no device in common; nothing was compared"
    assert not outcome.changes


@pytest.mark.parametrize(
    ("size", "expected"),
    [(4_600_000, "same"), (4_620_000, "same"), (4_640_000, "worse"), (4_400_000, "better")],
)
def test_a_larger_file_is_worse(size, expected):
    (change,) = changes(run(), run(model(size=size)), "size")
    assert change.verdict == expected


def test_the_size_of_a_model_is_one_change_however_many_inputs():
    old = device(run(), run(given=tokens(32)))
    new = device(run(model(size=9_000_000)), run(model(size=9_000_000), given=tokens(32)))
    (change,) = compare(report(old), report(new)).worse
    assert change.sentence == "local: tiny (int8): larger: 9.00 MB, was 4.60"


@pytest.mark.parametrize(
    ("private", "expected"),
    [(25_900_000, "same"), (26_200_000, "same"), (26_300_000, "worse"), (23_700_000, "better")],
)
def test_more_private_memory_is_worse(private, expected):
    old = run()
    new = replace(old, memory=replace(old.memory, first=MemoryState(private=private)))
    (change,) = changes(old, new, "memory")
    assert change.verdict == expected


@pytest.mark.parametrize(
    ("value", "rows", "expected"),
    [
        (0.9, 1000, "same"),
        (0.896, 1000, "same"),  # four rows of a thousand
        (0.894, 1000, "worse"),
        (0.87, 100, "same"),  # three rows of a hundred
        (0.85, 100, "worse"),  # five rows
        (0.897, 100_000, "same"),  # less than half a point
        (0.91, 1000, "better"),
    ],
)
def test_less_accurate_is_more_than_a_few_rows(value, rows, expected):
    old = replace(run(), accuracy=Accuracy("accuracy", 0.9, rows))
    new = replace(run(), accuracy=Accuracy("accuracy", value, rows))
    (change,) = changes(old, new, "accuracy")
    assert change.verdict == expected


def test_accuracy_on_other_data_is_not_compared_and_that_is_said():
    old = replace(run(), accuracy=Accuracy("accuracy", 0.9, 100))
    new = replace(run(), accuracy=Accuracy("accuracy", 0.5, 200))
    outcome = compare(report(device(old)), report(device(new)))
    assert not outcome.worse
    assert any("200 rows, was accuracy of 100" in note for note in outcome.notes)


def test_a_report_against_itself_has_no_change():
    report = in_more_rounds(sample())
    outcome = compare(report, report)
    assert {change.verdict for change in outcome.changes} == {"same"}
    outcome.require()


def test_json_has_every_change():
    outcome = compare(report(device(run(ms=1))), report(device(run(ms=2)))).to_json()
    assert outcome["worse"] == 1
    assert outcome["changes"][0]["what"] == "latency"
    assert outcome["changes"][0]["ratio"] == pytest.approx(2)


def test_names_of_a_report_cannot_play_with_the_terminal():
    old, new = (
        device(run(model(HOSTILE)), name=HOSTILE),
        device(run(model(HOSTILE), 2), name=HOSTILE),
    )
    outcome = compare(report(old), report(new))
    assert all(change.sentence.isprintable() for change in outcome.changes)
    assert all(note.isprintable() for note in outcome.notes)


def test_impossible_numbers_are_refused():
    with pytest.raises(EdgebertError, match="no device measures that"):
        compare(report(device(run())), report(device(run(ms=float("nan")))))


def turns(*ratio, ms=1.0, rounds=10):
    """An old file of 1 ms and a newer one that was interleaved with it."""
    old, new = (
        run(model(name), rounds=np.full((rounds, 5), 1000.0 * time))
        for name, time in (("old", 1.0), ("new", ms))
    )
    return report(device(old, new, ratios=(ratio,) if ratio else ()))


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        ((1.05, 1.04, 1.06), "worse"),
        ((1.02, 1.01, 1.03), "same"),  # within the tolerance
        ((1.05, 0.99, 1.11), "same"),  # may be noise
        ((0.95, 0.94, 0.96), "better"),
    ],
)
def test_a_file_interleaved_with_an_older_one_is_judged_by_their_ratio(ratio, expected):
    """And by nothing else: twice the time by the clock alone says what the machine did."""
    outcome = compare_with_baseline(turns(1, 0, *ratio, ms=2.0), "old")
    (change,) = [each for each in outcome.changes if each.what == "latency"]
    assert (change.verdict, change.ratio, change.low, change.high) == (expected, *ratio)
    assert (change.old, change.new) == pytest.approx((1.0, 2.0))
    assert "new (int8)" in change.sentence
    assert {each.what for each in outcome.changes} == {"latency", "size", "memory"}
    assert not outcome.notes


def test_each_file_and_setting_is_held_against_the_older_one_of_that_setting():
    old, larger, double = (
        model("old"),
        model("larger", size=5_000_000),
        model("old"),  # the same file once more
    )
    runs = [run(each, given=tokens(n)) for n in (8, 16) for each in (old, larger, double)]
    ratios = [
        (1, 0, 1.2, 1.1, 1.3),
        (2, 0, 1.0, 0.9, 1.1),
        (4, 3, 1.0, 0.9, 1.1),
        (5, 3, 1.4, 1.3, 1.5),
    ]
    outcome = compare_with_baseline(report(device(*runs, ratios=ratios)), "old")
    assert [(each.what, each.run.split(",")[:2]) for each in outcome.worse] == [
        ("latency", ["larger (int8)", " 8 tokens"]),
        ("size", ["larger (int8)"]),
        ("latency", ["old (int8)", " 16 tokens"]),
    ]
    with pytest.raises(CheckFailedError, match="worse than before: local: larger"):
        outcome.require()


def test_what_was_not_interleaved_or_in_few_rounds_is_said_and_no_success():
    for found, reason in (
        (turns(), "it was not interleaved with the older file"),
        (turns(1, 0, 1.5, 1.4, 1.6, rounds=FEWEST_ROUNDS - 1), "fewer than 5 rounds"),
    ):
        outcome = compare_with_baseline(found, "old")
        assert not outcome.timed
        (note,) = outcome.notes
        assert reason in note
        with pytest.raises(EdgebertError, match="no time could be compared"):
            outcome.require()


def test_what_the_older_file_did_not_run_on_is_said():
    old, new = run(model("old")), run(model("new"))
    found = report(device(old, new, replace(new, accelerator="gpu"), ratios=[(1, 0, 1, 0.9, 1.1)]))
    outcome = compare_with_baseline(found, "old")
    assert outcome.timed
    (note,) = outcome.notes
    assert "new (gpu)" in note
    assert "not compared: old did not run so" in note
