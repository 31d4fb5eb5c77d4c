"""Fills of one or several masks are those of the plain forward."""

import pytest

import edgebert
from tests.conftest import REFERENCE, SOURCES


@pytest.fixture(scope="module")
def model(converted):
    with edgebert.load(converted("fill-mask", quantize="float32")) as model:
        yield model


@pytest.mark.parametrize("text", ["Paris is the [MASK] of France.", "a [MASK][MASK] b [MASK]"])
def test_fills_are_those_of_the_plain_forward(model, text):
    pytest.importorskip("ai_edge_litert", reason="checkpoints are read with what converts them")
    from edgebert.checkpoints.folder import open_folder
    from edgebert.converter import reference
    from edgebert.converter.head import Head
    from edgebert.runtime.tasks.scores import softmax

    checkpoint = open_folder(REFERENCE / SOURCES["fill-mask"])
    ids = model.tokenizer.encode(text, mask_tokens=True).ids
    rows = reference.output(checkpoint.weights, checkpoint.config, Head("fill-mask"), ids)[0]
    expected = []
    for at, number in enumerate(ids):
        if number == model.tokenizer.mask_id:
            scores = softmax(rows[at])
            best = sorted(range(len(scores)), key=lambda i: -scores[i])[:7]
            expected.append([(model.tokenizer.piece(i), scores[i]) for i in best])
    found = model(text, top=7)
    found = found if len(expected) > 1 else [found]
    assert len(found) == len(expected)
    for fills, pairs in zip(found, expected, strict=True):
        assert [fill.token for fill in fills] == [token for token, _ in pairs]
        assert [f.score for f in fills] == pytest.approx([s for _, s in pairs], rel=1e-3)


def test_one_mask_gives_fills_several_give_lists_of_them(model):
    one, two = model("a [MASK]"), model("[MASK] a [MASK]", top=2)
    assert len(one) == 5
    assert all(isinstance(fill, edgebert.Fill) for fill in one)
    assert [len(fills) for fills in two] == [2, 2]
    assert len(model("[MASK]", top=10**6)) == model.record.model.vocab_size


def test_the_text_of_a_fill_has_the_token_in_place(model):
    fills = [fill for mask in model("Né à [MASK] 東 [MASK]!", top=800) for fill in mask]
    by_token = {}
    for fill in fills:
        by_token.setdefault(fill.token, []).append(fill.text)
    assert by_token["the"] == ["Né à the 東 [MASK]!", "Né à [MASK] 東 the!"]
    assert by_token["##s"] == ["Né às 東 [MASK]!", "Né à [MASK] 東s!"]
    assert "##s a" in {fill.text for fill in model("[MASK] a", top=800)}


def test_rows_can_be_asked_for_one_by_one(model):
    ids = model.tokenizer.encode("Where is the [MASK] of it all?", mask_tokens=True).ids
    every = model.run_ids(ids)
    assert every.shape == (1, len(ids), model.record.model.vocab_size)
    for positions in ([3], [5, 1], [2, 2, 7], list(range(len(ids)))):
        some = model.run_ids(ids, positions=positions)
        assert abs(some - every[:, positions]).max() < 1e-4


@pytest.mark.parametrize("positions", [[], [-1], [99]])
def test_positions_must_be_tokens(model, positions):
    with pytest.raises(
        edgebert.EdgebertError, match="numbers from 0 to 3 are needed, for 4 tokens"
    ):
        model.run_ids([2, 5, 6, 3], positions=positions)


def test_other_tasks_take_no_positions(classifier):
    with (
        edgebert.load(classifier) as model,
        pytest.raises(edgebert.EdgebertError, match="positions are given beside ids"),
    ):
        model.run_ids([2, 5, 3], positions=[1])


def test_a_long_text_is_cut_behind_its_mask(model):
    with pytest.warns(edgebert.TruncationWarning):
        assert len(model("[MASK] " + "a " * 500)) == 5


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("no mask",), {}, r"no \[MASK\] in 'no mask'; put it where a word is wanted"),
        (("[mask]",), {}, "no "),
        (("a " * 500 + "[MASK]",), {}, "1 of 1 .* past the 128 tokens"),
        (("[MASK]", "b"), {}, "fill-mask takes one text"),
        (("[MASK]",), {"top": 0}, "top is 0"),
        (("[MASK]",), {"truncate": "first"}, "fill-mask has no option 'truncate'; it has: top"),
    ],
)
def test_wrong_use_is_told(model, arguments, options, message):
    with pytest.raises(edgebert.EdgebertError, match=message):
        model(*arguments, **options)
