"""Batches: one shape, the text as it stands but for what is hidden, and the release's shares."""

import numpy as np
import pytest

from edgebert.errors import EdgebertError
from edgebert.train.batching import IGNORE_INDEX
from edgebert.train.pretraining.batching import PretrainingBatches
from edgebert.train.pretraining.inputs import IS_RANDOM_NEXT, InputOptions, open_inputs
from tests.train.pretraining import text

CLS, SEP, MASK = (text.VOCABULARY.index(each) for each in ("[CLS]", "[SEP]", "[MASK]"))
LENGTH = 64


def batches_of(found, step):
    """The parts of a step's batch."""
    return [part.make() for part in found.micro_batches(step)]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    return folder, text.tokens(folder, text.questions(1500))


def opened(corpus, **options):
    folder, tokens = corpus
    return open_inputs(
        tokens, text.VOCABULARY, text.tokenizer(LENGTH), InputOptions(**options), folder / "ids"
    )


def make_batches(corpus, batch_size=32, parts=1, seed=1, epoch_steps=None, **options):
    return PretrainingBatches(opened(corpus, **options), batch_size, parts, seed, epoch_steps)


def a_pass(found):
    return [batch for step in range(found.steps_per_epoch) for batch in batches_of(found, step)]


def shown(batches, name):
    return np.concatenate([batch[name] for batch in batches])


def restored(batches):
    """The ids with what was hidden put back."""
    ids = shown(batches, "ids").copy()
    positions, target = shown(batches, "positions"), shown(batches, "target")
    rows, slots = np.nonzero(target != IGNORE_INDEX)
    ids[rows, positions[rows, slots]] = target[rows, slots]
    return ids


def test_every_pass_has_an_order_of_its_own(corpus):
    found = make_batches(corpus)
    count = found.steps_per_epoch
    passes = [
        restored(
            [batch for step in range(start, start + count) for batch in batches_of(found, step)]
        )
        for start in (0, count)
    ]
    one, other = ([row.tobytes() for row in each] for each in passes)
    same_place = sum(a == b for a, b in zip(one, other, strict=True))
    assert same_place < len(one) / 10
    assert len({*one} & {*other}) > 0.9 * len(one)  # but for what either leaves out


@pytest.mark.parametrize("packing", ["full-sentences", "sentence-pairs"])
def test_what_is_hidden_put_back_is_the_text(corpus, packing):
    batches = a_pass(make_batches(corpus, packing=packing))
    ids, mask = restored(batches), shown(batches, "mask")
    segments = shown(batches, "segment_ids")
    assert len({row.tobytes() for row in ids}) == len(ids)
    learned, begins = set(a_line_in_each()), []
    for row, kept, parts in zip(ids, mask, segments, strict=True):
        length = int(kept.sum())
        assert kept[:length].all()
        assert (row[0], row[length - 1]) == (CLS, SEP)
        assert not row[length:].any()
        first = int(np.flatnonzero(row == SEP)[0]) + 1
        if packing == "sentence-pairs":
            assert parts.tolist() == [0] * first + [1] * (length - first) + [0] * (LENGTH - length)
            assert (row[:length] == SEP).sum() == 2
        else:
            assert not parts.any()
            begins.append(tuple(row[1:5]) in learned)
    # Inputs begin with a line, but for what is left of a line too long for one.
    assert np.mean(begins or [1.0]) > 0.97


def a_line_in_each():
    """The first four ids of every line, as the tokenizer gives them."""
    ids = text.tokenizer().ids
    return [tuple(ids(line)[:4]) for line in text.questions(1500) if line]


