"""Inputs are made of whole lines that follow each other, and no token is lost or used twice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebert.errors import EdgebertError
from edgebert.train.pretraining.packing import pack
from edgebert.train.pretraining.tokenised_corpus import TokenisedCorpus

DOCUMENTS = st.lists(st.lists(st.integers(1, 30), min_size=1, max_size=12), min_size=2, max_size=8)


def tokens(documents):
    """A corpus whose lines have these lengths; the last of a document has a [SEP] more."""
    lengths = [n + (at == len(lines) - 1) for lines in documents for at, n in enumerate(lines)]
    begins = np.cumsum([0, *lengths])
    firsts = np.cumsum([0, *map(len, documents)])
    return TokenisedCorpus(np.arange(begins[-1]), begins[:-1], firsts[:-1], np.zeros(1, np.int64))


def line_ends(corpus):
    return {*corpus.lines[1:].tolist(), len(corpus.ids)}


@settings(deadline=None)
@given(DOCUMENTS, st.integers(8, 40))
def test_full_sentences_use_every_token_once_in_order(documents, length):
    corpus = tokens(documents)
    found = list(pack(corpus, "full-sentences", length, 1))
    assert [row.a_begins for row in found[1:]] == [row.a_ends for row in found[:-1]]
    assert (found[0].a_begins, found[-1].a_ends) == (0, len(corpus.ids))
    assert all(0 < row.a_ends - row.a_begins <= length - 2 for row in found)
    assert all(row[2:] == (0, 0, 0) for row in found)


@settings(deadline=None)
@given(DOCUMENTS, st.integers(8, 40))
def test_full_sentences_are_as_full_as_whole_lines_make_them(documents, length):
    corpus, max_tokens = tokens(documents), length - 2
    found = list(pack(corpus, "full-sentences", length, 1))
    ends = sorted(line_ends(corpus))
    for row in found[:-1]:
        if row.a_ends in ends:  # the next line did not fit too
            following = ends[ends.index(row.a_ends) + 1]
            assert following - row.a_begins > max_tokens
        else:  # a line too long for any input was cut
            assert row.a_ends - row.a_begins == max_tokens


@settings(deadline=None)
@given(DOCUMENTS, st.integers(10, 40), st.integers(0, 9))
def test_sentence_pairs_follow_in_a_document_or_come_from_two(documents, length, seed):
    corpus = tokens(documents)
    separators = {int(end) - 1 for end in [*corpus.lines[corpus.documents[1:]], len(corpus.ids)]}

    def document(place):
        return int(np.searchsorted(corpus.lines[corpus.documents], place, side="right"))

    for row in pack(corpus, "sentence-pairs", length, seed):
        a, b = range(row.a_begins, row.a_ends), range(row.b_begins, row.b_ends)
        assert len(a) > 0
        assert len(b) > 0
        assert len(a) + len(b) <= length - 3
        assert not separators & {*a, *b}
        assert document(a[0]) == document(a[-1])
        assert document(b[0]) == document(b[-1])
        assert (document(a[0]) != document(b[0])) == bool(row.is_random)
        if not row.is_random:
            assert a[-1] < b[0]


def test_half_of_the_pairs_are_random_and_nearly_every_line_is_in_one():
    random = np.random.default_rng(1)
    documents = [random.integers(5, 25, 40).tolist() for _ in range(60)]
    corpus = tokens(documents)
    found = list(pack(corpus, "sentence-pairs", 64, 1))
    # A chunk of one line can have no second segment of its own.
    assert np.mean([row.is_random for row in found]) == pytest.approx(0.5, abs=0.05)
    used = {place for row in found for place in range(row.a_begins, row.a_ends)}
    used |= {p for row in found if not row.is_random for p in range(row.b_begins, row.b_ends)}
    lines = np.split(np.arange(len(corpus.ids)), corpus.lines[1:])
    # The rest is what was cut off where a pair was too long.
    assert np.mean([not used.isdisjoint(line.tolist()) for line in lines]) > 0.9
    lengths = [row.a_ends - row.a_begins + row.b_ends - row.b_begins for row in found]
    assert np.mean(np.array(lengths) >= 61) > 0.75
    assert min(lengths) < 40  # one in ten is short on purpose
    again = list(pack(corpus, "sentence-pairs", 64, 1))
    assert again == found
    assert list(pack(corpus, "sentence-pairs", 64, 2)) != found


def test_pairs_of_one_document_are_refused():
    with pytest.raises(EdgebertError, match="need at least two documents, with a blank line"):
        pack(tokens([[3, 4, 5]]), "sentence-pairs", 20, 1)
