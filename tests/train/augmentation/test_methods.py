"""Candidates are near in the word table, or what a masked language model would write."""

import numpy as np
import pytest

from edgebert.converter import reference
from edgebert.converter.head import Head
from edgebert.errors import EdgebertError
from edgebert.train.augmentation.candidates import Candidates, spans
from edgebert.train.augmentation.methods import make_method, open_method
from edgebert.train.augmentation.neighbours import Neighbours
from edgebert.train.initialisation import with_task_heads
from tests.train import words


@pytest.fixture(scope="module")
def speaker():
    """A checkpoint with a masked language model."""
    return with_task_heads(words.checkpoint(4), "fill-mask", (), 1, None)


def shares(candidates):
    return dict(zip(candidates.words, np.diff(candidates.cumulative, prepend=0.0), strict=True))


def test_neighbours_are_the_nearest_by_cosine_without_the_mean():
    checkpoint = words.checkpoint(2)
    ((found,),) = Neighbours(checkpoint).candidates(["good"])
    known = [word for word in words.WORDS if len(word) > 1]
    table = checkpoint.weights["embeddings.word"][[words.VOCABULARY.index(w) for w in known]]
    table = table - table.mean(axis=0)
    own = table[known.index("good")]
    cosines = table @ own / np.linalg.norm(table, axis=1) / np.linalg.norm(own)
    order = [known[at] for at in np.argsort(-cosines)]
    assert list(found.words) == order[1:16]
    weights = np.exp(np.sort(cosines)[::-1][1:16] / 0.2)
    np.testing.assert_allclose([*shares(found).values()], weights / weights.sum(), rtol=1e-3)


def test_neighbours_leave_words_of_several_pieces_and_unknown_ones():
    (found,) = Neighbours(words.checkpoint()).candidates(["good films xyz"])
    assert [bool(each.words) for each in found] == [True, False, False]


def test_masked_words_are_the_likeliest_with_each_word_hidden_alone(speaker):
    text = "The good films was xyz"
    with make_method(speaker) as method:
        assert method.name == "masked"
        (found,) = method.candidates([text])
    tokenizer = speaker.make_tokenizer()
    for (start, end), candidates in zip(spans(text), found, strict=True):
        ids = tokenizer.encode(f"{text[:start]}[MASK]{text[end:]}", mask_tokens=True).ids
        at = ids.index(tokenizer.mask_id)
        logits = reference.output(speaker.weights, speaker.config, Head("fill-mask"), ids)[0][at]
        order = [speaker.vocabulary[number] for number in np.argsort(-logits)]
        order = [word for word in order if word.isalpha() and word != text[start:end].lower()]
        assert list(candidates.words) == order[:15]
        odds = np.exp([logits[speaker.vocabulary.index(word)] for word in order[:15]])
        np.testing.assert_allclose([*shares(candidates).values()], odds / odds.sum(), rtol=1e-3)


def test_masked_words_of_many_texts_are_those_of_each_alone(speaker):
    texts = ["the film", "", "good plot and bad actor", "was [MASK] film", "a a a"]
    with make_method(speaker) as method:
        together = method.candidates(texts)
        assert together == [method.candidates([text])[0] for text in texts]
    assert [len(each) for each in together] == [2, 0, 5, 3, 3]
    assert not any(each.words for each in together[3])  # its mask would be taken for ours


def test_words_that_the_model_does_not_see_stay(speaker):
    with make_method(speaker) as method:
        (found,) = method.candidates(["the " * 40])
    assert [bool(each.words) for each in found] == [True] * 30 + [False] * 10


def test_words_are_drawn_as_often_as_their_weights_say():
    candidates = Candidates.of([("one", 3.0), ("two", 1.0)])
    drawn = [candidates.draw(share) for share in np.linspace(0, 1, 1001)]
    assert drawn.count("one") == pytest.approx(750, abs=1)
    assert set(drawn) == {"one", "two"}


def test_wrong_sources_are_one_line(speaker, tmp_path):
    with pytest.raises(EdgebertError, match="method is 'guess'; accepted: masked, neighbours"):
        make_method(speaker, "guess").__enter__()
    with pytest.raises(EdgebertError, match="has no mlm for the task fill-mask"):
        make_method(words.checkpoint(), "masked").__enter__()
    with pytest.raises(EdgebertError, match="neighbours are found in a checkpoint"):
        open_method(str(tmp_path / "x.tflite"), "neighbours").__enter__()


def test_a_file_for_another_task_is_refused(classifier):
    with pytest.raises(EdgebertError, match="is for classify; a masked language model is needed"):
        open_method(str(classifier)).__enter__()
