"""The golden vectors, which the Kotlin tokenizer is held to as well."""

import functools
import json

import pytest

from edgebert.tokenizer import Tokenizer, TokenizerOptions
from tests.tokenizer.conftest import DATA

CASES = [
    json.loads(line)
    for line in (DATA / "golden_tokens.jsonl").read_text(encoding="utf-8").splitlines()
]
RULES = sorted({case["rule"] for case in CASES})


@functools.cache
def tokenizer(vocabulary, options):
    return Tokenizer(vocabulary, options)


@pytest.mark.parametrize("rule", RULES)
def test_golden_tokens(vocabulary, rule):
    for case in CASES:
        if case["rule"] != rule:
            continue
        options = dict(case["options"])
        how = {name: options.pop(name) for name in ("mask_tokens", "truncate")}
        encoding, offsets = tokenizer(
            tuple(vocabulary), TokenizerOptions(**options)
        ).encode_with_offsets(case["text"], case["pair"], **how)
        assert encoding == (case["ids"], case["segment_ids"], case["truncated"]), case["text"]
        assert offsets == [tuple(span) for span in case["offsets"]], case["text"]


def test_there_are_a_few_hundred():
    assert len(CASES) > 200
    assert any(case["truncated"] for case in CASES)
