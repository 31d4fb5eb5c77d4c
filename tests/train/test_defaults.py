"""Settings that are left open follow from model and data; what is given stays."""

from dataclasses import replace

import pytest

from edgebert.train.defaults import (
    Problem,
    describe_derived,
    distillation_defaults,
    resolve_settings,
)
from edgebert.train.settings import DERIVED, ResolvedSettings, Settings

TINY = Problem("classify", layers=2, hidden_size=128, rows=3000, labels=150)
MINI_LM = replace(TINY, layers=6, hidden_size=384)
BASE = replace(TINY, layers=12, hidden_size=768)


def steps(resolved, problem):
    return resolved.epochs * -(-problem.rows // resolved.batch_size)


def test_what_is_given_stays_and_nothing_is_left_open():
    given = {"epochs": 2, "batch_size": 7, "learning_rate": 3e-5, "dropout": 0.3}
    for name, value in given.items():
        resolved = resolve_settings(Settings(**{name: value}, seed=9, warmup=0.2), TINY)
        assert isinstance(resolved, ResolvedSettings)
        assert getattr(resolved, name) == value
        assert (resolved.seed, resolved.warmup) == (9, 0.2)
        assert all(getattr(resolved, each) is not None for each in DERIVED)


def test_wider_and_deeper_models_learn_slower():
    rates = [resolve_settings(Settings(), each).learning_rate for each in (TINY, MINI_LM, BASE)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == pytest.approx(1e-3)
    few = replace(TINY, labels=2)
    assert resolve_settings(Settings(), few).learning_rate < rates[0]
    assert 2e-5 <= rates[2] <= 1e-4  # as published for BERT-base


def test_few_rows_are_seen_more_often_and_many_in_larger_batches():
    problems = [replace(TINY, rows=rows) for rows in (10, 300, 3_000, 10_000, 100_000)]
    resolved = [resolve_settings(Settings(), each) for each in problems]
    assert [each.epochs for each in resolved] == sorted((s.epochs for s in resolved), reverse=True)
    assert [each.batch_size for each in resolved] == sorted(each.batch_size for each in resolved)
    assert resolved[-1].epochs >= 3


@pytest.mark.parametrize("task", ["tag", "embed", "regress"])
def test_few_rows_of_other_tasks_than_classify_are_seen_less_often(task):
    few, many = (replace(TINY, rows=rows, labels=5) for rows in (30, 5_000))
    epochs = resolve_settings(Settings(), replace(few, task=task)).epochs
    assert epochs == resolve_settings(Settings(), few).epochs / 2
    same = resolve_settings(Settings(), replace(many, task=task)).epochs
    assert same == resolve_settings(Settings(), many).epochs


def test_a_tagger_learns_from_few_sentences_in_smaller_batches():
    sizes = {
        (task, rows): resolve_settings(
            Settings(), replace(TINY, task=task, rows=rows, labels=5)
        ).batch_size
        for task in ("tag", "classify")
        for rows in (50, 51)
    }
    assert sizes == {("tag", 50): 8, ("tag", 51): 16, ("classify", 50): 16, ("classify", 51): 16}


def test_an_embedder_is_changed_little_by_few_pairs():
    few, more = (replace(TINY, task="embed", rows=rows, labels=0) for rows in (200, 201))
    rates = [resolve_settings(Settings(), each).learning_rate for each in (few, more)]
    assert rates == pytest.approx([3e-4, 1e-3])


def test_many_labels_take_more_steps():
    few, many = (replace(TINY, labels=labels) for labels in (2, 150))
    assert steps(resolve_settings(Settings(), many), many) > steps(
        resolve_settings(Settings(), few), few
    )


def test_a_wide_model_takes_fewer_steps_and_some_dropout():
    wide, narrow = (resolve_settings(Settings(), each) for each in (MINI_LM, TINY))
    assert steps(wide, MINI_LM) < steps(narrow, TINY)
    assert wide.dropout > narrow.dropout == 0


def test_a_batch_size_that_is_given_leaves_the_number_of_steps():
    problem = replace(TINY, labels=2)
    usual = steps(resolve_settings(Settings(), problem), problem)
    for size in (16, 32):
        resolved = resolve_settings(Settings(batch_size=size), problem)
        assert steps(resolved, problem) == pytest.approx(usual, rel=0.2)


def test_pretraining_has_settings_of_its_own():
    problem = Problem("fill-mask", 2, 128, rows=10**6)
    resolved = resolve_settings(Settings(), problem)
    assert (resolved.epochs, resolved.batch_size) == (10, 64)
    assert (resolved.learning_rate, resolved.dropout) == (1e-3, 0.1)


def test_what_was_left_open_is_told_in_the_words_of_the_options():
    given = Settings(batch_size=64, dropout=0.0)
    complete = resolve_settings(given, TINY)
    assert describe_derived(given, complete) == f" --epochs {complete.epochs} --learning-rate 0.001"
    assert describe_derived(complete, complete) == ""
    assert str(TINY) == "2/128, 3,000 examples, 150 labels"


def test_right_labels_count_where_there_are_some():
    assert 0 < distillation_defaults(TINY).hard < 1
    assert distillation_defaults(replace(TINY, labelled=0.0)).hard == 0


def test_of_many_texts_that_nobody_labelled_the_teacher_is_learned_longer_and_alone():
    many = replace(TINY, rows=116_000)
    augmented = replace(many, labelled=0.08)
    assert distillation_defaults(augmented) == (2.0, 0.0)
    assert distillation_defaults(many) == distillation_defaults(replace(augmented, rows=9_000))
    usual, longer = (resolve_settings(Settings(), each) for each in (many, augmented))
    assert (longer.epochs, longer.batch_size) == (7, 128)
    assert longer.epochs > usual.epochs


def test_rounding_and_pruning_go_on_with_a_trained_model():
    usual = resolve_settings(Settings(), MINI_LM)
    for given in (Settings(qat="int8"), Settings(prune=0.5)):
        resolved = resolve_settings(given, MINI_LM)
        assert resolved.learning_rate < usual.learning_rate
        assert resolved.epochs < usual.epochs
        assert resolved.dropout == 0
