"""The record comes back as it went in, and nothing else passes for one."""

import json
from dataclasses import replace
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import edgebert.model_file
from edgebert.bert.config import BertConfig
from edgebert.errors import EdgebertError
from edgebert.model_file.fixed_graphs import CalibrationTexts, FloatGraphs, Integer
from edgebert.model_file.record import Quantization, Record, SelfTest, Source
from edgebert.tokenizer.options import TokenizerOptions

RECORD = Record(
    task="classify",
    labels=("crème", "yes"),
    multi_label=False,
    pooling=None,
    normalize=False,
    max_length=64,
    tokenizer=TokenizerOptions(strip_accents=True),
    model=BertConfig(100, 16, 2, 2, 32),
    source=Source("tiny", "TensorFlow 1 checkpoint"),
    quantization=Quantization("int8", "a", "b", "c"),
    minimum_runtime="2.17",
    check={"texts": 3, "mean_cosine": 0.99, "limit": {"mean_cosine": 0.9}},
    tools={"edgebert": "1"},
    self_test_tolerance=0.05,
    self_test=(SelfTest("hi", None, (1, 2), (0, 0), {"positions": (1,)}, (1, 2), 1, (0.25, 0.75)),),
)
INTEGER = Integer(
    lengths=(64, 128),
    inputs=("ids",),
    pad_id=0,
    positions=None,
    output_type="int8",
    output_scale=0.5,
    output_zero_point=-3,
    host="softmax",
    mean_step=1 / 256,
    calibration=CalibrationTexts("texts.txt", 200, 4000),
    int16=("layers.0.ffn.norm",),
)
FULL_INTEGER = replace(RECORD, integer=INTEGER)
PLACES = [
    "task",
    "labels",
    "tokenizer",
    "model",
    "self_test",
    "max_length",
    "format",
    "check",
    "integer",
]


def test_record_survives_its_text():
    assert Record.from_json(RECORD.to_json()) == RECORD
    bare = replace(RECORD, labels=None, pooling="mean")
    assert Record.from_json(bare.to_json()) == bare
    assert Record.from_json(FULL_INTEGER.to_json()) == FULL_INTEGER


def test_older_readers_refuse_the_record_of_a_full_integer_file():
    assert json.loads(RECORD.to_json())["format"] == 1
    assert json.loads(FULL_INTEGER.to_json())["format"] == 2


def test_missing_and_wrong_values_are_named():
    data = json.loads(RECORD.to_json())
    with pytest.raises(EdgebertError, match=r"record\.model\.hidden_size is missing"):
        Record.from_json(json.dumps({**data, "model": {"vocab_size": 3}}))
    with pytest.raises(EdgebertError, match=r"record\.labels\[1\]"):
        Record.from_json(json.dumps({**data, "labels": ["a", 7]}))
    with pytest.raises(EdgebertError, match="format 6"):
        Record.from_json(json.dumps({**data, "format": 6}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(place=st.sampled_from(PLACES), value=JSON)
def test_any_value_anywhere_reads_or_is_one_clear_error(place, value):
    data = {**json.loads(RECORD.to_json()), place: value}
    try:
        Record.from_json(json.dumps(data))
    except EdgebertError as error:
        assert "\n" not in str(error)


@given(JSON)
def test_other_json_is_refused(value):
    with pytest.raises(EdgebertError):
        Record.from_json(json.dumps(value))


def test_unknown_fields_are_passed_over():
    data = {**json.loads(RECORD.to_json()), "later": 1}
    assert Record.from_json(json.dumps(data)) == RECORD


@pytest.mark.parametrize("record", [RECORD, FULL_INTEGER])
def test_a_record_is_what_its_schema_says(record):
    text = resources.files(edgebert.model_file).joinpath("record.schema.json").read_text()
    validator = Draft202012Validator(json.loads(text))
    data = json.loads(record.to_json())
    validator.validate(data)
    for wrong in ({**data, "labels": 3}, {**data, "task": "sing"}, {**data, "format": 9}):
        assert not validator.is_valid(wrong)
    del data["model"]["hidden_size"]
    assert not validator.is_valid(data)


def test_fixed_lengths_make_a_format_that_older_readers_refuse():
    record = replace(RECORD, fixed=FloatGraphs((16, 32), ("ids", "mask", "segment_ids"), 0, None))
    assert json.loads(record.to_json())["format"] == record.format == 5
    read = Record.from_json(record.to_json())
    assert read == record
    assert read.fixed_graphs.lengths == (16, 32)
    assert (read.fixed_graphs.host, RECORD.fixed_graphs) == ("none", None)
