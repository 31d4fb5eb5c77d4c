"""Ids beside those of the library `tokenizers`, from a checkpoint's own files."""

import json
import shutil
import sys
from dataclasses import replace

import pytest

import edgebert
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.second_opinion import count_equal_texts
from edgebert.errors import CheckFailedError
from edgebert.tokenizer.tokenizer import Tokenizer
from tests.conftest import REFERENCE, RUNTIME
from tests.family_folders import SMALL

pytest.importorskip("tokenizers")

CLASSIFIER = REFERENCE / "hf_classifier_2x32"
FOLDERS = [path for path in sorted(REFERENCE.iterdir()) if path.is_dir()] + list(SMALL)


def compared(folder, **changes):
    """How many texts are equal, our tokenizer having other options."""
    with open_checkpoint(str(folder)) as checkpoint:
        options = replace(checkpoint.tokenizer, **changes)
        tokenizer = Tokenizer(checkpoint.vocabulary, options, checkpoint.unigram)
        return count_equal_texts(checkpoint, tokenizer)


@pytest.fixture
def marked(tmp_path):
    """A checkpoint whose tokenizer cuts words out of others, with flags."""
    folder = shutil.copytree(CLASSIFIER, tmp_path / "marked")
    pieces = (folder / "vocab.txt").read_text(encoding="utf-8").split()
    first, second, *_ = [piece for piece in pieces if piece.isalpha() and len(piece) > 2]
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text()) if path.exists() else {}
    flags = {"content": second, "lstrip": True, "single_word": True, "normalized": True}
    config["additional_special_tokens"] = [first, {**flags, "__type": "AddedToken"}]
    path.write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_ids_of_all_reference_checkpoints_are_those_of_the_library(folder):
    assert compared(folder) > 80


@pytest.mark.parametrize(
    "changes",
    [
        {"lower_case": False},
        {"strip_accents": False},
        {"chinese_chars": False},
        {"truncation_side": "left"},
    ],
)
def test_a_misread_setting_is_refused(changes):
    with pytest.raises(CheckFailedError, match=r"was misread: token \d+ of "):
        compared(CLASSIFIER, **changes)


def test_an_added_token_that_was_passed_over_is_refused(marked):
    assert compared(marked) > compared(CLASSIFIER)
    with pytest.raises(CheckFailedError, match="was misread"):
        compared(marked, added_tokens=())


def test_the_report_and_the_record_say_on_how_many_texts(tmp_path):
    report = edgebert.convert(CLASSIFIER, tmp_path / "a.tflite", runtime=RUNTIME)
    assert report.equal_texts == compared(CLASSIFIER)
    assert report.record.check["ids_equal_to_tokenizers"] == report.equal_texts
    assert report.to_json()["ids_equal_to_tokenizers"] == report.equal_texts


def test_without_the_library_nothing_is_compared(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    assert compared(CLASSIFIER) is None
