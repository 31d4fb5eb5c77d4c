"""Tokenizer files: options, vocabularies, and files that disagree."""

from __future__ import annotations

import json

import pytest

from edgebert.checkpoints.hugging_face_tokenizer import read_tokenizer
from edgebert.errors import EdgebertError
from edgebert.tokenizer.options import TokenizerOptions

PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##b", "é")


def write(folder, *, vocabulary=PIECES, config=None, tokenizer=None, added=None):
    if vocabulary is not None:
        (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    for name, value in (
        ("tokenizer_config.json", config),
        ("tokenizer.json", tokenizer),
        ("added_tokens.json", added),
    ):
        if value is not None:
            (folder / name).write_text(json.dumps(value))
    return folder


def fast(normalizer=None, pieces=PIECES, model=None, **others):
    """A tokenizer.json as the tokenizers library writes it for a BERT."""
    return {
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
            **(normalizer or {}),
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {piece: index for index, piece in enumerate(pieces)},
            **(model or {}),
        },
        **others,
    }


def options(folder, positions=512):
    return read_tokenizer(folder, positions)[1]


def test_a_vocabulary_alone_means_bert_uncased(tmp_path):
    assert read_tokenizer(write(tmp_path), 512) == (PIECES, TokenizerOptions(), None)


@pytest.mark.parametrize("positions", [64, 512])
def test_max_length_is_capped_by_the_positions(tmp_path, positions):
    write(tmp_path, config={"model_max_length": 256})
    assert options(tmp_path, positions).max_length == min(positions, 256)


@pytest.mark.parametrize("unlimited", [10**30, 1e30, 1000000000000000019884624838656, None])
def test_the_sentinel_means_no_limit(tmp_path, unlimited):
    write(tmp_path, config={"model_max_length": unlimited})
    assert options(tmp_path).max_length == 512


@pytest.mark.parametrize("nonsense", ["512", True, [], -1, 0, 2, float("nan")])
def test_a_max_length_that_is_none_is_refused(tmp_path, nonsense):
    write(tmp_path, config={"model_max_length": nonsense})
    with pytest.raises(EdgebertError, match="model_max_length"):
        options(tmp_path)


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("strip", [True, False, None])
@pytest.mark.parametrize("chinese", [True, False])
@pytest.mark.parametrize("file", ["config", "tokenizer", "both"])
def test_options_from_either_file(tmp_path, lower, strip, chinese, file):
    config = {"do_lower_case": lower, "strip_accents": strip, "tokenize_chinese_chars": chinese}
    normalizer = {"lowercase": lower, "strip_accents": strip, "handle_chinese_chars": chinese}
    write(
        tmp_path,
        config=config if file != "tokenizer" else None,
        tokenizer=fast(normalizer) if file != "config" else None,
    )
    assert options(tmp_path) == TokenizerOptions(lower, strip, chinese)


@pytest.mark.parametrize(
    ("config", "normalizer"),
    [
        ({"do_lower_case": False}, {}),
        ({"tokenize_chinese_chars": False}, {}),
        ({"strip_accents": False}, {}),
        ({"do_lower_case": False, "strip_accents": True}, {"lowercase": False}),
    ],
)
def test_options_that_disagree_are_refused(tmp_path, config, normalizer):
    write(tmp_path, config=config, tokenizer=fast(normalizer))
    with pytest.raises(EdgebertError, match="make the two files agree"):
        options(tmp_path)


def test_stripping_by_default_and_by_name_agree(tmp_path):
    write(tmp_path, config={"strip_accents": True}, tokenizer=fast())
    assert options(tmp_path).strip_accents is True


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"do_lower_case": "yes"}, "do_lower_case is a string; true or false"),
        ({"unk_token": "<unk>"}, "unk_token is '<unk>'; BERT's tokenizer has"),
        ({"cls_token": {"content": "<s>"}}, "cls_token is '<s>'"),
        ({"do_basic_tokenize": False}, "do_basic_tokenize is False"),
        ({"tokenizer_class": "BertJapaneseTokenizer"}, "'BertJapaneseTokenizer'; accepted: Bert"),
        ({"tokenizer_class": ["x"]}, "tokenizer_class"),
    ],
)
def test_another_tokenizer_in_the_config_is_refused(tmp_path, config, message):
    write(tmp_path, config=config)
    with pytest.raises(EdgebertError, match=message):
        options(tmp_path)


