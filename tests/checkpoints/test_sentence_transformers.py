"""sentence-transformers folders: pooling, normalisation, lengths, and modules that are refused."""

from __future__ import annotations

import json
import shutil

import pytest

from edgebert.checkpoints.folder import open_folder
from edgebert.errors import EdgebertError
from tests.checkpoints.folders import EMBEDDER, copy, edit_json, plan_of


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
        ({"pooling_mode": "max"}, "max"),
        ({"pooling_mode_weightedmean_tokens": True}, "weightedmean"),
        ({"pooling_mode": ["mean", "cls"]}, "mean+cls"),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True}, "max+mean"),
        ({"pooling_mode": ["lasttoken", "mean_sqrt_len_tokens"]}, "lasttoken+mean_sqrt_len_tokens"),
    ],
)
def test_poolings_of_all_versions(folder, config, expected):
    pooling(folder, embedding_dimension=32, **config)
    assert open_folder(folder).pooling == expected


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"pooling_mode": "first"}, "the pooling is 'first'; accepted: mean, cls, max"),
        ({"pooling_mode": ["mean", "mean"]}, "the pooling is"),
        ({"pooling_mode_sum_tokens": True}, "has the setting 'pooling_mode_sum_tokens'"),
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
        ("Transformer", "Pooling", "LayerNorm"),
        ("Transformer", "Dense", "Pooling"),
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
        ("config_sentence_transformers.json", {"prompts": ["x"]}, "prompts is a list"),
        ("config_sentence_transformers.json", {"prompts": {"q": 3}}, "the prompt 'q' is a number"),
        ("config_sentence_transformers.json", {"default_prompt_name": "q"}, "prompt_name is 'q'"),
        ("config_sentence_transformers.json", {"truncate_dim": 0}, "truncate_dim is 0"),
        (
            "config_sentence_transformers.json",
            {"quantize_dim": 8},
            "has the setting 'quantize_dim'",
        ),
        ("config_sentence_transformers.json", {"model_type": "SparseEncoder"}, "'SparseEncoder'"),
        ("sentence_bert_config.json", {"query_length": 32}, "query_length is 32"),
        ("sentence_bert_config.json", {"model_args": {"add_pooling_layer": 1}}, "model_args is"),
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


def test_modules_of_other_packages_are_refused(folder):
    edit = json.loads((folder / "modules.json").read_text())
    edit[1]["type"] = "custom_st.Pooling"
    (folder / "modules.json").write_text(json.dumps(edit))
    with pytest.raises(EdgebertError, match=r"'custom_st\.Pooling' is not one of sentence-transf"):
        open_folder(folder)


@pytest.mark.parametrize(
    "name", ["roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"]
)
def test_the_length_may_stand_under_seven_names(folder, name):
    (folder / "sentence_bert_config.json").write_text("{}")
    (folder / f"sentence_{name}_config.json").write_text('{"max_seq_length": 16}')
    assert open_folder(folder).tokenizer.max_length == 16


def test_of_several_such_files_the_first_counts(folder):
    (folder / "sentence_albert_config.json").write_text('{"max_seq_length": 16}')
    (folder / "sentence_xlnet_config.json").write_text('{"max_seq_length": 17}')
    assert open_folder(folder).tokenizer.max_length == 64
    (folder / "sentence_bert_config.json").unlink()
    assert open_folder(folder).tokenizer.max_length == 16


def test_the_settings_of_version_6_are_known(folder):
    (folder / "sentence_bert_config.json").write_text(
        json.dumps(
            {
                "transformer_task": "feature-extraction",
                "modality_config": {
                    "text": {"method": "forward", "method_output_name": "last_hidden_state"}
                },
                "module_output_name": "token_embeddings",
            }
        )
    )
    assert open_folder(folder).tokenizer.max_length == 128


def test_prompts_are_read(folder):
    path = folder / "config_sentence_transformers.json"
    edit_json(
        path,
        prompts={"query": "query: ", "document": None},
        default_prompt_name="query",
        similarity_fn_name="cosine",
        model_type="SentenceTransformer",
    )
    checkpoint = open_folder(folder)
    assert checkpoint.prompts == {"query": "query: ", "document": ""}
    assert checkpoint.default_prompt == "query"


def test_empty_prompts_are_none(folder):
    path = folder / "config_sentence_transformers.json"
    edit_json(path, prompts={"query": "", "document": ""}, default_prompt_name="query")
    checkpoint = open_folder(folder)
    assert (checkpoint.prompts, checkpoint.default_prompt) == ({}, None)


@pytest.mark.parametrize("name", ["config_setfit.json", "model_head.pkl"])
def test_the_head_of_setfit_is_not_left_out_in_silence(folder, name):
    (folder / name).write_bytes(b"{}")
    with pytest.raises(EdgebertError, match=f"{name}: a SetFit classifier.*--task, one of: embed"):
        plan_of(folder)
    assert plan_of(folder, task="embed").head.pooling == "mean"


def test_modules_beyond_the_most_are_not_left_out_in_silence(folder):
    kinds = ("Transformer", "Pooling", *["Dropout"] * 8, "Normalize")
    modules(folder, *kinds, paths=("", "1_Pooling", *["2_Normalize"] * 9))
    with pytest.raises(EdgebertError, match="has 11 modules; at most 10"):
        open_folder(folder)
