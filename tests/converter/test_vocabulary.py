"""The user's texts choose the word pieces that stay; how others are cut is measured on others."""

from __future__ import annotations

import json
import shutil

import pytest

import edgebert
from edgebert.checkpoints.folder import open_folder
from edgebert.converter.vocabulary import VocabularyChoice, trim_vocabulary
from edgebert.errors import EdgebertError
from edgebert.model_file.record import Record
from tests.conftest import REFERENCE, SOURCES
from tests.family_folders import SMALL

CLASSIFIER = REFERENCE / SOURCES["classify"]
SENTENCES = ["the card has not come", "where is the money", "it is not the same card"]


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(SENTENCES * 20), "utf-8")
    return path


def pieces_of(checkpoint, texts):
    tokenizer = checkpoint.make_tokenizer()
    return {checkpoint.vocabulary[number] for text in texts for number in tokenizer.ids(text)}


def test_all_pieces_of_the_texts_stay_and_other_words_go(texts):
    checkpoint = open_folder(CLASSIFIER)
    small, trimmed = trim_vocabulary(checkpoint, VocabularyChoice(texts), "classify")
    assert pieces_of(checkpoint, SENTENCES) <= {*small.vocabulary}
    assert {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "##z", "7", "?"} <= {*small.vocabulary}
    assert len(small.vocabulary) == trimmed.pieces < len(checkpoint.vocabulary) / 2
    assert "[unused0]" not in small.vocabulary


def test_a_size_takes_the_most_frequent_and_fills_up_with_the_commonest(texts):
    checkpoint = open_folder(CLASSIFIER)
    used, trimmed = trim_vocabulary(checkpoint, VocabularyChoice(texts), "classify")
    more, _ = trim_vocabulary(checkpoint, VocabularyChoice(texts, trimmed.pieces + 5), "classify")
    added = {*more.vocabulary} - {*used.vocabulary}
    left_out = [
        piece
        for piece in checkpoint.vocabulary
        if piece not in used.vocabulary and not piece.startswith("[")
    ]
    assert added == {*left_out[:5]}
    fewer, _ = trim_vocabulary(
        checkpoint, VocabularyChoice(texts, trimmed.always_kept + 1), "classify"
    )
    (kept,) = {*fewer.vocabulary} & pieces_of(checkpoint, SENTENCES) - {
        piece for piece in used.vocabulary if len(piece.removeprefix("##")) == 1
    }
    assert kept == "the"


def test_letters_of_a_script_stay_where_the_script_occurs(texts):
    checkpoint = open_folder(CLASSIFIER)
    small, _ = trim_vocabulary(checkpoint, VocabularyChoice(texts), "classify")
    assert not {"м", "ж", "λ"} & {*small.vocabulary}
    texts.write_text("\n".join(["the м card"] * 40), "utf-8")
    small, _ = trim_vocabulary(checkpoint, VocabularyChoice(texts), "classify")
    assert {"м", "ж"} <= {*small.vocabulary}
    assert "λ" not in small.vocabulary


def test_shares_are_of_texts_that_did_not_choose(texts, tmp_path):
    check = tmp_path / "check.txt"
    check.write_text("where is the card\nwhere is the lazy dog\n" + SENTENCES[0], "utf-8")
    checkpoint = open_folder(CLASSIFIER)
    choice = VocabularyChoice(texts, check=check)
    _, trimmed = trim_vocabulary(checkpoint, choice, "classify")
    assert trimmed.measured_on == "check.txt"
    assert trimmed.measured_texts == 2  # the third one chose
    assert trimmed.untouched_texts == 0.5
    assert trimmed.untouched_words == 7 / 9


@pytest.mark.parametrize("folder", SMALL, ids=lambda folder: folder.name)
def test_every_family_converts_and_answers_as_before(folder, texts, tmp_path):
    whole = edgebert.convert(folder, tmp_path / "whole.tflite", task="encode", quantize="float32")
    small = edgebert.convert(
        folder,
        tmp_path / "small.tflite",
        task="encode",
        quantize="float32",
        vocabulary_from=texts,
    )
    assert small.bytes < whole.bytes
    assert small.equal_texts == whole.equal_texts
    with edgebert.load(whole.path) as one, edgebert.load(small.path) as other:
        assert other.selftest().passed
        for sentence in SENTENCES:
            assert abs(one.encode(sentence) - other.encode(sentence)).max() < 1e-5


