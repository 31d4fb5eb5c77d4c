"""Hugging Face folders: tasks, labels, names, and everything that is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from edgebert.checkpoints.folder import open_folder
from edgebert.errors import EdgebertError
from tests.checkpoints.folders import CLASSIFIER, PRETRAINING, TAGGER, copy, edit_json, plan_of

WORDS = "bert.embeddings.word_embeddings.weight"


@pytest.fixture
def folder(tmp_path):
    """A classifier of three labels."""
    return copy(CLASSIFIER, tmp_path)


def edit_tensors(folder, **changes):
    """Sets tensors by name; None removes one."""
    path = folder / "model.safetensors"
    tensors = {**load_file(path), **changes}
    save_file({name: array for name, array in tensors.items() if array is not None}, path)


def as_pretraining(folder):
    """Turns the classifier into a masked language model with the names of transformers."""
    tensors = load_file(folder / "model.safetensors")
    head = {
        "cls.predictions.bias": np.linspace(0, 1, 800, dtype=np.float32),
        "cls.predictions.transform.dense.weight": tensors["bert.pooler.dense.weight"],
        "cls.predictions.transform.dense.bias": tensors["bert.pooler.dense.bias"],
        "cls.predictions.transform.LayerNorm.weight": tensors["bert.pooler.dense.bias"],
        "cls.predictions.transform.LayerNorm.bias": tensors["bert.pooler.dense.bias"],
    }
    edit_tensors(folder, **head, **{"classifier.weight": None, "classifier.bias": None})
    edit_json(folder / "config.json", architectures=["BertForMaskedLM"])
    return folder


def test_a_classifier_has_its_labels_and_task(folder):
    checkpoint = open_folder(folder, source="user/model")
    assert checkpoint.task == "classify"
    assert checkpoint.labels == ("negative", "neutral", "positive")
    assert (checkpoint.multi_label, checkpoint.source) == (False, "user/model")


def test_labels_are_in_the_order_of_their_ids_as_numbers(folder):
    rows = np.ones((12, 32), np.float32)
    edit_tensors(folder, **{"classifier.weight": rows, "classifier.bias": rows[:, 0].copy()})
    names = {str(index): f"label {index}" for index in reversed(range(12))}
    edit_json(folder / "config.json", id2label=names)
    assert open_folder(folder).labels == tuple(f"label {index}" for index in range(12))


def test_labels_without_names_have_those_of_transformers(folder):
    edit_json(folder / "config.json", id2label=...)
    assert open_folder(folder).labels == ("LABEL_0", "LABEL_1", "LABEL_2")


@pytest.mark.parametrize(
    "names",
    [{"0": "a", "2": "b", "3": "c"}, {"0": "a", "01": "b", "2": "c"}, {}, ["a"], {"x": "y"}],
)
def test_label_ids_with_gaps_are_refused(folder, names):
    edit_json(folder / "config.json", id2label=names)
    refused_unless_labels_are_given(folder, "id2label")


@pytest.mark.parametrize("label", ["", "two\nlines", "\ud800", True, None, ["a"]])
def test_a_label_that_is_no_line_of_text_is_refused(folder, label):
    edit_json(folder / "config.json", id2label={"0": "a", "1": label, "2": "c"})
    refused_unless_labels_are_given(folder, "label 1 is .*; (one line of text|a text or a number)")


def test_a_label_too_many_is_refused(folder):
    edit_json(folder / "config.json", id2label={str(index): f"l{index}" for index in range(4)})
    refused_unless_labels_are_given(folder, "4 labels for a classifier with 3 outputs")


def test_a_count_of_labels_that_does_not_fit_is_refused(folder):
    edit_json(folder / "config.json", id2label=..., num_labels=5)
    refused_unless_labels_are_given(folder, "num_labels is 5, but the weights have 3 outputs")


def refused_unless_labels_are_given(folder, message):
    with pytest.raises(EdgebertError, match=f"{message}.*--labels"):
        plan_of(folder)
    assert plan_of(folder, labels=("x", "y", "z")).labels == ("x", "y", "z")
    assert plan_of(folder, task="embed").labels is None


def test_labels_that_are_numbers_are_their_text(folder):
    edit_json(folder / "config.json", id2label={"0": 0, "1": 1, "2": 2.5})
    assert plan_of(folder).labels == ("0", "1", "2.5")


def test_id2label_counts_whatever_label2id_says(folder):
    """transformers' pipelines answer with id2label alone."""
    edit_json(folder / "config.json", label2id={"other": 0, "names": 1, "here": 2})
    assert plan_of(folder).labels == ("negative", "neutral", "positive")


