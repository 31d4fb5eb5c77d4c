"""Embed, classify and regress: pairs, and long texts by windows."""

import numpy as np
import pytest

import edgebert
from edgebert.runtime.windows import windows

LONG = " ".join(f"question {n} is about my card and {n} euros" for n in range(60))


def outputs(model, text, stride=None):
    """The graph's output for each window, one after another."""
    ids = model.tokenizer.ids(text)
    room = model.max_length - 2
    spread = windows(len(ids), room, stride or room)
    assert len(spread) > 2
    return np.concatenate([model.run_ids(model.tokenizer.join(ids[a:b]).ids) for a, b in spread])


@pytest.mark.parametrize("stride", [None, 40])
@pytest.mark.parametrize("how", ["mean", "max", "first"])
def test_probabilities_of_windows_are_combined_as_asked(classifier, how, stride):
    with edgebert.load(classifier) as model:
        each = outputs(model, LONG, stride)
        expected = {"mean": each.mean(axis=0), "max": each.max(axis=0), "first": each[0]}[how]
        found = model(LONG, long=how, stride=stride)
    np.testing.assert_allclose(list(found.scores.values()), expected, atol=1e-6)
    assert found.label == model.labels[expected.argmax()]
    assert found.score == max(found.scores.values())


@pytest.mark.parametrize("how", ["mean", "max", "first"])
@pytest.mark.parametrize("normalize", [True, False])
def test_vectors_of_windows_are_combined_and_scaled_as_the_file_does(converted, how, normalize):
    with edgebert.load(converted("embed", normalize=normalize)) as model:
        each = outputs(model, LONG)
        expected = {"mean": each.mean(axis=0), "max": each.max(axis=0), "first": each[0]}[how]
        found = model(LONG, long=how)
    if normalize:
        expected = expected / np.linalg.norm(expected)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("name", ["classify", "embed"])
@pytest.mark.parametrize("how", ["mean", "max", "first"])
def test_a_text_that_fits_is_answered_as_ever(converted, name, how):
    with edgebert.load(converted(name)) as model:
        found, expected = model("Where is my card?", long=how), model("Where is my card?")
        if name == "classify":
            assert found == expected
        else:
            np.testing.assert_allclose(found, expected, atol=1e-6)


def test_windows_see_all_of_the_text_and_truncation_says_so(classifier):
    with edgebert.load(classifier) as model:
        with pytest.warns(edgebert.TruncationWarning):
            model(LONG)
        assert model.reply(LONG).truncated
        for how in ("mean", "max", "first"):
            assert not model.reply(LONG, long=how).truncated
        assert model.reply(LONG, long="first").tokens == 128
        assert model.reply(LONG, long="mean").tokens > len(model.tokenizer.ids(LONG))


def test_the_text_of_a_pair_that_gives_way_can_be_named(classifier):
    with edgebert.load(classifier) as model:
        for truncate in ("longest", "first", "second"):
            ids, segment_ids, cut = model.tokenizer.encode(LONG, LONG, truncate=truncate)
            found = model.reply(LONG, LONG, truncate=truncate)
            assert (found.truncated, found.tokens) == (cut, 128) == (True, 128)
            expected = model.run_ids(ids, segment_ids)[0]
            np.testing.assert_allclose(list(found.value.scores.values()), expected, atol=1e-6)


def test_options_reach_a_batch(classifier):
    with edgebert.load(classifier) as model:
        found = list(model.batch([LONG, "short"], long="mean", workers=2))
        assert found == [model(LONG, long="mean"), model("short")]
        with pytest.raises(edgebert.EdgebertError, match="no option 'top'"):
            model.batch(["a"], top=3)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("a",), {"long": "middle"}, "long is 'middle'; accepted: 'truncate', 'mean', 'max'"),
        (("a",), {"stride": 5}, "stride is for windows; ask for them: long='mean'"),
        (("a",), {"long": "mean", "stride": 127}, "from 1 to 126"),
        (("a", "b"), {"long": "mean"}, "for single texts; a pair is truncated"),
        (("a", "b"), {"truncate": "both"}, "truncate is 'both'; accepted: 'longest'"),
        (("a",), {"strategy": "first"}, "classify has no option 'strategy'; it has: truncate, "),
    ],
)
def test_wrong_use_is_told(classifier, arguments, options, message):
    with (
        edgebert.load(classifier) as model,
        pytest.raises(edgebert.EdgebertError, match=message),
    ):
        model(*arguments, **options)


@pytest.mark.parametrize("long", ["truncate", "mean"])
def test_a_wrong_truncate_is_refused_of_single_texts_and_windows_too(classifier, long):
    with (
        edgebert.load(classifier) as model,
        pytest.raises(edgebert.EdgebertError, match="truncate is 'x'; accepted: "),
    ):
        model.classify("Where is my card?", truncate="x", long=long)
