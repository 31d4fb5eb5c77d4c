"""The golden vectors, which the Kotlin tokenizer is held to as well."""

import functools
import json

import pytest

from edgebert.tokenizer import Tokenizer, TokenizerOptions
from edgebert.typed_json import from_json
from tests.tokenizer.conftest import DATA

DEFAULTS = {
    "lower_case": True,
    "strip_accents": None,
    "chinese_chars": True,
    "max_length": 512,
    "mask_tokens": False,
    "truncate": "longest",
    "truncation_side": "right",
    "added_tokens": [],
    "template": None,
}
CASES = [
    json.loads(line)
    for line in (DATA / "golden_tokens.jsonl").read_text(encoding="utf-8").splitlines()
]
RULES = sorted({case["rule"] for case in CASES})


@functools.cache
def tokenizer(vocabulary, options):
    return Tokenizer(vocabulary, from_json(TokenizerOptions, json.loads(options), "options"))


@pytest.mark.parametrize("rule", RULES)
def test_golden_tokens(vocabulary, rule):
    words = tuple(vocabulary)
    for case in CASES:
        if case["rule"] != rule:
            continue
        options = DEFAULTS | case.get("options", {})
        how = {name: options.pop(name) for name in ("mask_tokens", "truncate")}
        encoding, offsets = tokenizer(words, json.dumps(options)).encode_with_offsets(
            case["text"], case.get("pair"), **how
        )
        ids = case["ids"]
        first = case.get("first", len(ids))
        segment_ids = case.get("segment_ids", [0] * first + [1] * (len(ids) - first))
        assert encoding == (ids, segment_ids, case.get("truncated", False)), case["text"]
        assert [at for span in offsets for at in span] == case["offsets"], case["text"]


def test_there_are_thousands_in_a_file_of_sane_size():
    assert len(CASES) > 3000
    assert sum("truncated" in case for case in CASES) > 300
    assert (DATA / "golden_tokens.jsonl").stat().st_size < 1_500_000