def test_the_gate_compares_with_the_whole_vocabulary(tmp_path, texts):
    rows = [("where is the card", "0"), ("the quick brown fox jumps", "1")] * 8
    check = tmp_path / "check.csv"
    check.write_text("text,label\n" + "\n".join(f"{text},{label}" for text, label in rows))
    report = edgebert.convert(
        CLASSIFIER,
        tmp_path / "small.tflite",
        quantize="float32",
        vocabulary_from=texts,
        check=check,
    )
    checkpoint = open_folder(CLASSIFIER)
    with edgebert.load(report.path) as model:
        trimmed = [model.tokenizer.encode(text).length for text, _ in rows[:2]]
    whole = [checkpoint.make_tokenizer().encode(text).length for text, _ in rows[:2]]
    assert trimmed[0] == whole[0]
    assert trimmed[1] > whole[1]
    assert report.record.vocabulary.measured_on == "check.csv"
    assert report.evaluation is not None
    assert Record.from_json(report.record.to_json()).vocabulary == report.record.vocabulary
    json.dumps(report.to_json())


def test_ranges_of_whole_numbers_are_taken_with_the_ids_of_the_smaller_vocabulary(tmp_path, texts):
    report = edgebert.convert(
        CLASSIFIER,
        tmp_path / "small.tflite",
        quantize="int8-full",
        lengths=[16],
        vocabulary_from=texts,
        calibration=texts,
    )
    assert report.check.mean_cosine > 0.95


def test_prompts_stay_whole(tmp_path, texts):
    report = edgebert.convert(
        REFERENCE / SOURCES["embed"],
        tmp_path / "small.tflite",
        vocabulary_from=texts,
        prompts={"query": "question about money: "},
    )
    checkpoint = open_folder(REFERENCE / SOURCES["embed"])
    with edgebert.load(report.path) as model:
        pieces = [model.tokenizer.piece(n) for n in model.tokenizer.ids("question about money: ")]
    whole = checkpoint.make_tokenizer()
    assert pieces == [whole.piece(number) for number in whole.ids("question about money: ")]


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("1 2 3\n" * 40, {}, "no letter in its 40 texts"),
        ("a text\n" * 3, {}, "3 texts to choose word pieces from; at least 32"),
        ("", {}, "0 texts to choose"),
        ("a text\n" * 40, {"vocabulary_size": 20}, "give a number between"),
        ("a text\n" * 40, {"vocabulary_size": 500.5}, "needed: a whole number"),
        ("a text\n" * 40, {"vocabulary_size": 99_999}, "has 800 pieces"),
    ],
)
def test_texts_and_sizes_that_cannot_do_are_refused(tmp_path, content, options, words):
    texts = tmp_path / "texts.txt"
    texts.write_text(content)
    with pytest.raises(EdgebertError, match=words):
        edgebert.convert(CLASSIFIER, tmp_path / "x.tflite", vocabulary_from=texts, **options)
    assert not (tmp_path / "x.tflite").exists()


def test_a_size_without_texts_is_refused(tmp_path):
    with pytest.raises(EdgebertError, match="add --vocabulary-from"):
        edgebert.convert(CLASSIFIER, tmp_path / "x.tflite", vocabulary_size=500)


def test_a_vocabulary_without_cls_is_refused(tmp_path, texts):
    folder = tmp_path / "source"
    shutil.copytree(REFERENCE / "tf1_classifier_2x32", folder)
    pieces = (folder / "vocab.txt").read_text("utf-8").replace("[CLS]", "clsx")
    (folder / "vocab.txt").write_text(pieces, "utf-8")
    with pytest.raises(EdgebertError, match=r"lacks \[CLS\]"):
        edgebert.convert(folder, tmp_path / "x.tflite", vocabulary_from=texts)
    assert not (tmp_path / "x.tflite").exists()