@pytest.mark.parametrize(
    ("tokenizer", "message"),
    [
        (fast({"type": "Lowercase"}), "normalizer.type is 'Lowercase'"),
        (fast({"clean_text": False}), "normalizer.clean_text is False"),
        (fast(model={"type": "BPE"}), "model.type is 'BPE'; BERT's tokenizer has 'WordPiece'"),
        (fast(model={"unk_token": "<unk>"}), "model.unk_token"),
        (fast(model={"max_input_chars_per_word": 5}), "max_input_chars_per_word is 5"),
        (fast(pre_tokenizer={"type": "Whitespace"}), "pre_tokenizer.type is 'Whitespace'"),
        (fast(pre_tokenizer=None), "pre_tokenizer is null; a JSON object"),
        (fast(pre_tokenizer={}), "pre_tokenizer has no type"),
        (fast(model={"vocab": [["a", 0.1]]}), "vocab is a list"),
        (fast(added_tokens={}) | {"added_tokens": "x"}, "added_tokens is a string"),
        (fast(added_tokens=[{"id": 0, "content": "[unused0]"}]), "make the vocabulary files agree"),
        (fast(added_tokens=[{"id": 9, "content": "[unused0]"}]), "no word piece has the id 8"),
        (fast(added_tokens=[{"id": 8, "content": "[NEW]"}]), r"added token '\[NEW\]'.*accepted"),
        (fast(added_tokens=[{"id": 5, "content": "a"}]), "added token 'a'.*accepted"),
        (fast(added_tokens=[{"id": 8, "content": "a"}]), "two ids"),
        (fast(model={"vocab": {"a": "0"}}), "lacks word pieces"),
        (fast(model={"vocab": {p: str(i) for i, p in enumerate(PIECES)}}), "no number"),
        (fast(pieces=PIECES[:-1]), "lacks word pieces of vocab.txt"),
        (fast(pieces=(*PIECES[:-2], "é", "##b")), "make the vocabulary files agree"),
        ([], "tokenizer.json is a list"),
    ],
)
def test_a_tokenizer_that_is_not_berts_is_refused(tmp_path, tokenizer, message):
    write(tmp_path, tokenizer=tokenizer)
    with pytest.raises(EdgebertError, match=message) as caught:
        read_tokenizer(tmp_path, 512)
    assert "\n" not in str(caught.value)


def test_the_vocabulary_may_be_in_the_tokenizer(tmp_path):
    write(tmp_path, vocabulary=None, tokenizer=fast())
    assert read_tokenizer(tmp_path, 512)[0] == PIECES


def test_a_truncation_in_the_tokenizer_is_ignored(tmp_path):
    write(tmp_path, tokenizer=fast(truncation={"max_length": 8}, padding={"strategy": "x"}))
    assert options(tmp_path).max_length == 512


def test_added_tokens_come_after_the_others(tmp_path):
    added = [{"id": 2, "content": "[CLS]"}, {"id": 8, "content": "[unused7]"}]
    write(tmp_path, tokenizer=fast(added_tokens=added))
    assert read_tokenizer(tmp_path, 512)[0] == (*PIECES, "[unused7]")


def test_added_tokens_of_the_old_file(tmp_path):
    write(tmp_path, added={"[unused2]": 9, "[unused1]": 8})
    assert read_tokenizer(tmp_path, 512)[0] == (*PIECES, "[unused1]", "[unused2]")
    write(tmp_path, added={"<url>": 8})
    with pytest.raises(EdgebertError, match=r"added_tokens.json: added token '<url>'.*accepted"):
        read_tokenizer(tmp_path, 512)


def test_no_vocabulary_at_all_is_refused(tmp_path):
    with pytest.raises(EdgebertError, match=r"no vocabulary; vocab.txt or tokenizer.json"):
        read_tokenizer(tmp_path, 512)


def test_agrees_with_the_tokenizers_library(tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.BertWordPieceTokenizer(
        {piece: index for index, piece in enumerate(PIECES)}, lowercase=False, strip_accents=True
    )
    tokenizer.add_special_tokens(["[unused0]"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    pieces, found, _ = read_tokenizer(tmp_path, 512)
    assert pieces == (*PIECES, "[unused0]")
    assert (found.lower_case, found.strip_accents) == (False, True)