@pytest.mark.parametrize("whole_words", [False, True])
@pytest.mark.parametrize("packing", ["full-sentences", "sentence-pairs"])
def test_shares_of_the_batches_are_those_of_the_release(corpus, packing, whole_words):
    found = make_batches(corpus, packing=packing, whole_words=whole_words)
    batches = [
        batch for step in range(2 * found.steps_per_epoch) for batch in batches_of(found, step)
    ]
    ids, target = shown(batches, "ids"), shown(batches, "target")
    rows, slots = np.nonzero(target != IGNORE_INDEX)
    now = ids[rows, shown(batches, "positions")[rows, slots]]
    was = target[rows, slots]
    special = [text.VOCABULARY.index(each) for each in ("[PAD]", "[UNK]", "[CLS]", "[SEP]")]
    pieces = int((~np.isin(restored(batches), special)).sum())
    assert len(was) / pieces == pytest.approx(0.15, abs=0.006)
    assert np.mean(now == MASK) == pytest.approx(0.8, abs=0.02)
    assert np.mean(now == was) == pytest.approx(0.1, abs=0.015)
    assert not np.isin(was, special).any()


def test_whole_words_are_never_split(corpus):
    for batch in a_pass(make_batches(corpus, whole_words=True)):
        full = restored([batch])
        for row, positions, target in zip(full, batch["positions"], batch["target"], strict=True):
            hidden = set(positions[target != IGNORE_INDEX].tolist())
            for place, number in enumerate(row):
                if text.VOCABULARY[number].startswith("##"):
                    assert (place in hidden) == (place - 1 in hidden)


def test_every_batch_has_one_shape_and_every_input_comes_once_a_pass(corpus):
    found = make_batches(corpus, parts=2)
    batches = a_pass(found)
    assert {batch["ids"].shape for batch in batches} == {(16, LENGTH)}
    assert {batch["positions"].shape for batch in batches} == {(16, round(0.15 * (LENGTH - 2)))}
    rows = {tuple(row) for row in restored(batches)}
    assert len(rows) == found.steps_per_epoch * 32  # no two inputs of this corpus are equal


def test_a_step_follows_from_seed_and_step_and_passes_differ(corpus):
    found, again = make_batches(corpus), make_batches(corpus)
    last = 2 * found.steps_per_epoch
    steps = [0, last, 3, last + 1]
    later = {step: batches_of(again, step)[0] for step in sorted(steps, reverse=True)}
    for step in steps:
        for name, value in batches_of(found, step)[0].items():
            assert np.array_equal(value, later[step][name])
    assert not np.array_equal(batches_of(found, 0)[0]["ids"], batches_of(found, last)[0]["ids"])
    assert not np.array_equal(
        batches_of(found, 0)[0]["ids"], batches_of(make_batches(corpus, seed=2), 0)[0]["ids"]
    )


def test_parts_are_the_batch(corpus):
    whole, parts = batches_of(make_batches(corpus), 5), batches_of(make_batches(corpus, parts=3), 5)
    assert [len(part["ids"]) for part in parts] == [11, 11, 10]
    for name in whole[0]:
        assert np.array_equal(whole[0][name], shown(parts, name))


def test_labels_of_pairs_are_those_of_the_rows(corpus):
    inputs = opened(corpus, packing="sentence-pairs")
    numbers = np.arange(len(inputs))
    found = inputs.batch(numbers, [(1, n) for n in numbers.tolist()])
    assert np.array_equal(found[IS_RANDOM_NEXT], np.array(inputs.rows)[:, -1])
    assert 0.4 < found[IS_RANDOM_NEXT].mean() < 0.75
    assert IS_RANDOM_NEXT not in opened(corpus).batch(numbers[:2], [(1,), (2,)])


def test_epochs_of_so_many_steps(corpus):
    found = make_batches(corpus, epoch_steps=1000)
    assert found.steps_per_epoch == 1000
    assert batches_of(found, 999)[0]["ids"].shape == (32, LENGTH)


def test_wrong_input_is_one_line(corpus):
    with pytest.raises(EdgebertError, match=r"fewer than a batch of 100000: give more text"):
        make_batches(corpus, batch_size=100_000)
    with pytest.raises(EdgebertError, match="accepted: full-sentences, sentence-pairs"):
        InputOptions(packing="loose")
    with pytest.raises(EdgebertError, match="between 0 and 1"):
        InputOptions(share=0)
