"""Tokenizer files: options, vocabularies, and files that disagree."""

from __future__ import annotations

import json

import pytest

from edgebert.checkpoints.hugging_face_tokenizer import read_tokenizer
from edgebert.errors import EdgebertError
from edgebert.tokenizer.added_token import AddedToken
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.tokenizer import Tokenizer
from tests.tokenizer import unigrams

PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##b", "é")


def write(folder, *, vocabulary=PIECES, config=None, tokenizer=None, added=None, specials=None):
    if vocabulary is not None:
        (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    for name, value in (
        ("tokenizer_config.json", config),
        ("tokenizer.json", tokenizer),
        ("added_tokens.json", added),
        ("special_tokens_map.json", specials),
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
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
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


def added(content, number, **flags):
    """An added token as tokenizer.json has it."""
    plain = dict.fromkeys(("lstrip", "rstrip", "single_word", "normalized", "special"), False)
    return {"id": number, "content": content, **plain, **flags}


def options(folder, positions=512, **settings):
    return read_tokenizer(folder, positions, **settings).options


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
        config=config if file != "tokenizer" else {"tokenizer_class": "PreTrainedTokenizerFast"},
        tokenizer=fast(normalizer) if file != "config" else None,
    )
    assert options(tmp_path) == TokenizerOptions(lower, strip, chinese)


@pytest.mark.parametrize("config", [None, {}, {"tokenizer_class": "ElectraTokenizer"}])
def test_berts_classes_overrule_the_normalizer(tmp_path, config):
    write(tmp_path, config=config, tokenizer=fast({"lowercase": False, "strip_accents": True}))
    assert options(tmp_path) == TokenizerOptions(lower_case=True, strip_accents=None)


def test_the_keywords_do_not_overrule_a_sequence(tmp_path):
    inner = fast({"lowercase": False})["normalizer"]
    sequence = {"type": "Sequence", "normalizers": [inner]}
    write(
        tmp_path,
        config={"do_lower_case": True},
        tokenizer=fast(normalizer=None) | {"normalizer": sequence},
    )
    assert options(tmp_path).lower_case is False


def test_stripping_by_default_and_by_name_agree(tmp_path):
    write(tmp_path, config={"strip_accents": True}, tokenizer=fast())
    assert options(tmp_path).strip_accents is True


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"do_lower_case": "yes"}, "do_lower_case is a string; true or false"),
        ({"do_lower_case": None}, "do_lower_case is null; true or false"),
        ({"cls_token": "start"}, r"'start' stands for \[CLS\]; accepted"),
        ({"sep_token": None}, "cls_token or sep_token is null"),
        ({"tokenizer_class": "BertJapaneseTokenizer"}, "'BertJapaneseTokenizer'; accepted: Bert"),
        ({"tokenizer_class": "XLMRobertaTokenizer"}, "XLM-R's tokenizer.*is not supported"),
        ({"tokenizer_class": "PreTrainedTokenizerFast"}, "no tokenizer.json, which.*vocab.txt"),
        ({"tokenizer_class": ["x"]}, "tokenizer_class"),
        ({"auto_map": {"AutoTokenizer": ["x.Y", None]}}, "auto_map names a tokenizer in code"),
        ({"from_slow": True}, "from_slow is True"),
        ({"vocab_file": "other.txt"}, "vocab_file is 'other.txt'.*take the line out"),
        ({"truncation_side": "middle"}, "truncation_side is 'middle'; right or left"),
        ({"model_input_names": "input_ids"}, "model_input_names is a string"),
        ({"added_tokens_decoder": {"x": "[E1]"}}, "has the id 'x', no number"),
        ({"added_tokens_decoder": {"8": {"content": "a", "x": 1}}}, "of flags only"),
        ({"additional_special_tokens": "[E1]"}, "additional_special_tokens is a string"),
    ],
)
def test_another_tokenizer_in_the_config_is_refused(tmp_path, config, message):
    write(tmp_path, config=config)
    with pytest.raises(EdgebertError, match=message):
        options(tmp_path)


