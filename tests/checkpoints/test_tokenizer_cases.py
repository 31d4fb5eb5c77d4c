"""Checkpoints from public reports, in small: the ids are those that transformers 4.57 gives."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from edgebert.checkpoints.folder import open_folder
from edgebert.errors import EdgebertError
from tests.checkpoints.folders import CLASSIFIER, copy, edit_json

MARKED = [2, 681, 5, 45, 689, 698, 697, 6, 683, 54, 695, 686, 700, 3]
APPENDED = [2, 681, 800, 45, 689, 698, 697, 801, 683, 54, 695, 686, 700, 3]
PAIR = [2, 65, 708, 692, 698, 692, 683, 55, 699, 45, 689, 698, 697, 3]
PAIR += [681, 45, 689, 698, 697, 683, 54, 695, 686, 700, 3]
LEFT = [2, 694, 697, 51, 54, 695, 686, 700, 55, 699, 55, 695, 694, 692, 699, 3]
CARD = [681, 45, 689, 698, 697]


@pytest.fixture
def folder(tmp_path):
    return copy(CLASSIFIER, tmp_path)


def edit_vocabulary(folder, **lines):
    path = folder / "vocab.txt"
    pieces = path.read_text(encoding="utf-8").split("\n")
    for number, piece in lines.items():
        pieces[int(number[1:])] = piece
    path.write_text("\n".join(pieces), encoding="utf-8")


def write_tokenizer_json(folder, **changes):
    """A tokenizer.json as transformers writes it beside the vocabulary."""
    pieces = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")[:800]
    value = {
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {piece: number for number, piece in enumerate(pieces)},
        },
        **changes,
    }
    (folder / "tokenizer.json").write_text(json.dumps(value))


def resize(folder, rows):
    """The word table with another number of rows, the new ones random."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    name = "bert.embeddings.word_embeddings.weight"
    new = np.random.default_rng(0).normal(size=(rows - 800, 32)).astype(np.float32)
    tensors[name] = np.concatenate([tensors[name], new])
    save_file(tensors, path)
    edit_json(folder / "config.json", vocab_size=rows)


def encode(folder, text, pair=None, **options):
    checkpoint = open_folder(folder)
    return checkpoint.make_tokenizer().encode(text, pair, **options)


def test_01_unused_lines_as_added_tokens(folder):
    edit_vocabulary(folder, _5="[unused0]", _6="[unused1]")
    edit_json(
        folder / "tokenizer_config.json", additional_special_tokens=["[unused0]", "[unused1]"]
    )
    assert encode(folder, "the [unused0] card [unused1] is lost").ids == MARKED


@pytest.mark.parametrize("file", ["tokenizer_config.json", "special_tokens_map.json"])
def test_02_markers_in_the_vocabulary_without_a_tokenizer_json(folder, file):
    edit_vocabulary(folder, _5="[E1]", _6="[/E1]")
    edit_json(folder / file, additional_special_tokens=["[E1]", "[/E1]"])
    assert encode(folder, "the [E1] card [/E1] is lost").ids == MARKED


def test_04_truncation_from_the_left(folder):
    edit_json(folder / "tokenizer_config.json", truncation_side="left")
    text = "the card is good " * 60 + "and I lost my money"
    assert encode(folder, text, max_length=16).ids == LEFT


@pytest.mark.parametrize(
    "settings",
    [
        {"model_input_names": ["input_ids", "attention_mask"]},
        {"tokenizer_class": "DistilBertTokenizer"},
    ],
    ids=["06", "07"],
)
def test_06_07_no_token_type_ids(folder, settings):
    edit_json(folder / "tokenizer_config.json", **settings)
    found = encode(folder, "where is my card", "the card is lost")
    assert found.ids == PAIR
    assert found.segment_ids == [0] * len(PAIR)


def test_09_no_post_processor(folder):
    write_tokenizer_json(folder, post_processor=None)
    assert encode(folder, "the card").ids == CARD


@pytest.mark.parametrize("both", [False, True])
def test_15_a_piece_that_is_a_separator(folder, both):
    edit_vocabulary(folder, _343="\u2028")
    if both:
        write_tokenizer_json(folder)
    assert open_folder(folder).vocabulary[343] == "\u2028"
    assert encode(folder, "the\u2028card").ids == [2, *CARD, 3]


def test_17_a_word_table_longer_than_the_vocabulary(folder):
    plain = open_folder(folder)
    resize(folder, 808)
    found = open_folder(folder)
    assert found.config == plain.config
    assert found.vocabulary == plain.vocabulary
    for name, weights in plain.weights.items():
        assert np.array_equal(found.weights[name], weights), name


def test_18_markers_appended_to_a_resized_table(folder):
    (folder / "added_tokens.json").write_text('{"[E1]": 800, "[/E1]": 801}')
    edit_json(folder / "special_tokens_map.json", additional_special_tokens=["[E1]", "[/E1]"])
    with pytest.raises(EdgebertError, match=r"added token '.*' has the id 801.*only 800 rows"):
        open_folder(folder)
    resize(folder, 802)
    assert encode(folder, "the [E1] card [/E1] is lost").ids == APPENDED


def test_29_the_tokenizer_of_xlm_r(folder):
    vocabulary = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], ["▁a", -1.0]]
    model = {"type": "Unigram", "unk_id": 3, "vocab": vocabulary}
    write_tokenizer_json(folder, model=model, pre_tokenizer={"type": "Metaspace"})
    edit_json(folder / "tokenizer_config.json", tokenizer_class="PreTrainedTokenizerFast")
    with pytest.raises(EdgebertError, match=r"with <s> and </s> .*is not supported"):
        open_folder(folder)
