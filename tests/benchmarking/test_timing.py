"""Parts of an answer, by a clock that only moves where the model moves it."""

import pytest

from edgebert.benchmarking.timing import WARM_UP, Stopwatch, count_answers
from edgebert.errors import EdgebertError
from edgebert.runtime.model import load


class FakeModel:
    """Takes as many milliseconds for each part as it is told; invokes as often as it is told."""

    def __init__(self, tokenize=1, set_up=2, invoke=3, finish=4, invocations=1):
        self.now = 0
        self.asked = []
        self._parts = tokenize, set_up, invoke, finish
        self._invocations = invocations
        self._interpreter = self
        self.other = "passed on"

    def clock(self):
        return self.now * 1_000_000

    def watch(self, around):
        self._interpreter = around(self)

    def invoke(self):
        self.now += self._parts[2]

    def tokenize(self, text, pair=None):
        self.asked.append((text, pair))
        self.now += self._parts[0]
        return text

    def infer(self, job):
        self.now += self._parts[1]
        for _ in range(self._invocations):
            self._interpreter.invoke()
        self.now += self._parts[3]
        assert self._interpreter.other == "passed on"


class FakeYardstick:
    """Takes 100 µs more each time."""

    def __init__(self):
        self.adapted, self._measured = [], 0

    def adapt(self, nanoseconds):
        self.adapted.append(nanoseconds)

    def measure(self):
        self._measured += 100
        return self._measured


TEXTS = [("a", None), ("b", "pair")]


def stopwatch(model):
    return Stopwatch(model, model.clock, FakeYardstick())


def test_each_part_has_its_time():
    model = FakeModel()
    times = stopwatch(model).round(TEXTS, seconds=0)
    assert vars(times) == {
        "tokenize": [1000] * 2,
        "set": [2000] * 2,
        "invoke": [3000] * 2,
        "finish": [4000] * 2,
        "total": [10_000] * 2,
        "reference": [150, 250],  # the mean of before and after
    }


def test_the_reference_kernel_takes_half_as_long_as_an_answer():
    model, reference = FakeModel(), FakeYardstick()
    Stopwatch(model, model.clock, reference).round(TEXTS, seconds=0)
    assert reference.adapted == [5e6]


def test_several_invocations_add_up():
    model = FakeModel(invocations=3)
    times = stopwatch(model).round(TEXTS[:1], seconds=0)
    assert (times.set, times.invoke, times.finish, times.total) == ([2000], [9000], [4000], [16000])


def test_a_text_that_needs_no_invocation():
    model = FakeModel(invocations=0)
    times = stopwatch(model).round(TEXTS[:1], seconds=0)
    assert (times.set, times.invoke, times.finish, times.total) == ([0], [0], [6000], [7000])


def test_all_texts_go_round_until_the_time_is_up():
    model = FakeModel(0, 0, 1, 0)  # a millisecond an answer
    times = stopwatch(model).round(TEXTS, seconds=0.0055)
    assert len(times.total) == 6  # whole passes
    assert model.asked[WARM_UP:] == TEXTS * 3


def test_a_slow_model_does_not_warm_up_for_long():
    model = FakeModel(0, 0, 100, 0)
    stopwatch(model).round(TEXTS, seconds=0)
    assert model.asked == [TEXTS[0], *TEXTS]


def test_every_answer_is_counted_and_nothing_else_is_done():
    model = FakeModel(0, 0, 1, 0)  # a millisecond an answer
    assert count_answers(model, TEXTS, 0.0055, model.clock) == 6
    assert model.asked == TEXTS * 3
    assert model.now == 6


def test_no_text_is_refused():
    model = FakeModel()
    with pytest.raises(EdgebertError, match="no text to measure"):
        stopwatch(model).round([], seconds=0)


@pytest.mark.parametrize("task", ["classify", "embed", "tag"])
def test_a_real_model_answers_as_before_while_it_is_watched(converted, task):
    with load(converted(task)) as model:
        expected = repr(model("The quick brown fox."))
        times = Stopwatch(model).round([("The quick brown fox.", None)], seconds=0)
        assert repr(model("The quick brown fox.")) == expected
    (parts,) = zip(*(vars(times)[p] for p in ("tokenize", "set", "invoke", "finish")), strict=True)
    assert min(parts) > 0
    assert sum(parts) == pytest.approx(times.total[0])
