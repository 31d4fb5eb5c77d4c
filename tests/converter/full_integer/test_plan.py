"""What cannot be converted to integers is told in one line, before anything is built."""

from dataclasses import replace

import pytest

from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.full_integer.plan import refuse_head
from edgebert.converter.head import Head
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.converter.unlike_bert import INTEGER
from edgebert.errors import EdgebertError
from tests.bert_weights import small_config
from tests.conftest import REFERENCE


@pytest.fixture(scope="module")
def checkpoint():
    with open_checkpoint(str(REFERENCE / "hf_classifier_2x32")) as opened:
        yield opened


def planned(checkpoint, quantize="int8-full", **choices):
    return plan(Options(quantize=quantize, **choices), checkpoint)


def test_lengths_are_sorted_and_the_largest_is_the_most_that_fits(checkpoint):
    made = planned(checkpoint, lengths=(64, 16, 64))
    assert made.graphs.choices.lengths == (16, 64)
    assert made.max_length == 64
    assert planned(checkpoint).graphs.choices.lengths == (64,)
    assert planned(checkpoint).graphs.choices.interface.inputs == ("ids",)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"lengths": (600,)}, "length 600: .* takes 8 to"),
        ({"lengths": (4,)}, "length 4: .* takes 8 to"),
        ({"max_length": 64}, "use --length, not --max-length"),
        ({"inputs": ("ids", "mask")}, "inputs ids,mask: accepted are ids and ids,mask,segment_ids"),
        ({"mixed": "some"}, "mixed 'some' is unknown; accepted: none, auto"),
        ({"mixed": "auto", "quantize": "int16x8"}, "int16x8 keeps every value in int16"),
        ({"quantize": "int8", "inputs": ("ids",)}, "inputs: for --quantize int8-full and int16x8"),
        ({"quantize": "float32", "mixed": "auto"}, "mixed: for --quantize int8-full"),
        ({"quantize": "int8", "allow_float": True}, "allow float: for --quantize int8-full"),
        ({"allow_float": True}, "allow float: .* add --mixed auto"),
        (
            {"allow_float": True, "mixed": "auto", "target": "qnn"},
            "allow float: a file for qnn is whole numbers only",
        ),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(checkpoint, choices, message):
    with pytest.raises(EdgebertError, match=message):
        planned(checkpoint, **choices)


def test_other_families_are_refused():
    config = small_config(norm="no_norm", bottleneck_size=16, projection="words")
    with pytest.raises(EdgebertError, match="do not normalise; int8-full and int16x8 take BERT"):
        INTEGER.require(config, "some model")


def test_a_task_without_an_integer_graph_is_refused():
    message = "are for embed, classify, .* not for next-sentence; use --quantize int8"
    with pytest.raises(EdgebertError, match=message):
        refuse_head(Head("next-sentence"), "some model")


def test_a_vocabulary_without_special_tokens_is_refused(checkpoint):
    pieces = ["[gone]" if piece == "[SEP]" else piece for piece in checkpoint.vocabulary]
    with pytest.raises(EdgebertError, match=r"has no \[SEP\]"):
        planned(replace(checkpoint, vocabulary=pieces))
