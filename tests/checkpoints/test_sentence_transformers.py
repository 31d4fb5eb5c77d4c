"""sentence-transformers folders: pooling, normalisation, lengths, and modules that are refused."""

from __future__ import annotations

import json
import shutil

import pytest

from edgebert.checkpoints.folder import open_folder
from edgebert.errors import EdgebertError
from tests.checkpoints.folders import EMBEDDER, copy, edit_json


@pytest.fixture
def folder(tmp_path):
    return copy(EMBEDDER, tmp_path)


def modules(folder, *types, paths=("", "1_Pooling", "2_Normalize")):
    entries = [
        {
            "idx": index,
            "name": str(index),
            "path": path,
            "type": f"sentence_transformers.models.{t}",
        }
        for index, (t, path) in enumerate(zip(types, paths, strict=False))
    ]
    (folder / "modules.json").write_text(json.dumps(entries))


def pooling(folder, **config):
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(config))


def test_it_embeds(folder):
    checkpoint = open_folder(folder)
    assert (checkpoint.task, checkpoint.pooling, checkpoint.normalize) == ("embed", "mean", True)
    assert checkpoint.tokenizer.max_length == 64
    assert checkpoint.format == "sentence-transformers folder"


def test_without_the_last_module_nothing_is_normalised(folder):
    modules(folder, "Transformer", "Pooling")
    assert open_folder(folder).normalize is False


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"pooling_mode": "mean"}, "mean"),
        ({"pooling_mode": ["cls"]}, "cls"),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls"),
        ({"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}, "mean"),
        ({}, "mean"),
    ],
)
def test_poolings_of_all_versions(folder, config, expected):
    pooling(folder, embedding_dimension=32, **config)
    assert open_folder(folder).pooling == expected


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"pooling_mode": "max"}, "the pooling is 'max'; accepted: mean, cls"),
        ({"pooling_mode_max_tokens": True}, "the pooling is 'max'"),
        ({"pooling_mode_max_tokens": True, "pooling_mode_mean_tokens": True}, r"\['mean', 'max'\]"),
        ({"pooling_mode": 3}, "the pooling is 3"),
        ({"pooling_mode": [["mean"]]}, "the pooling is"),
        ({"word_embedding_dimension": 64}, "pools 64 numbers, the BERT has 32"),
    ],
)
def test_other_poolings_are_refused(folder, config, message):
    pooling(folder, **config)
    with pytest.raises(EdgebertError, match=message):
        open_folder(folder)


@pytest.mark.parametrize(
    "types",
    [
        ("Transformer", "Pooling", "Dense"),
        ("Transformer",),
        ("Pooling", "Transformer"),
        ("Transformer", "Pooling", "Normalize", "Dense"),
        ("WordEmbeddings", "Pooling"),
        (),
    ],
)
def test_other_modules_are_refused(folder, types):
    modules(folder, *types, paths=("", "1_Pooling", "2_Normalize", "3_Dense"))
    with pytest.raises(EdgebertError, match=r"the modules are .*; accepted: Transformer, Pooling"):
        open_folder(folder)


@pytest.mark.parametrize("path", ["../1_Pooling", "/1_Pooling", "a/../../b", None, 3, "..\\x"])
def test_a_module_outside_the_folder_is_refused(folder, path):
    modules(folder, "Transformer", "Pooling", paths=("", path))
    with pytest.raises(EdgebertError, match="is no path inside the checkpoint's folder"):
        open_folder(folder)


def test_the_transformer_may_have_a_folder_of_its_own(folder):
    inner = folder / "0_Transformer"
    inner.mkdir()
    for name in ("config.json", "model.safetensors", "vocab.txt", "tokenizer_config.json"):
        shutil.move(folder / name, inner)
    shutil.move(folder / "sentence_bert_config.json", inner)
    modules(folder, "Transformer", "Pooling", paths=("0_Transformer", "1_Pooling"))
    assert open_folder(folder).tokenizer.max_length == 64


@pytest.mark.parametrize(("stated", "expected"), [(32, 32), (999, 128), (None, 128), (..., 128)])
def test_the_length_is_that_of_the_module_within_the_positions(folder, stated, expected):
    edit_json(folder / "sentence_bert_config.json", max_seq_length=stated)
    assert open_folder(folder).tokenizer.max_length == expected


def test_lower_casing_before_the_tokenizer_keeps_accents(folder):
    edit_json(folder / "tokenizer_config.json", do_lower_case=False)
    edit_json(folder / "sentence_bert_config.json", do_lower_case=True)
    options = open_folder(folder).tokenizer
    assert (options.lower_case, options.strip_accents) == (True, False)


@pytest.mark.parametrize(
    ("file", "changes", "message"),
    [
        ("sentence_bert_config.json", {"max_seq_length": "64"}, "max_seq_length is '64'"),
        ("sentence_bert_config.json", {"max_seq_length": 1}, "max_seq_length is 1"),
        ("sentence_bert_config.json", {"max_seq_length": True}, "max_seq_length is True"),
        ("sentence_bert_config.json", {"transformer_task": "fill-mask"}, "transformer_task"),
        (
            "config_sentence_transformers.json",
            {"prompts": {"query": "query: "}, "default_prompt_name": "query"},
            "puts the prompt 'query' before every text",
        ),
        ("config_sentence_transformers.json", {"prompts": ["x"]}, "prompts is a list"),
        ("config.json", {"model_type": "mpnet", "architectures": ["MPNetModel"]}, "'mpnet'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(folder, file, changes, message):
    edit_json(folder / file, **changes)
    with pytest.raises(EdgebertError, match=message):
        open_folder(folder)


@pytest.mark.parametrize("content", ["{}", "3", "[3]", "[null, null]"])
def test_nonsense_for_modules_is_refused(folder, content):
    (folder / "modules.json").write_text(content)
    with pytest.raises(EdgebertError, match=r"modules\.json: "):
        open_folder(folder)
