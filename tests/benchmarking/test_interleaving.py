"""Who is asked for a round, when it is enough, and what becomes of the answers."""

from collections import Counter

import pytest

from edgebert.benchmarking.interleaving import (
    FEWEST_ROUNDS,
    MOST_ROUNDS,
    MOST_TIMES,
    Measurements,
    StoppingRule,
    interleave,
    take_energy,
)
from edgebert.benchmarking.result import Energy, Round
from tests.benchmarking.machines import PHONE, PI4, machine


class FakeProcess:
    """Answers rounds at once, as if `counts` answers had taken so many microseconds each."""

    def __init__(self, name, diary, times, on_round=lambda: None):
        self._name, self._diary, self._times = name, diary, times
        self._on_round = on_round

    def ask(self, do, seconds):
        if do == "answers":  # besides, it warms up and times a reference kernel in a round
            return {"count": 2 * len(self._times)}
        assert do == "round"
        if seconds:
            self._diary.append(self._name)
            self._on_round()
        parts = ("tokenize", "set", "invoke", "finish", "total")
        return {part: list(self._times) for part in parts}


def turns(processes, until, *device, **options):
    taken = [Measurements() for _ in processes]
    interleave(0, processes, taken, until, *device, **options)
    return taken


def test_each_turn_begins_with_another_model(tmp_path):
    diary = []
    processes = [FakeProcess(name, diary, [1.0, 2.0]) for name in "abc"]
    taken = turns(processes, StoppingRule(4, 0), machine(tmp_path, PI4))
    assert "".join(diary) == "abcbcacababc"
    assert [(r.first, r.count) for r in taken[0].rounds] == [(0, 2), (2, 2), (4, 2), (6, 2)]
    assert taken[2].samples["total"] == [1.0, 2.0] * 4


def test_a_round_knows_the_state_of_the_device(tmp_path):
    system = machine(tmp_path, PI4)
    name = "sys/devices/platform/soc/soc:firmware/get_throttled"
    bits = iter(["0", "40000", "40000"])
    process = FakeProcess("a", [], [1.0], lambda: machine(tmp_path, {name: next(bits)}))
    (taken,) = turns([process], StoppingRule(3, 0), system)
    assert taken.rounds == [
        Round(0, 1, 0, False, 600.0, 48.199),
        Round(1, 1, 0, True, 600.0, 48.199),
        Round(2, 1, 0, False, 600.0, 48.199),
    ]


def test_the_clock_is_that_of_the_cores_it_runs_on(tmp_path):
    (taken,) = turns(
        [FakeProcess("a", [], [1.0])], StoppingRule(1, 0), machine(tmp_path, PHONE), [0, 1]
    )
    assert taken.rounds[0].clock_mhz == 2000.0


def rounds_of(times, count, throttled=()):
    taken = Measurements()
    for number in range(count):
        taken.add({"total": [times[number % len(times)]]}, throttled=number in throttled)
    return taken


STEADY = [100_000.0]
UNSTEADY = [100_000.0, 200_000.0]
NEARLY = [100_000.0, 103_000.0]  # steady, but not its ratio to one that falls when it rises


@pytest.mark.parametrize(
    ("until", "taken", "enough"),
    [
        (StoppingRule(3, 9.0), [rounds_of(STEADY, 2)], False),
        (StoppingRule(3, 9.0), [rounds_of(STEADY, 3)], True),
        (StoppingRule(None, 0.0), [rounds_of(STEADY, FEWEST_ROUNDS - 1)], False),
        (StoppingRule(None, 0.0), [rounds_of(STEADY, FEWEST_ROUNDS)], True),
        (StoppingRule(None, 2.05), [rounds_of(STEADY, 20)], False),
        (StoppingRule(None, 2.05), [rounds_of(STEADY, 21)], True),
        (StoppingRule(None, 2.05), [rounds_of(STEADY, 21), rounds_of([1e4], 21)], False),
        (StoppingRule(None, 2.05), [rounds_of(UNSTEADY, 21)], False),
        (StoppingRule(None, 2.05), [rounds_of(STEADY, 21), rounds_of(UNSTEADY, 21)], False),
        (StoppingRule(None, 2.05), [rounds_of(UNSTEADY, 14 * MOST_TIMES)], True),
        (StoppingRule(None, 2.05), [rounds_of(NEARLY, 21)], True),
        (StoppingRule(None, 2.05), [rounds_of(NEARLY, 21), rounds_of(NEARLY[::-1], 21)], False),
    ],
)
def test_enough_is_by_rounds_or_by_time_and_steadiness(until, taken, enough):
    share = until.share(taken)
    assert (share == 1.0) is enough
    assert 0 <= share <= 1


