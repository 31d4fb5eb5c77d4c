"""Folders of other families: what is read, and everything that is refused, in one line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from edgebert.checkpoints.families import FAMILIES
from edgebert.checkpoints.folder import open_folder
from edgebert.errors import EdgebertError
from tests.checkpoints.folders import edit_json, plan_of
from tests.family_folders import SMALL, as_class
from tests.tokenizer.unigrams import charsmap

FOLDERS = {folder.name.split("_")[0]: folder for folder in SMALL}
CLASS = {
    "albert": "Albert",
    "distilbert": "DistilBert",
    "electra": "Electra",
    "mobilebert": "MobileBert",
}


@pytest.fixture
def classifier(tmp_path):
    """Makes a writable copy of a family's classifier."""

    def make(family):
        name = f"{CLASS[family]}ForSequenceClassification"
        folder = as_class(FOLDERS[family], name, tmp_path)
        for file in folder.iterdir():
            content = file.read_bytes()
            file.unlink()
            file.write_bytes(content)
        return folder

    return make


def edit_tensors(folder, **changes):
    path = folder / "model.safetensors"
    tensors = {**load_file(path), **changes}
    save_file({name: array for name, array in tensors.items() if array is not None}, path)


def refused(folder, message):
    with pytest.raises(EdgebertError, match=message) as caught:
        open_folder(folder)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith((str(folder), "checkpoint:", "config:"))


@pytest.mark.parametrize(
    ("model_type", "architecture"),
    [
        ("roberta", "RobertaForMaskedLM"),
        ("xlm-roberta", "XLMRobertaModel"),
        ("deberta-v2", "DebertaV2ForSequenceClassification"),
        ("modernbert", "ModernBertForMaskedLM"),
        ("gpt2", "GPT2LMHeadModel"),
        ("t5", "T5ForConditionalGeneration"),
        ("mpnet", "MPNetModel"),
    ],
)
def test_other_models_are_named_with_what_is_accepted(classifier, model_type, architecture):
    folder = classifier("electra")
    edit_json(folder / "config.json", model_type=model_type, architectures=[architecture])
    accepted = "BERT, DistilBERT, ALBERT, ELECTRA, MobileBERT"
    refused(folder, f"type '{model_type}', architecture '{architecture}'; accepted: {accepted}")


@pytest.mark.parametrize("family", FOLDERS)
def test_an_unknown_class_of_a_family_is_named_with_those_known(classifier, family):
    folder = classifier(family)
    edit_json(folder / "config.json", architectures=[f"{CLASS[family]}ForRanking"])
    refused(folder, f"ForRanking'; accepted: {FAMILIES[family].name}, as {CLASS[family]}M")


@pytest.mark.parametrize("family", FOLDERS)
def test_a_config_without_a_model_type_is_told_by_its_class(classifier, family):
    folder = classifier(family)
    edit_json(folder / "config.json", model_type=...)
    assert open_folder(folder).task == "classify"


@pytest.mark.parametrize("family", FOLDERS)
def test_a_missing_tensor_is_named(classifier, family):
    folder = classifier(family)
    names = [n for n in load_file(folder / "model.safetensors") if n.startswith(f"{family}.")]
    gone = next(name for name in names if "layer" in name.lower() and name.endswith("bias"))
    edit_tensors(folder, **{gone: None})
    refused(folder, r"tensor \S+bias is missing")


@pytest.mark.parametrize("family", FOLDERS)
def test_a_tensor_of_another_shape_or_without_numbers_is_named(classifier, family):
    folder = classifier(family)
    words = f"{family}.embeddings.word_embeddings.weight"
    original = load_file(folder / "model.safetensors")[words]
    edit_tensors(folder, **{words: original[:, 1:].copy()})
    refused(folder, r"tensor embeddings.word has shape")
    edit_tensors(folder, **{words: np.full_like(original, np.nan)})
    refused(folder, r"embeddings.word holds values that are not finite")


@pytest.mark.parametrize("family", FOLDERS)
def test_a_tensor_that_the_family_has_not_is_named(classifier, family):
    folder = classifier(family)
    edit_tensors(folder, **{f"{family}.encoder.adapter.weight": np.ones(3, np.float32)})
    refused(folder, f"adapter.weight' is no part of a plain {FAMILIES[family].name}")


