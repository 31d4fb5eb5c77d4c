"""Settings that are left open follow from model and data; what is given stays."""

from dataclasses import replace

import pytest

from edgebert.train.defaults import Problem, hard_share, settle, told
from edgebert.train.settings import LEFT_OPEN, Settings, Settled

TINY = Problem("classify", layers=2, hidden_size=128, rows=3000, labels=150)
MINI_LM = replace(TINY, layers=6, hidden_size=384)
BASE = replace(TINY, layers=12, hidden_size=768)


def steps(settled, problem):
    return settled.epochs * -(-problem.rows // settled.batch_size)


def test_what_is_given_stays_and_nothing_is_left_open():
    given = {"epochs": 2, "batch_size": 7, "learning_rate": 3e-5, "dropout": 0.3}
    for name, value in given.items():
        settled = settle(Settings(**{name: value}, seed=9, warmup=0.2), TINY)
        assert isinstance(settled, Settled)
        assert getattr(settled, name) == value
        assert (settled.seed, settled.warmup) == (9, 0.2)
        assert all(getattr(settled, each) is not None for each in LEFT_OPEN)


def test_wider_and_deeper_models_learn_slower():
    rates = [settle(Settings(), each).learning_rate for each in (TINY, MINI_LM, BASE)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == pytest.approx(1e-3)
    few = replace(TINY, labels=2)
    assert settle(Settings(), few).learning_rate < rates[0]
    assert 2e-5 <= rates[2] <= 1e-4  # as published for BERT-base


def test_few_rows_are_seen_more_often_and_many_in_larger_batches():
    problems = [replace(TINY, rows=rows) for rows in (10, 300, 3_000, 10_000, 100_000)]
    settled = [settle(Settings(), each) for each in problems]
    assert [each.epochs for each in settled] == sorted((s.epochs for s in settled), reverse=True)
    assert [each.batch_size for each in settled] == sorted(each.batch_size for each in settled)
    assert settled[-1].epochs >= 3


def test_many_labels_take_more_steps():
    few, many = (replace(TINY, labels=labels) for labels in (2, 150))
    assert steps(settle(Settings(), many), many) > steps(settle(Settings(), few), few)


def test_a_wide_model_takes_fewer_steps_and_some_dropout():
    wide, narrow = (settle(Settings(), each) for each in (MINI_LM, TINY))
    assert steps(wide, MINI_LM) < steps(narrow, TINY)
    assert wide.dropout > narrow.dropout == 0


def test_a_batch_size_that_is_given_leaves_the_number_of_steps():
    problem = replace(TINY, labels=2)
    usual = steps(settle(Settings(), problem), problem)
    for size in (16, 32):
        settled = settle(Settings(batch_size=size), problem)
        assert steps(settled, problem) == pytest.approx(usual, rel=0.2)


def test_pretraining_has_settings_of_its_own():
    problem = Problem("fill-mask", 2, 128, rows=10**6)
    settled = settle(Settings(), problem)
    assert (settled.epochs, settled.batch_size) == (10, 64)
    assert (settled.learning_rate, settled.dropout) == (1e-3, 0.1)


def test_what_was_left_open_is_told_in_the_words_of_the_options():
    given = Settings(batch_size=64, dropout=0.0)
    complete = settle(given, TINY)
    assert told(given, complete) == f" --epochs {complete.epochs} --learning-rate 0.001"
    assert told(complete, complete) == ""
    assert str(TINY) == "2/128, 3,000 examples, 150 labels"


def test_right_labels_count_where_there_are_some():
    assert 0 < hard_share("classify", labelled=True) < 1
    assert hard_share("classify", labelled=False) == hard_share("embed", labelled=True) == 0


def test_rounding_and_pruning_go_on_with_a_trained_model():
    usual = settle(Settings(), MINI_LM)
    for given in (Settings(qat="int8"), Settings(prune=0.5)):
        settled = settle(given, MINI_LM)
        assert settled.learning_rate < usual.learning_rate
        assert settled.epochs < usual.epochs
        assert settled.dropout == 0
