"""Which format a folder has."""

from __future__ import annotations

import shutil

import pytest

from edgebert.checkpoints.folder import open_folder
from edgebert.errors import EdgebertError
from tests.checkpoints.folders import CLASSIFIER, EMBEDDER, TF1, TF1_CLASSIFIER, copy


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        (CLASSIFIER, "Hugging Face folder"),
        (EMBEDDER, "sentence-transformers folder"),
        (TF1, "TensorFlow 1 checkpoint"),
    ],
)
def test_the_files_tell_the_format(tmp_path, name, format_):
    folder = copy(name, tmp_path)
    checkpoint = open_folder(folder)
    assert (checkpoint.format, checkpoint.source) == (format_, str(folder))


def test_an_empty_folder_is_an_error_that_lists_what_was_looked_for(tmp_path):
    message = r"looked for modules.json .*, config.json .*, bert_config.json \(TensorFlow 1"
    with pytest.raises(EdgebertError, match=message):
        open_folder(tmp_path)


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(EdgebertError, match="no such folder"):
        open_folder(tmp_path / "missing")
    (tmp_path / "file").touch()
    with pytest.raises(EdgebertError, match="no such folder"):
        open_folder(tmp_path / "file")


OPTIONAL = {
    "checkpoint",
    "config_sentence_transformers.json",
    "expected.json",
    "labels.txt",
    "modules.json",  # without it the folder is one of Hugging Face
    "sentence_bert_config.json",
    "tokenizer_config.json",
}


@pytest.mark.parametrize("name", [CLASSIFIER, EMBEDDER, TF1_CLASSIFIER])
def test_each_missing_file_is_an_error_unless_it_is_optional(tmp_path, name):
    whole = copy(name, tmp_path)
    for path in sorted(path for path in whole.rglob("*") if path.is_file()):
        place = path.relative_to(whole)
        folder = tmp_path / "cut"
        shutil.copytree(whole, folder)
        (folder / place).unlink()
        if path.name in OPTIONAL or path.parent.name == "2_Normalize":
            open_folder(folder)
        else:
            with pytest.raises(EdgebertError, match=f"{path.name}|no .*{path.suffix}"):
                open_folder(folder)
        shutil.rmtree(folder)
