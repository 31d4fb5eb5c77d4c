"""The soak finds answers that change from call to call, and only those."""

import itertools

import pytest

import edgebert
from tests.conftest import SOURCES
from tools.checks.soak import calls_of, resident, soak


@pytest.mark.parametrize("name", SOURCES)
def test_every_task_passes(converted, name, capsys):
    with edgebert.load(converted(name)) as model:
        calls, wrong = soak(model, seconds=0.2, threads=8)
    assert calls > 0
    assert wrong == 0
    assert "100%" in capsys.readouterr().out


def test_changing_answers_are_counted(classifier):
    class Changing:
        task = "classify"
        numbers = itertools.count()

        def reply(self, *arguments, **options):
            return next(self.numbers)

    calls, wrong = soak(Changing(), seconds=0.1, threads=2)
    assert calls == wrong > 0


def test_calls_are_many_and_memory_is_seen(classifier):
    with edgebert.load(classifier) as model:
        assert len(calls_of(model)) > 20
    assert resident() > 1_000_000