@pytest.mark.parametrize(
    ("problem", "outputs", "task", "multi_label"),
    [
        ("single_label_classification", 3, "classify", False),
        ("multi_label_classification", 3, "classify", True),
        ("multi_label_classification", 1, "classify", True),
        ("regression", 1, "regress", False),
        (None, 1, "regress", False),
        (None, 3, "classify", False),
    ],
)
def test_the_kind_of_problem_tells_the_task(folder, problem, outputs, task, multi_label):
    rows = np.ones((outputs, 32), np.float32)
    edit_tensors(folder, **{"classifier.weight": rows, "classifier.bias": rows[:, 0].copy()})
    edit_json(folder / "config.json", problem_type=problem, id2label=...)
    checkpoint = open_folder(folder)
    assert (checkpoint.task, checkpoint.multi_label) == (task, multi_label)
    assert (checkpoint.labels is None) == (task == "regress")


@pytest.mark.parametrize(
    ("raw", "activation"),
    [
        ("gelu", "gelu"),
        ("gelu_python", "gelu"),
        ("gelu_new", "gelu_tanh"),
        ("gelu_fast", "gelu_tanh"),
        ("gelu_accurate", "gelu_tanh"),
        ("gelu_python_tanh", "gelu_tanh"),
        ("gelu_pytorch_tanh", "gelu_tanh"),
        ("relu", "relu"),
    ],
)
def test_activations(folder, raw, activation):
    edit_json(folder / "config.json", hidden_act=raw)
    assert open_folder(folder).config.hidden_act == activation


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]},
            "'gpt2', .*'GPT2LMHeadModel'",
        ),
        ({"model_type": "roberta", "architectures": ["RobertaModel"]}, "'roberta'.*accepted: BERT"),
        ({"model_type": "t5", "architectures": ["T5Model"]}, "'t5'"),
        ({"architectures": ["BertForRanking"]}, "'BertForRanking'; accepted: BERT, as BertModel"),
        ({"architectures": ["BertModel", "BertForMaskedLM"]}, "several arch.*leave the one"),
        ({"architectures": [{"a": 1}]}, "accepted: BERT"),
        ({"architectures": "BertModel", "model_type": ["bert"]}, "accepted: BERT"),
        (
            {"hidden_act": "silu"},
            "unknown activation hidden_act 'silu'; accepted: gelu, ",
        ),
        ({"hidden_act": ["gelu"]}, "unknown activation"),
        ({"hidden_act": None}, "unknown activation"),
        ({"is_decoder": True}, "is_decoder is True"),
        ({"add_cross_attention": True}, "add_cross_attention is True"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type is 'relative_key'"),
        ({"pruned_heads": {"0": [1]}}, "pruned_heads"),
        ({"quantization_config": {"bits": 4}}, "quantization_config"),
        ({"problem_type": "ranking"}, "problem_type is 'ranking'; accepted: regression"),
        ({"problem_type": ["x"]}, "problem_type"),
        ({"problem_type": "regression"}, "a regression with 3 outputs"),
        ({"hidden_size": ...}, "hidden_size is missing"),
        ({"hidden_size": "32"}, "hidden_size is a string; a number is needed"),
        ({"hidden_size": 64}, r"embeddings.word has shape \[800, 32\]"),
        ({"hidden_size": 10**40}, "hidden_size is 1000"),
        ({"num_attention_heads": 5}, "not a multiple"),
        ({"layer_norm_eps": "tiny"}, "layer_norm_eps is a string"),
        ({"layer_norm_eps": float("nan")}, "layer_norm_eps"),
        ({"num_hidden_layers": 1}, r"encoder.layer.1.* belongs to none of the 1 layers"),
        ({"num_hidden_layers": 3}, "layers.2.attention.query.weight is missing"),
        ({"vocab_size": 30522}, r"embeddings.word has shape \[800, 32\].*\[30522, 32\]"),
        ({"architectures": ["BertForTokenClassification"], "id2label": {"0": "O"}}, "1 labels"),
        ({"architectures": ["BertForQuestionAnswering"]}, "answerer.weight is missing"),
        ({"architectures": None}, "names no architecture, and a classifier could be"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(folder, changes, message):
    edit_json(folder / "config.json", **changes)
    with pytest.raises(EdgebertError, match=message) as caught:
        plan_of(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", ["[]", "3", '"x"', "null", "{", "", "[" * 100_000, '{"a": ' + "1" * 10_000 + "}"]
)
def test_a_config_that_is_no_object_is_refused(folder, content):
    (folder / "config.json").write_text(content)
    with pytest.raises(EdgebertError, match=r"config\.json: "):
        open_folder(folder)


def test_a_config_that_is_not_utf8_is_refused(folder):
    (folder / "config.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(EdgebertError, match="not UTF-8"):
        open_folder(folder)


def test_a_huge_config_is_refused_unparsed(folder):
    with (folder / "config.json").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(EdgebertError, match="larger than 64 MiB"):
        open_folder(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bert.pooler.dense.bias": None}, "pooler.bias is missing"),
        ({WORDS: None}, "embeddings.word is missing"),
        ({WORDS: np.ones((800, 32), np.int32)}, "word_embeddings.weight holds int32"),
        (
            {WORDS: np.full((800, 32), np.nan, np.float32)},
            "embeddings.word holds values that are not",
        ),
        ({WORDS: np.full((800, 32), 1e300)}, "embeddings.word holds values that are not finite"),
        ({"classifier.bias": np.ones(2, np.float32)}, "classifier.weight has 3 rows"),
        ({"embeddings.word_embeddings.weight": np.ones((800, 32), np.float32)}, "are both"),
        (
            {"bert.encoder.layer.0.adapter.weight": np.ones(3)},
            "adapter.weight' is no part of a plain",
        ),
        ({"bert.encoder.layer.00.output.dense.bias": np.ones(32)}, "layer.00.* belongs to none"),
    ],
)
def test_tensors_that_do_not_fit_are_named(folder, changes, message):
    edit_tensors(folder, **changes)
    with pytest.raises(EdgebertError, match=message):
        plan_of(folder)


def test_the_prefix_is_optional(folder):
    read = open_folder(folder).weights
    expected = {name: array.copy() for name, array in read.items()}  # those are views of the file
    tensors = load_file(folder / "model.safetensors")
    renamed = {name.removeprefix("bert."): array for name, array in tensors.items()}
    save_file(renamed, folder / "model.safetensors")
    found = open_folder(folder).weights
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_buffers_and_the_rests_of_training_are_left_out(folder):
    expected = open_folder(folder).weights.keys()
    ids = np.arange(128)[None]
    extra = {"bert.embeddings.position_ids": ids, "loss.weight": np.ones(3), "fit_dense.bias": ids}
    edit_tensors(folder, **extra)
    assert open_folder(folder).weights.keys() == expected


def test_an_encoder_alone_needs_no_pooler(folder):
    gone = ("bert.pooler.dense.weight", "bert.pooler.dense.bias")
    edit_tensors(folder, **dict.fromkeys((*gone, "classifier.weight", "classifier.bias")))
    edit_json(folder / "config.json", architectures=["BertModel"])
    checkpoint = open_folder(folder)
    assert (checkpoint.task, checkpoint.heads, checkpoint.labels) == (None, (), None)


def test_without_a_named_architecture_the_tensors_tell(folder):
    as_pretraining(folder)
    edit_json(folder / "config.json", architectures=..., model_type=...)
    assert open_folder(folder).task == "fill-mask"
    edit_tensors(
        folder,
        **{
            name: None
            for name in load_file(folder / "model.safetensors")
            if name.startswith("cls.")
        },
    )
    assert open_folder(folder).task is None


def test_old_names_tell_an_architecture_too(folder):
    tensors = load_file(as_pretraining(folder) / "model.safetensors")
    old = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    for new, name in old.items():
        tensors = {key.replace(new, name): value for key, value in tensors.items()}
    save_file(tensors, folder / "model.safetensors")
    edit_json(folder / "config.json", architectures=..., model_type=...)
    assert open_folder(folder).task == "fill-mask"


def test_copies_leave_the_architecture_to_tell(folder):
    as_pretraining(folder)
    tensors = load_file(folder / "model.safetensors")
    copies = {
        "cls.predictions.decoder.weight": tensors[WORDS],
        "cls.predictions.decoder.bias": tensors["cls.predictions.bias"],
    }
    edit_tensors(folder, **copies)
    edit_json(folder / "config.json", architectures=..., model_type=...)
    assert open_folder(folder).task == "fill-mask"


def test_a_lone_segment_is_that_of_both_texts_of_a_pair(folder):
    segments = "bert.embeddings.token_type_embeddings.weight"
    (first, _) = load_file(folder / "model.safetensors")[segments]
    edit_tensors(folder, **{segments: first[None]})
    edit_json(folder / "config.json", type_vocab_size=1)
    checkpoint = open_folder(folder)
    assert checkpoint.config.type_vocab_size == 2
    np.testing.assert_array_equal(checkpoint.weights["embeddings.segment"], [first, first])


def test_a_tied_decoder_is_accepted(folder):
    as_pretraining(folder)
    words = load_file(folder / "model.safetensors")[WORDS]
    edit_tensors(folder, **{"cls.predictions.decoder.weight": words})
    assert open_folder(folder).heads == ("pooler", "mlm")


def test_a_decoder_of_its_own_is_refused_where_it_is_read(folder):
    as_pretraining(folder)
    words = load_file(folder / "model.safetensors")[WORDS]
    edit_tensors(folder, **{"cls.predictions.decoder.weight": words + 1})
    with pytest.raises(
        EdgebertError, match=r"cls.predictions.decoder.weight differs from bert.emb"
    ):
        plan_of(folder)
    assert plan_of(folder, task="embed").head.task == "embed"


def test_an_untied_decoder_must_be_saved(folder):
    as_pretraining(folder)
    words = load_file(folder / "model.safetensors")[WORDS]
    edit_json(folder / "config.json", tie_word_embeddings=False)
    with pytest.raises(EdgebertError, match=r"decoder.weight is missing, and tie_word_emb"):
        plan_of(folder)
    edit_tensors(folder, **{"cls.predictions.decoder.weight": words})
    assert plan_of(folder).head.task == "fill-mask"


def test_the_decoder_bias_is_the_bias(folder):
    as_pretraining(folder)
    bias = load_file(folder / "model.safetensors")["cls.predictions.bias"]
    edit_tensors(folder, **{"cls.predictions.decoder.bias": bias})
    np.testing.assert_array_equal(open_folder(folder).weights["mlm.bias"], bias)
    edit_tensors(folder, **{"cls.predictions.bias": None})
    np.testing.assert_array_equal(open_folder(folder).weights["mlm.bias"], bias)
    edit_tensors(folder, **{"cls.predictions.bias": bias + 1})
    with pytest.raises(EdgebertError, match=r"decoder.bias differs"):
        plan_of(folder)


def shard(folder, first="model-1.safetensors", second="model-2.safetensors"):
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    half = len(tensors) // 2
    places = {name: second if at >= half else first for at, name in enumerate(tensors)}
    for file in ("model-1.safetensors", "model-2.safetensors"):
        part = {name: tensors[name] for name in tensors if places[name] == file}
        if part:
            save_file(part, folder / file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))


def test_weights_in_several_files(folder):
    expected = open_folder(folder).weights
    shard(folder)
    found = open_folder(folder).weights
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    "name", ["../model.safetensors", "/etc/passwd", "a/../../b", "C:\\x", "a\0b", "\ud800", 7, None]
)
def test_a_part_outside_the_folder_is_refused(folder, name):
    shard(folder, second=name)
    with pytest.raises(EdgebertError, match="is no path inside the checkpoint's folder"):
        open_folder(folder)


def test_a_part_that_lacks_a_tensor_is_named(folder):
    shard(folder)
    save_file({"x": np.ones(1)}, folder / "model-2.safetensors")
    with pytest.raises(EdgebertError, match="no file holds the tensor"):
        open_folder(folder)
    (folder / "model-2.safetensors").unlink()
    with pytest.raises(EdgebertError, match=r"model-2.safetensors: cannot read: No such file"):
        open_folder(folder)


def test_no_weights_is_an_error_that_lists_what_was_looked_for(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(
        EdgebertError, match=r"no weights; looked for model.safetensors and pytorch"
    ):
        open_folder(folder)


def test_a_masked_language_model_needs_its_mask(tmp_path):
    folder = copy(PRETRAINING, tmp_path)
    path = folder / "vocab.txt"
    path.write_text(path.read_text().replace("[MASK]", "[OTHER]"))
    with pytest.raises(EdgebertError, match=r"lacks \[MASK\]"):
        open_folder(folder)


def test_a_tagger_needs_no_pooler(tmp_path):
    checkpoint = open_folder(copy(TAGGER, tmp_path))
    assert (checkpoint.task, checkpoint.heads) == ("tag", ("tagger",))
    assert checkpoint.labels[1] == "B-PER"


def test_files_may_be_links(folder, tmp_path):
    """The hub's cache is a folder of links."""
    linked = tmp_path / "linked"
    linked.mkdir()
    for path in folder.iterdir():
        (linked / path.name).symlink_to(path)
    assert open_folder(linked).task == "classify"
