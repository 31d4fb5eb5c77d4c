"""Every number goes somewhere else, none twice, and nobody can guess where."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebert.train.pretraining.batching import Permutation


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3000), st.integers(0, 5), st.integers(0, 5))
def test_it_is_a_permutation(count, seed, epoch):
    found = Permutation(count, (seed, epoch))(np.arange(count))
    assert sorted(found.tolist()) == list(range(count))


def test_each_number_alone_goes_where_it_goes_among_others():
    permutation = Permutation(1000, (1, 2))
    together = permutation(np.arange(1000))
    assert [int(permutation(np.array([n]))[0]) for n in range(0, 1000, 97)] == together[
        ::97
    ].tolist()


def test_seeds_and_epochs_give_others():
    numbers = np.arange(5000)
    found = [Permutation(5000, seed)(numbers) for seed in ((1, 0), (1, 1), (2, 0))]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.mean(found[one] == found[other]) < 0.005


def test_numbers_of_a_size_that_no_list_could_hold():
    permutation = Permutation(10**13, (1,))
    numbers = np.arange(10**12, 10**12 + 1000)
    found = permutation(numbers)
    assert len(set(found.tolist())) == 1000
    assert 0 <= found.min() < found.max() < 10**13
    assert found.mean() == pytest.approx(5e12, rel=0.1)


def test_neighbours_are_scattered():
    count = 4096
    found = Permutation(count, (3, 0))(np.arange(count))
    halves = found[: count // 2] < count // 2
    assert halves.mean() == pytest.approx(0.5, abs=0.05)
    assert abs(np.corrcoef(np.arange(count), found)[0, 1]) < 0.06
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 0.06
    steps = np.abs(np.diff(found))
    assert steps.mean() == pytest.approx(count / 3, rel=0.05)  # as of a random order