@pytest.mark.parametrize("family", FOLDERS)
def test_a_missing_head_is_named(classifier, family):
    folder = classifier(family)
    names = [n for n in load_file(folder / "model.safetensors") if n.startswith("classifier")]
    edit_tensors(folder, **dict.fromkeys(names))
    with pytest.raises(EdgebertError, match=r"tensor (pooler|classifier).weight is missing"):
        plan_of(folder)
    assert plan_of(folder, task="embed").head.task == "embed"


@pytest.mark.parametrize(
    ("family", "changes", "message"),
    [
        ("distilbert", {"dim": ...}, "dim is missing"),
        ("distilbert", {"n_layers": "2"}, "n_layers is a string; a number is needed"),
        ("distilbert", {"n_heads": 5}, "not a multiple of num_attention_heads 5"),
        ("distilbert", {"activation": "silu"}, "unknown activation activation 'silu'; accepted"),
        ("albert", {"num_hidden_groups": 2}, "num_hidden_groups is 2; only plain ALBERTs"),
        ("albert", {"inner_group_num": 2}, "inner_group_num is 2; only plain ALBERTs"),
        ("albert", {"embedding_size": 10**9}, "embedding_size is 1000000000; a whole number"),
        ("albert", {"embedding_size": 8}, r"embeddings.word has shape \[150, 16\]"),
        ("electra", {"embedding_size": None}, "embedding_size is null; a number is needed"),
        ("electra", {"embedding_size": ...}, r"embeddings.word has .* needs \[\d+, 128\]"),
        ("electra", {"hidden_act": "relu"}, "unknown activation hidden_act 'relu'; accepted: gelu"),
        ("electra", {"position_embedding_type": "relative_key"}, "only plain ELECTRAs"),
        (
            "mobilebert",
            {"use_bottleneck": False},
            "use_bottleneck is False; only plain MobileBERTs",
        ),
        ("mobilebert", {"trigram_input": False}, "trigram_input is False"),
        ("mobilebert", {"key_query_shared_bottleneck": False}, "key_query_shared_bottleneck"),
        ("mobilebert", {"normalization_type": "layer_norm"}, "normalization_type is 'layer_norm'"),
        ("mobilebert", {"num_feedforward_networks": 0}, "num_feedforward_networks is 0"),
        ("mobilebert", {"num_feedforward_networks": 2}, "belongs to none of the|further_ffn"),
        ("mobilebert", {"intra_bottleneck_size": 15}, "bottleneck_size 15 is not a multiple"),
        ("mobilebert", {"intra_bottleneck_size": ...}, r"the config needs \[128, 128\]"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(classifier, family, changes, message):
    folder = classifier(family)
    edit_json(folder / "config.json", **changes)
    refused(folder, message)


@pytest.mark.parametrize(
    ("family", "changes", "field", "default"),
    [
        ("distilbert", {"activation": ...}, "hidden_act", "gelu"),
        ("albert", {"hidden_act": ...}, "hidden_act", "gelu_tanh"),
        ("electra", {"hidden_act": ...}, "hidden_act", "gelu"),
        ("mobilebert", {"hidden_act": ...}, "hidden_act", "relu"),
        ("albert", {"layer_norm_eps": ...}, "layer_norm_eps", 1e-12),
    ],
)
def test_a_missing_setting_has_the_default_of_transformers(
    classifier, family, changes, field, default
):
    folder = classifier(family)
    edit_json(folder / "config.json", **changes)
    assert getattr(open_folder(folder).config, field) == default


@pytest.mark.parametrize("prefix", ["module.", "model.", "own"])
@pytest.mark.parametrize("family", FOLDERS)
def test_a_prefix_of_all_names_goes(classifier, family, prefix):
    folder = classifier(family)
    expected = {name: array.copy() for name, array in open_folder(folder).weights.items()}
    path = folder / "model.safetensors"
    before = f"{family}." if prefix == "own" else prefix
    save_file({before + name: array.copy() for name, array in load_file(path).items()}, path)
    found = open_folder(folder).weights
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_a_mobilebert_without_pooler_has_its_classifier_read_the_first_token(classifier):
    folder = classifier("mobilebert")
    names = [n for n in load_file(folder / "model.safetensors") if ".pooler." in n]
    edit_tensors(folder, **dict.fromkeys(names))
    edit_json(folder / "config.json", classifier_activation=False)
    checkpoint = open_folder(folder)
    assert "classify" in checkpoint.tasks
    assert checkpoint.config.pooler_act is None


def test_a_discriminator_is_an_encoder(classifier):
    folder = classifier("electra")
    edit_json(folder / "config.json", architectures=["ElectraForPreTraining"])
    head = np.ones((1, 32), np.float32)
    edit_tensors(folder, **{"discriminator_predictions.dense_prediction.weight": head})
    assert open_folder(folder).task is None


def edit_tokenizer(folder, change):
    path = folder / "tokenizer.json"
    value = json.loads(path.read_text("utf-8"))
    change(value)
    path.write_text(json.dumps(value), "utf-8")


def precompiled(charsmap):
    return {"type": "Precompiled", "precompiled_charsmap": charsmap}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t["model"].update(vocab=[]), "vocab is a list; a list of pieces is needed"),
        (lambda t: t["model"].update(vocab={"a": 1}), "vocab is an object"),
        (lambda t: t["model"]["vocab"].append(["x", None]), "piece 150 is no text with a score"),
        (lambda t: t["model"]["vocab"].append(["x", float("nan")]), "piece 150 is no text"),
        (lambda t: t["model"]["vocab"].append(["", 0]), "piece 150 is no text"),
        (lambda t: t["model"]["vocab"].append(["\ud800", 0]), "piece 150 is no text"),
        (lambda t: t["model"]["vocab"].append(["[CLS]", 0.0]), "a piece is in vocab twice"),
        (lambda t: t["model"]["vocab"].pop(0), "lacks <pad>|unk_id is 1"),
        (
            lambda t: t["model"]["vocab"].append(["new", 0.0]),
            "has the id 150, but.*only 150 rows",
        ),
        (lambda t: t["model"].update(unk_id=None), "unk_id is None; the id of <unk> is needed"),
        (lambda t: t["model"].update(unk_id=10**9), "unk_id is 1000000000"),
        (lambda t: t["model"].update(byte_fallback=True), "byte_fallback is true"),
        (lambda t: t.update(normalizer={"type": "Bert"}), "normalizer .*Bert.*; accepted: Replace"),
        (lambda t: t.update(normalizer="NFKD"), "a normalizer is a string"),
        (lambda t: t.update(normalizer=precompiled("AA")), "precompiled_charsmap is damaged"),
        (lambda t: t.update(normalizer=precompiled("AAEAAA==")), "precompiled_charsmap is damaged"),
        (lambda t: t.update(normalizer=precompiled(7)), "precompiled_charsmap is damaged"),
        (lambda t: t.update(pre_tokenizer={"type": "ByteLevel"}), r"pre_tokenizer \['ByteLevel'\]"),
        (lambda t: t.update(pre_tokenizer=None), "pre_tokenizer is null; a JSON object is needed"),
        (lambda t: t.update(post_processor={"type": "X"}), "post_processor has the type 'X'"),
        (lambda t: t["added_tokens"].append({"id": 5, "content": "new"}), "added token 'new'"),
        (lambda t: t["model"].update(type="BPE"), "type is 'BPE'|normalizer"),
    ],
)
def test_a_unigram_tokenizer_that_does_not_fit_is_refused(classifier, change, message):
    folder = classifier("albert")
    edit_tokenizer(folder, change)
    refused(folder, message)


