"""Texts to calibrate with: of any file that `evaluate` reads, never too few, never too many."""

import json

import pytest

from edgebert.converter.full_integer.texts import (
    FEWEST,
    HELD_OUT,
    MOST,
    calibration_texts,
    encode,
    held_out_texts,
    own_texts,
    read_texts,
)
from edgebert.data import read_lines
from edgebert.errors import CalibrationWarning, EdgebertError
from edgebert.tokenizer.tokenizer import Tokenizer
from tools.fixtures.random_weights import VOCABULARY


def lines(count):
    return [f"This is sentence {number}." for number in range(count)]


def test_lines_of_a_text_file_are_texts_and_blank_ones_are_not(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("\n\n".join(lines(40)))
    assert read_texts(path, "embed") == [(line, None) for line in lines(40)]


def test_data_sets_give_their_texts_and_pairs(tmp_path):
    path = tmp_path / "pairs.tsv"
    rows = [f"{line}\tand {line}\t{at}" for at, line in enumerate(lines(40))]
    path.write_text("\n".join(["sentence1\tsentence2\tscore", *rows]))
    assert read_texts(path, "regress")[3] == (lines(4)[3], f"and {lines(4)[3]}")
    path = tmp_path / "answers.json"
    questions = [
        {"question": line, "answers": [{"text": "Some", "answer_start": 0}]} for line in lines(40)
    ]
    path.write_text(
        json.dumps({"data": [{"paragraphs": [{"context": "Some.", "qas": questions}]}]})
    )
    assert read_texts(path, "answer")[0] == (lines(1)[0], "Some.")
    path = tmp_path / "tagged.conll"
    path.write_text("\n\n".join(f"word{at} O\nand O" for at in range(40)))
    assert read_texts(path, "tag")[1] == ("word1 and", None)


def test_of_many_texts_some_are_drawn_from_all_over_always_the_same(tmp_path):
    path = tmp_path / "many.txt"
    path.write_text("\n".join(lines(5000)))
    drawn = read_texts(path, "embed")
    assert len(set(drawn)) == len(drawn) == MOST
    assert drawn == read_texts(path, "embed")
    assert any(text == line for text, _ in drawn for line in lines(5000)[4000:])


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1])
def test_too_few_texts_are_counted(tmp_path, count):
    path = tmp_path / "few.txt"
    path.write_text("\n".join(lines(count)))
    with pytest.raises(EdgebertError, match=f"few.txt: {count} texts .* at least {FEWEST}"):
        read_texts(path, "embed")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(EdgebertError, match=r"nothing\.txt"):
        read_texts(tmp_path / "nothing.txt", "embed")


def test_our_own_texts_come_with_a_warning_and_none_of_them_is_measured_on():
    with pytest.warns(CalibrationWarning, match="--calibration"):
        source, texts = calibration_texts(None, "embed")
    assert "edgebert" in source
    assert texts == own_texts()
    assert len(texts) == MOST
    assert any(pair for _, pair in texts)
    measured = set(read_lines("sentences.txt")[:HELD_OUT])
    assert {text for text, _ in held_out_texts()} <= measured
    assert not measured & {part for text in texts for part in text}


def test_some_texts_fill_the_whole_length():
    tokenizer = Tokenizer(VOCABULARY.read_text(encoding="utf-8").splitlines())
    lengths = [len(encoding.ids) for encoding in encode(own_texts(), tokenizer, 128)]
    assert lengths.count(128) >= 8
    assert max(lengths) == 128