@pytest.mark.parametrize(
    ("tokenizer", "message"),
    [
        (fast() | {"normalizer": {"type": "Lowercase"}}, "normalizer.type is 'Lowercase'"),
        (fast() | {"normalizer": None}, "normalizer is null"),
        (fast({"clean_text": False}), "normalizer.clean_text is False"),
        (fast(model={"type": "BPE"}), "model.type is 'BPE'; BERT's tokenizer has 'WordPiece'"),
        (fast(model={"unk_token": "a"}), r"'a' stands for \[UNK\]"),
        (fast(model={"max_input_chars_per_word": 5}), "max_input_chars_per_word is 5"),
        (fast(pre_tokenizer={"type": "Whitespace"}), "pre_tokenizer is .*'Whitespace'"),
        (fast(pre_tokenizer=None), "pre_tokenizer is null; a JSON object"),
        (fast(pre_tokenizer={}), "pre_tokenizer is "),
        (fast(model={"vocab": [["a", 0.1]]}), "vocab is a list"),
        (fast(model={"end_of_word_suffix": "x"}), "model has the key 'end_of_word_suffix'"),
        (fast({"new": 1}), "normalizer has the key 'new'"),
        (fast(new=1), "has the key 'new'; known: version"),
        (fast(added_tokens={}) | {"added_tokens": "x"}, "added_tokens is a string"),
        (fast(added_tokens=[{"content": "[NEW]"}]), r"added token .*has no id"),
        (fast(added_tokens=[added("[NEW]", 8, lstrip=1)]), "a flag is not true or false"),
        (fast(model={"vocab": {p: str(i) for i, p in enumerate(PIECES)}}), "is '0', no id"),
        (fast(model={"vocab": dict.fromkeys(PIECES, 0)}), "both have the id 0"),
        (fast(post_processor={"type": "New"}), "post_processor has the type 'New'"),
        (fast(post_processor={"type": "BertProcessing", "x": 1}), "post_processor has the key 'x'"),
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
    write(tmp_path, tokenizer=fast(added_tokens=[added("[CLS]", 2), added("[unused7]", 8)]))
    pieces, found, _ = read_tokenizer(tmp_path, 512)
    assert pieces == (*PIECES, "[unused7]")
    assert found.added_tokens == (AddedToken("[unused7]", 8),)


def test_added_tokens_of_the_old_file(tmp_path):
    write(tmp_path, added={"[unused2]": 9, "[unused1]": 8})
    pieces, found, _ = read_tokenizer(tmp_path, 512)
    assert pieces == (*PIECES, "[unused1]", "[unused2]")
    assert [(token.content, token.normalized) for token in found.added_tokens] == [
        ("[unused1]", True),
        ("[unused2]", True),
    ]


@pytest.mark.parametrize(
    "files",
    [
        {"config": {"additional_special_tokens": ["[E1]"]}},
        {"config": {"extra_special_tokens": {"start_token": "[E1]"}}},
        {"specials": {"additional_special_tokens": ["[E1]"]}},
        {"config": {"added_tokens_decoder": {"8": added("[E1]", 8)}}},
        {"added": {"[E1]": 8}, "specials": {"additional_special_tokens": ["[E1]"]}},
        {"tokenizer": fast(added_tokens=[added("[E1]", 8)])},
    ],
)
def test_a_marker_is_declared_in_any_of_the_files(tmp_path, files):
    pieces, found, _ = read_tokenizer(write(tmp_path, **files), 512)
    assert pieces == (*PIECES, "[E1]")
    assert found.added_tokens == (AddedToken("[E1]", 8),)


def test_the_decoder_in_the_config_makes_the_older_files_count_for_nothing(tmp_path):
    config = {"added_tokens_decoder": {"5": added("a", 5)}}
    write(tmp_path, config=config, added={"[E1]": 8}, specials={"bos_token": "[E2]"})
    assert options(tmp_path).added_tokens == (AddedToken("a", 5, word_piece=True),)


def test_split_special_tokens_leaves_special_ones_alone(tmp_path):
    tokens = [added("[E1]", 8, special=True), added("<url>", 9)]
    write(tmp_path, config={"split_special_tokens": True}, tokenizer=fast(added_tokens=tokens))
    assert [token.content for token in options(tmp_path).added_tokens] == ["<url>"]


@pytest.mark.parametrize("file", ["config", "tokenizer"])
def test_truncation_from_the_left(tmp_path, file):
    config = {"truncation_side": "left"} if file == "config" else {}
    tokenizer = fast(truncation={"direction": "Left", "max_length": 8})
    write(tmp_path, config=config, tokenizer=tokenizer if file == "tokenizer" else None)
    assert options(tmp_path).truncation_side == "left"


def test_the_config_overrules_the_side_in_the_tokenizer(tmp_path):
    tokenizer = fast(truncation={"direction": "Left", "max_length": 8})
    write(tmp_path, config={"truncation_side": "right"}, tokenizer=tokenizer)
    assert options(tmp_path).truncation_side == "right"


@pytest.mark.parametrize(
    "config",
    [
        {"model_input_names": ["input_ids", "attention_mask"]},
        {"tokenizer_class": "DistilBertTokenizer"},
    ],
)
def test_segments_are_0_where_the_model_is_given_none(tmp_path, config):
    template = options(write(tmp_path, config=config)).template
    assert [part.token for part in template.pair] == [2, None, 3, None, 3]
    assert {part.segment for part in template.pair} == {0}
    assert options(tmp_path, segments=False).template is None


def test_no_post_processor_means_no_special_tokens(tmp_path):
    write(tmp_path, tokenizer=fast(post_processor=None))
    template = options(tmp_path).template
    assert [part.token for part in template.single] == [None]
    assert [(part.token, part.segment) for part in template.pair] == [(None, 0), (None, 1)]


def test_special_tokens_may_have_other_names_in_brackets(tmp_path):
    renamed = ("<pad>", "<unk>", "<s>", "</s>", "<mask>", *PIECES[5:])
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    write(tmp_path, vocabulary=renamed, config=dict(zip(names, renamed, strict=False)))
    assert read_tokenizer(tmp_path, 512) == (PIECES, TokenizerOptions(), None)


@pytest.mark.parametrize(
    ("content", "pieces"),
    [
        ("\ufeff" + "\n".join(PIECES), PIECES),
        ("\r\n".join(PIECES) + "\r\n", PIECES),
        ("\n".join([*PIECES, "", ""]), (*PIECES, "[no piece 8]")),
        ("\n".join([*PIECES, "\u2028"]), (*PIECES, "\u2028")),
        ("\n".join([*PIECES, "a"]), (*PIECES[:5], "[no piece 5]", *PIECES[6:], "a")),
        ("\n".join([*PIECES, "b "]), (*PIECES, "b ")),
    ],
    ids=["mark", "crlf", "empty", "separator", "twice", "space"],
)
def test_vocabularies_as_they_come(tmp_path, content, pieces):
    (tmp_path / "vocab.txt").write_bytes(content.encode())
    found = read_tokenizer(tmp_path, 512).pieces
    assert found == pieces[: len(found)]
    assert len(found) >= len(PIECES)


def test_rows_of_the_word_table(tmp_path):
    write(tmp_path, added={"[E1]": 8})
    assert len(read_tokenizer(tmp_path, 512, rows=16).pieces) == 9
    assert len(read_tokenizer(tmp_path, 512, rows=16, all_rows=True).pieces) == 16
    with pytest.raises(EdgebertError, match=r"added token '\[E1\]' has the id 8.*only 8 rows"):
        read_tokenizer(tmp_path, 512, rows=8)
    (tmp_path / "added_tokens.json").unlink()
    with pytest.raises(EdgebertError, match="'é' has the id 7, but the word table has only 7"):
        read_tokenizer(tmp_path, 512, rows=7)


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
    write(tmp_path, vocabulary=None, config={"do_lower_case": False, "strip_accents": True})
    pieces, found, _ = read_tokenizer(tmp_path, 512)
    assert pieces == (*PIECES, "[unused0]")
    assert (found.lower_case, found.strip_accents) == (False, True)


def test_the_unknown_piece_is_the_one_that_the_model_names(tmp_path):
    pieces = (*PIECES, "<unk>")
    folder = write(tmp_path, tokenizer=fast(pieces=pieces, model={"unk_token": "<unk>"}))
    read = read_tokenizer(folder, 512)
    assert read.pieces.index("[UNK]") == 8
    assert Tokenizer(read.pieces, read.options).encode("z a").ids == [2, 8, 5, 3]


@pytest.mark.parametrize("alone", [True, False])
def test_an_unknown_piece_that_is_not_there_is_refused(tmp_path, alone):
    tokenizer = None if alone else fast(model={"unk_token": "<unk>"})
    write(tmp_path, tokenizer=tokenizer, config={"unk_token": "<unk>"})
    with pytest.raises(EdgebertError, match="unknown piece is '<unk>', which the vocabulary lacks"):
        options(tmp_path)


@pytest.mark.parametrize("takes_space", [False, True])
def test_alberts_mask_takes_the_space_before_it_where_its_token_says_so(tmp_path, takes_space):
    value = unigrams.tokenizer_json()
    value["added_tokens"][4]["lstrip"] = takes_space
    unigrams.write(tmp_path, value)
    alberts_own = read_tokenizer(tmp_path, 512, model_class="AlbertTokenizer")
    assert alberts_own.unigram.mask_takes_space  # its class says so, whatever the file does
    config = {"tokenizer_class": "PreTrainedTokenizerFast"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    assert read_tokenizer(tmp_path, 512).unigram.mask_takes_space is takes_space