def test_a_deep_normalizer_is_refused(classifier):
    folder = classifier("albert")
    deep = {"type": "NFKD"}
    for _ in range(50):
        deep = {"type": "Sequence", "normalizers": [deep, {"type": "NFD"}]}
    edit_tokenizer(folder, lambda t: t.update(normalizer=deep))
    refused(folder, "normalizer has more than 32 steps")


def test_a_character_map_becomes_a_table(classifier):
    folder = classifier("albert")
    table = {"ﬁ": "fi", "e\u0301": "é", "\t": " ", "中": ""}
    edit_tokenizer(folder, lambda t: t.update(normalizer=precompiled(charsmap(table))))
    (step,) = open_folder(folder).unigram.normalizer
    assert (step.name, step.table) == ("map", table)


def test_a_character_map_that_gives_long_texts_is_refused(classifier):
    folder = classifier("albert")
    edit_tokenizer(folder, lambda t: t.update(normalizer=precompiled(charsmap({"a": "b" * 256}))))
    refused(folder, "precompiled_charsmap is damaged")


def test_sentencepiece_alone_is_refused_with_what_to_do(classifier):
    folder = classifier("albert")
    (folder / "tokenizer.json").rename(folder / "spiece.model")
    refused(folder, "tokenizer is in spiece.model alone; tokenizer.json is needed, .*save_pretr")
