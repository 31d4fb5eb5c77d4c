"""Every epoch shows every example once, in an order that seed and epoch decide."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgebert.train.batching import BatchSampler

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=400)


@given(LENGTHS, st.integers(1, 40), st.integers(0, 5), st.integers(0, 3))
def test_every_example_once_an_epoch(lengths, size, seed, epoch):
    order = BatchSampler(lengths, size, seed)
    steps = range(epoch * order.steps_per_epoch, (epoch + 1) * order.steps_per_epoch)
    batches = [order.batch(step) for step in steps]
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    assert sorted(map(len, batches))[1:] == [size] * (len(batches) - 1)


@given(LENGTHS, st.integers(1, 40), st.integers(0, 5), st.data())
def test_any_step_is_found_again(lengths, size, seed, data):
    one, other = (BatchSampler(lengths, size, seed) for _ in range(2))
    steps = data.draw(st.lists(st.integers(0, 3 * one.steps_per_epoch), max_size=8))
    for step in steps:
        one.batch(step)
    for step in steps[::-1]:
        assert np.array_equal(one.batch(step), other.batch(step))


def test_epochs_and_seeds_differ():
    lengths = np.arange(200) % 17 + 1
    orders = [BatchSampler(lengths, 8, seed) for seed in (1, 2)]
    first = [orders[0].batch(step).tolist() for step in range(25)]
    assert first != [orders[0].batch(step).tolist() for step in range(25, 50)]
    assert first != [orders[1].batch(step).tolist() for step in range(25)]


def test_a_batch_holds_texts_of_like_length():
    lengths = np.random.default_rng(1).integers(3, 60, 4000)
    order = BatchSampler(lengths, 16, 1)
    padded = sum(
        len(batch) * lengths[batch].max()
        for batch in map(order.batch, range(order.steps_per_epoch))
    )
    assert padded < 1.1 * lengths.sum()
    assert padded > lengths.sum()
