"""Masks are what the release says: 15 %, 80/10/10, and words that are never split when asked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebert.errors import EdgebertError
from edgebert.train.pretraining.masking import Masker, Masking

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
VOCABULARY = (*SPECIAL, *(f"w{n}" for n in range(60)), *(f"##p{n}" for n in range(40)))
MASK = VOCABULARY.index("[MASK]")
PIECES = st.lists(st.integers(0, len(VOCABULARY) - 1), max_size=80)


def mask(ids, seed=0, **options):
    return Masker(VOCABULARY, Masking(**options)).mask(ids, np.random.default_rng(seed))


def words_of(ids):
    """Places of the pieces of each word; special tokens are no words."""
    found = []
    for place, number in enumerate(ids):
        if VOCABULARY[number] in SPECIAL:
            continue
        before = place and VOCABULARY[ids[place - 1]] not in SPECIAL
        if VOCABULARY[number].startswith("##") and before:
            found[-1].append(place)
        else:
            found.append([place])
    return found


@given(PIECES, st.integers(0, 9), st.booleans(), st.integers(1, 30))
def test_only_chosen_places_change_and_labels_are_what_stood_there(ids, seed, whole, most):
    found = mask(ids, seed, whole_words=whole, most=most)
    kept = np.ones(len(ids), bool)
    kept[found.positions] = False
    assert np.array_equal(found.ids[kept], np.array(ids, np.int32)[kept])
    assert found.labels.tolist() == [ids[place] for place in found.positions]
    assert all(VOCABULARY[label] not in SPECIAL for label in found.labels)
    assert found.positions.tolist() == sorted(set(found.positions.tolist()))
    assert len(found.positions) <= most


@given(PIECES, st.integers(0, 9))
def test_as_many_pieces_as_the_share_says(ids, seed):
    pieces = sum(VOCABULARY[number] not in SPECIAL for number in ids)
    expected = max(1, round(0.15 * pieces)) if pieces else 0
    assert len(mask(ids, seed).positions) == expected


@given(PIECES, st.integers(0, 9))
def test_whole_words_are_never_split(ids, seed):
    found = set(mask(ids, seed, whole_words=True).positions.tolist())
    for word in words_of(ids):
        assert len(found.intersection(word)) in (0, len(word))
    if words_of(ids):
        assert found


def test_the_same_seed_gives_the_same_mask_and_another_does_not():
    ids = list(range(5, 65))
    one, other = mask(ids, 1), mask(ids, 1)
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(one.positions, mask(ids, 2).positions)


@pytest.mark.parametrize("whole", [False, True])
def test_shares_are_those_of_the_release(whole):
    masker = Masker(VOCABULARY, Masking(whole_words=whole))
    random = np.random.default_rng(1)
    masked = same = changed = chosen = pieces = 0
    drawn = []
    for _ in range(800):
        ids = [2, *random.integers(5, 105, 100).tolist(), 3]
        found = masker.mask(ids, random)
        now = found.ids[found.positions]
        pieces += 100
        chosen += len(now)
        masked += int((now == MASK).sum())
        same += int((now == found.labels).sum())
        is_random = (now != MASK) & (now != found.labels)
        changed += int(is_random.sum())
        drawn += now[is_random].tolist()
    assert chosen / pieces == pytest.approx(0.15, abs=0.004)
    assert masked / chosen == pytest.approx(0.8, abs=0.015)
    assert same / chosen == pytest.approx(0.1 + 0.1 / 100, abs=0.012)
    assert changed / chosen == pytest.approx(0.1 - 0.1 / 100, abs=0.012)
    assert set(drawn) == set(range(5, 105))


def test_every_piece_is_as_likely_to_be_chosen():
    masker, random = Masker(VOCABULARY, Masking()), np.random.default_rng(3)
    counts = np.zeros(42)
    for _ in range(4000):
        counts[masker.mask([2, *range(5, 45), 3], random).positions] += 1
    assert counts[[0, -1]].sum() == 0
    assert np.abs(counts[1:-1] / 4000 - 0.15).max() < 0.03


def test_wrong_use_is_one_line():
    with pytest.raises(EdgebertError, match=r"the vocabulary has no \[MASK\]"):
        Masker(("[PAD]", "a"), Masking())
    with pytest.raises(EdgebertError, match="nothing but special tokens"):
        Masker(SPECIAL, Masking())
    with pytest.raises(EdgebertError, match="between 0 and 1"):
        Masking(share=1.5)