@pytest.mark.parametrize(
    ("until", "taken", "enough"),
    [
        (StoppingRule(None, 2.05), [rounds_of(STEADY, 21, {5})], False),
        (StoppingRule(None, 2.05), [rounds_of(STEADY, 22, {5})], True),
        (StoppingRule(None, 2.05), [rounds_of(STEADY, 22, {5}), rounds_of(STEADY, 22, {6})], False),
        (StoppingRule(None, 2.05), [rounds_of(STEADY, 23, {5}), rounds_of(STEADY, 23, {6})], True),
        (StoppingRule(None, 2.05), [rounds_of(STEADY, 29, range(1, 29))], False),
        (StoppingRule(None, 0.0), [rounds_of(STEADY, FEWEST_ROUNDS, {5})], False),
        (StoppingRule(None, 0.0), [rounds_of(STEADY, FEWEST_ROUNDS + 1, {5})], True),
        # What was throttled is not steady, what is left is.
        (StoppingRule(None, 2.05), [rounds_of(UNSTEADY, 50, range(1, 50, 2))], True),
        # All are: it ends all the same.
        (StoppingRule(None, 0.0), [rounds_of(STEADY, MOST_ROUNDS - 1, range(1000))], False),
        (StoppingRule(None, 0.0), [rounds_of(STEADY, MOST_ROUNDS, range(1000))], True),
        (StoppingRule(None, 4.05), [rounds_of(STEADY, 40 * MOST_TIMES, range(1000))], False),
        (StoppingRule(None, 4.05), [rounds_of(STEADY, 41 * MOST_TIMES, range(1000))], True),
        (StoppingRule(3, 9.0), [rounds_of(STEADY, 3, {1})], True),
    ],
)
def test_throttled_rounds_do_not_count_but_it_ends(until, taken, enough):
    assert (until.share(taken) == 1.0) is enough


def test_a_process_gives_its_share_in_rounds_that_count():
    until = StoppingRule(None, 2.0, 2)
    assert until.has_enough_of(0, [rounds_of(STEADY, 10)])
    assert not until.has_enough_of(0, [rounds_of(STEADY, 10, {9})])
    assert until.has_enough_of(0, [rounds_of(STEADY, 11, {9})])


def test_progress_does_not_go_back(tmp_path):
    shares = []
    turns(
        [FakeProcess("a", [], UNSTEADY)],
        StoppingRule(None, 1.0),
        machine(tmp_path, PI4),
        on_share=shares.append,
    )
    assert shares == sorted(shares)
    assert shares[0] == 0


@pytest.mark.parametrize(
    ("until", "of_each"),
    [
        (StoppingRule(7, 0.0, 3), [3, 2, 2]),
        (StoppingRule(2, 0.0, 5), [1, 1]),
        (StoppingRule(None, 0.0, 4), [3, 2, 3, 2]),
        (StoppingRule(None, 2.0, 2), [10, 10]),
        (StoppingRule(None, 20.0, 1), [200]),
    ],
)
def test_processes_share_the_rounds_or_the_time(tmp_path, until, of_each):
    taken = [Measurements()]
    for number, rounds in enumerate(of_each):
        assert until.share(taken) < 1
        process = FakeProcess("a", [], STEADY)
        interleave(number, [process], taken, until, machine(tmp_path, PI4))
        assert sum(each.process == number for each in taken[0].rounds) == rounds
    assert until.share(taken) == 1


def test_unsteady_times_get_more_processes(tmp_path):
    taken, until = [Measurements()], StoppingRule(None, 2.0, 2)
    while until.share(taken) < 1:
        number = taken[0].rounds[-1].process + 1 if taken[0].rounds else 0
        process = FakeProcess("a", [], UNSTEADY[number % 2 :][:1])
        interleave(number, [process], taken, until, machine(tmp_path, PI4))
    rounds = Counter(each.process for each in taken[0].rounds)
    seconds = [count * (0.1, 0.2)[number % 2] for number, count in sorted(rounds.items())]
    # One and one, then half of all before each time, until there are `MOST_TIMES` times two.
    assert seconds[:5] == pytest.approx([1, 1, 1, 1.5, 2.25], abs=0.2)
    assert sum(seconds) == pytest.approx(2 * MOST_TIMES, abs=0.2)
    assert len(seconds) < 10


class FakeMeter:
    source = "a meter"

    def start(self):
        self.running = True

    def stop(self):
        assert self.running
        return 8.0


def test_energy_is_that_of_a_thousand_answers():
    process = FakeProcess("a", [], [1.0] * 4)
    assert take_energy(process, FakeMeter()) == Energy(1000.0, "a meter")
    assert take_energy(process, None) is None
