"""Checkpoints as people have them: wrapped, renamed, incomplete, or something else altogether."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from edgebert.checkpoints.folder import open_folder
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.errors import EdgebertError
from edgebert.runtime.model import load
from tests.checkpoints.folders import CLASSIFIER, PRETRAINING, TAGGER, TF1, copy, edit_json, plan_of

WORDS = "bert.embeddings.word_embeddings.weight"
POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    "size 209116\n"
)


@pytest.fixture
def folder(tmp_path):
    """A classifier of three labels."""
    return copy(CLASSIFIER, tmp_path)


def rename(folder, new_name, **more):
    """Gives every tensor another name, and adds some."""
    path = folder / "model.safetensors"
    tensors = {new_name(name): array.copy() for name, array in load_file(path).items()}
    save_file({**tensors, **more}, path)


def refused(folder, message, **options):
    with pytest.raises(EdgebertError, match=message) as caught:
        plan_of(folder, **options)
    assert "\n" not in str(caught.value)


ONE = np.ones(3, np.float32)


@pytest.mark.parametrize(
    "new_name",
    [
        lambda name: f"module.{name}",
        lambda name: f"_orig_mod.{name}",
        lambda name: f"_orig_mod.module.{name}",
        lambda name: f"model.{name}",
        lambda name: f"module.model.{name}",
        lambda name: f"bert.{name}",
        lambda name: f"model.bert_model.{name}",
        lambda name: f"state_dict.model.{name}",
        lambda name: name.replace("bert.", "bert.module."),
        lambda name: name.replace("bert.", "bert._orig_mod."),
        lambda name: name.replace("layer.0.", "layer.0._checkpoint_wrapped_module."),
        lambda name: f"_fsdp_wrapped_module.{name}".replace("0.", "0._fsdp_wrapped_module."),
    ],
)
def test_what_wrappers_put_before_names_goes(folder, new_name):
    expected = {name: array.copy() for name, array in open_folder(folder).weights.items()}
    rename(folder, new_name, n_averaged=np.ones(1, np.int64))
    found = open_folder(folder)
    assert plan_of(folder).head.task == "classify"
    assert found.weights.keys() == expected.keys()
    assert all(np.array_equal(found.weights[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    ("new_name", "message"),
    [
        (lambda name: f"roberta.{name}", "begin with 'roberta.', which is no known wrapper"),
        (lambda name: f"my_thing.{name}", "begin with 'my_thing.', which is no known wrapper"),
        (
            lambda name: f"model.{name}" if name.startswith("bert.") else name,
            "begin with 'model.', that of tensor 'classifier.bias' does not",
        ),
        (
            lambda name: name.replace("bert.encoder", "encoder.encoder").replace("ner.b", "ner.x"),
            r"tensors? 'encoder.encoder.* no part of a plain BERT",
        ),
    ],
)
def test_another_beginning_of_names_is_told(folder, new_name, message):
    rename(folder, new_name)
    refused(folder, message)


def test_two_models_in_one_file_are_told(folder):
    tensors = load_file(folder / "model.safetensors")
    teacher = {f"teacher_model.{name}": array.copy() for name, array in tensors.items()}
    rename(folder, lambda name: f"student.{name}", **teacher)
    refused(folder, "several models, whose tensors begin with 'student.' and 'teacher_model.'")


def test_a_name_that_is_there_with_and_without_its_wrapper_is_told(folder):
    rename(folder, lambda name: name, **{f"module.{WORDS}": np.ones((800, 32), np.float32)})
    refused(folder, "are both 'bert.embeddings.word_embeddings.weight'")


@pytest.mark.parametrize(
    "name",
    [
        "crf.transitions",
        "lstm.weight_ih_l0",
        "classifier.0.weight",
        "classifier.dense.weight",
        "classifier2.weight",
        "dense.weight",
        "linear.weight",
        "temperature",
        "layer_norm.weight",
        "bert.encoder.layer.0.adapter.down.weight",
        "bert.encoder.layer.0.attention.self.query.lora_A.default.weight",
        "bert.encoder.layer.0.attention.self.query.weight_orig",
        "bert.encoder.layer.0.attention.self.query.weight_mask",
        "bert.encoder.layer.0.attention.self.query.weight.SCB",
        "bert.encoder.layer.0.attention.self.distance_embedding.weight",
        "bert.encoder.layer.0.crossattention.self.query.weight",
        "bert.encoder.layer.0.output.activation_post_process.scale",
        "bert.embeddings.position_embeddings.weight_2",
        "cls.predictions.other.weight",
    ],
)
@pytest.mark.parametrize("source", [CLASSIFIER, TAGGER, PRETRAINING])
def test_a_tensor_that_is_not_known_is_named(tmp_path, source, name):
    folder = copy(source, tmp_path)
    path = folder / "model.safetensors"
    if not path.exists():
        save_file({n: a.copy() for n, a in open_tensors(folder).items()}, path)
    rename(folder, lambda old: old, **{name: ONE})
    refused(folder, f"tensor '{name}' is no part of a plain BERT")
    refused(folder, f"tensor '{name}' is no part of a plain BERT", task="embed")


def open_tensors(folder):
    from edgebert.checkpoints.weight_files import find_tensors

    return dict(find_tensors(folder)[1])


def test_several_unknown_tensors_are_named_together(folder):
    rename(folder, lambda name: name, **{f"crf.{n}": ONE for n in "ab"})
    refused(folder, "tensors 'crf.a', 'crf.b' are no part")
    rename(folder, lambda name: name, **{f"crf.{n}": ONE for n in "abcdefgh"})
    refused(folder, "'crf.f' and 2 more are no part")


@pytest.mark.parametrize(
    "name",
    [
        "bert.embeddings.position_ids",
        "bert.embeddings.token_type_ids",
        "fit_denses.0.weight",
        "fit_dense.bias",
        "loss_fct.weight",
        "criterion.pos_weight",
        "class_weights",
        "n_averaged",
        "cls.seq_relationship.weight",
        "cls.predictions.bias",
        "cls.predictions.decoder.weight",
        "qa_outputs.bias",
    ],
)
@pytest.mark.parametrize("source", [CLASSIFIER, TAGGER])
def test_known_leftovers_change_nothing(tmp_path, source, name):
    folder = copy(source, tmp_path)
    expected = open_folder(folder).weights.keys()
    rename(folder, lambda old: old, **{name: ONE})
    assert open_folder(folder).weights.keys() == expected
    assert plan_of(folder).head.task in ("classify", "tag")


def test_a_leftover_head_of_another_vocabulary_is_an_error_where_it_is_asked_for(folder):
    square, wide = np.ones((32, 32), np.float32), np.ones(32, np.float32)
    head = {
        "cls.predictions.bias": np.ones(900, np.float32),
        "cls.predictions.transform.dense.weight": square,
        "cls.predictions.transform.dense.bias": wide,
        "cls.predictions.transform.LayerNorm.weight": wide,
        "cls.predictions.transform.LayerNorm.bias": wide,
    }
    rename(folder, lambda name: name, **head)
    assert plan_of(folder).head.task == "classify"
    refused(folder, r"the mlm cannot be used: tensor mlm.bias has shape \[900\]", task="fill-mask")


@pytest.mark.parametrize(
    "name", ["BertForNextSentencePrediction", "BertForMultipleChoice", "BertLMHeadModel"]
)
def test_a_class_without_a_task_here_gives_its_encoder(folder, name):
    edit_json(folder / "config.json", architectures=[name], id2label=...)
    head = {
        "cls.seq_relationship.weight": np.ones((2, 32), np.float32),
        "cls.seq_relationship.bias": np.ones(2, np.float32),
    }
    rename(folder, lambda old: old, **head)
    refused(folder, f"a {name} is for none of the tasks here, .* choose with --task, .*embed")
    for task in ("embed", "encode"):
        assert plan_of(folder, task=task).head.task == task
    refused(folder, "has no classifier for the task classify", task="classify")


def test_a_pretraining_checkpoint_gives_its_encoder(tmp_path):
    folder = copy(PRETRAINING, tmp_path)
    assert plan_of(folder, task="encode").head.task == "encode"


@pytest.mark.parametrize(
    "setting",
    [
        {"auto_map": {"AutoModel": "modeling_mine.MyBert"}},
        {"quantization_config": {"quant_method": "gptq", "bits": 4}},
        {"task_specific_params": {"text-classification": {"problem_type": "regression"}}},
        {"position_embedding_type": "relative_key_query"},
        {"is_decoder": True},
        {"add_cross_attention": True},
        {"pruned_heads": {"0": [1]}},
        {"hidden_act": "quick_gelu"},
        {"hidden_act": "swish"},
        {"hidden_act": "gelu_10"},
    ],
)
def test_a_setting_that_changes_answers_is_refused_by_name(folder, setting):
    edit_json(folder / "config.json", **setting)
    refused(folder, next(iter(setting)))


@pytest.mark.parametrize(
    "setting",
    [
        {"auto_map": {}, "quantization_config": None, "pruned_heads": {}},
        {"chunk_size_feed_forward": 64, "use_cache": False, "classifier_dropout": 0.5},
        {"torch_dtype": "float16", "dtype": "bfloat16", "attn_implementation": "sdpa"},
        {"pad_token_id": 3, "gradient_checkpointing": True, "output_attentions": True},
        {"embedding_size": 16, "bottleneck_size": 8, "num_feedforward_networks": 4},
        {"what_nobody_reads": "as transformers' class ignores it"},
    ],
)
def test_a_setting_that_transformers_does_not_read_is_without_effect(folder, setting):
    expected = open_folder(folder).config
    edit_json(folder / "config.json", **setting)
    assert open_folder(folder).config == expected
    assert plan_of(folder).head.task == "classify"


@pytest.mark.parametrize("constant", [0.7978845608, np.sqrt(2 / np.pi)])
def test_the_approximations_of_gelu_are_one(constant):
    """gelu_fast writes sqrt(2/pi) with ten digits and takes the factor x out of the bracket."""
    from tests.checkpoints.forward import ACTIVATIONS

    x = np.linspace(-8, 8, 4001)
    fast = 0.5 * x * (1 + np.tanh(x * constant * (1 + 0.044715 * x * x)))
    np.testing.assert_allclose(fast, ACTIVATIONS["gelu_tanh"](x), atol=1e-9)
    assert np.abs(fast - ACTIVATIONS["gelu"](x)).max() > 1e-4


@pytest.mark.parametrize(
    "name", ["model.safetensors", "vocab.txt", "tokenizer.json", "config.json"]
)
def test_a_git_lfs_pointer_is_named_as_such(folder, name):
    (folder / name).write_text(POINTER)
    refused(folder, f"{name}: is a Git LFS pointer, .* not downloaded; run git lfs pull")


def test_a_pointer_in_place_of_a_pickle_is_named(folder):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_text(POINTER)
    refused(folder, "pytorch_model.bin: is a Git LFS pointer, the weights were not downloaded")


@pytest.mark.parametrize("pattern", ["*.index", "*.data-*", "vocab.txt"])
def test_a_pointer_in_a_tensorflow_checkpoint_is_named(tmp_path, pattern):
    folder = copy(TF1, tmp_path)
    (path,) = folder.glob(pattern)
    path.write_text(POINTER)
    refused(folder, f"{path.name}: is a Git LFS pointer")


@pytest.mark.parametrize("name", ["model.zip", "model.tar.gz"])
def test_a_pointer_in_place_of_an_archive_is_named(tmp_path, name):
    (tmp_path / name).write_text(POINTER)
    with (
        pytest.raises(EdgebertError, match=f"{name}: is a Git LFS pointer"),
        open_checkpoint(tmp_path / name),
    ):
        pass


def test_a_pointer_in_place_of_a_converted_file_is_named(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_text(POINTER)
    with pytest.raises(EdgebertError, match=r"model.tflite: is a Git LFS pointer"):
        load(path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("saved_model.pb", "SavedModel, as TF-Hub and Kaggle .* such as tiny or 4/256 .* id"),
        ("1/saved_model.pb", "TensorFlow SavedModel"),
        ("bert/tensorflow2/en/2/saved_model.pb", "TensorFlow SavedModel"),
        ("adapter_model.safetensors", "PEFT adapter .* merge_and_unload"),
        ("adapter_config.json", "PEFT adapter .* merge_and_unload"),
        ("tf_model.h5", "from_tf=True"),
        ("model.keras", "a Keras model"),
        ("model.weights.h5", "a Keras model"),
        ("flax_model.msgpack", "from_flax=True"),
        ("rust_model.ot", "rust-bert"),
        ("model.onnx", "an ONNX graph"),
        ("onnx/model.onnx", "an ONNX graph"),
        ("bert-q4.gguf", "llama.cpp"),
        ("openvino_model.xml", "OpenVINO"),
        ("model.tflite", "edgebert run and inspect"),
        ("zero_to_fp32.py", "DeepSpeed"),
        ("model-00001-of-00002.safetensors", "without model.safetensors.index.json"),
        ("best.pt", "best.pt is weights under a name .* rename it to pytorch_model.bin"),
        ("epoch=3.ckpt", "rename it to pytorch_model.bin"),
        ("model.fp16.safetensors", "rename it to model.safetensors"),
    ],
)
@pytest.mark.parametrize("with_config", [True, False])
def test_what_else_a_folder_holds_is_named_with_the_way_round(folder, name, message, with_config):
    (folder / "model.safetensors").unlink()
    if not with_config:
        (folder / "config.json").unlink()
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"")
    (folder / "training_args.bin").write_bytes(b"")
    refused(folder, message)


def test_an_adapter_beside_whole_weights_is_refused(folder):
    """transformers would put it into the model."""
    (folder / "adapter_config.json").write_text("{}")
    refused(folder, "PEFT adapter")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("albert_config.json", "an ALBERT's or ELECTRA's TensorFlow 1 checkpoint"),
        ("electra_small.index", "an ALBERT's or ELECTRA's TensorFlow 1 checkpoint"),
        ("bert_model.ckpt.index", "without its bert_config.json"),
        ("ckpt-1.index", "without its bert_config.json"),
    ],
)
def test_other_tensorflow_archives_are_named(tmp_path, name, message):
    (tmp_path / name).write_bytes(b"")
    (tmp_path / "vocab.txt").write_bytes(b"")
    refused(tmp_path, message)


def test_the_checkpoints_of_a_training_are_listed(folder):
    for step in (500, 1000):
        inner = folder / "out" / f"checkpoint-{step}"
        inner.mkdir(parents=True)
        (inner / "config.json").write_bytes((folder / "config.json").read_bytes())
        (inner / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    refused(folder / "out", r"checkpoint-500, checkpoint-1000; give .*checkpoint-1000 \(the last\)")
    state = {"best_model_checkpoint": "/elsewhere/out/checkpoint-500"}
    (folder / "out" / "checkpoint-1000" / "trainer_state.json").write_text(json.dumps(state))
    refused(folder / "out", r"\(the last; training found checkpoint-500 the best\)")


def test_a_checkpoint_one_folder_further_in_is_told(folder):
    refused(folder.parent, f"there are some in it: {CLASSIFIER}; give one")


def test_a_fault_in_an_archive_is_told_by_the_archives_name(folder):
    edit_json(folder / "config.json", id2label={"1": "a"})
    archive = shutil.make_archive(str(folder.parent / "packed"), "zip", folder)
    with (
        open_checkpoint(archive) as checkpoint,
        pytest.raises(EdgebertError, match=r"packed.zip/config.json: the ids of id2label"),
    ):
        plan(Options(), checkpoint)


@pytest.mark.parametrize("name", ["model.onnx", "model.h5", "saved_model.pb", "model.gguf"])
def test_a_single_file_of_another_kind_is_named(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with (
        pytest.raises(EdgebertError, match=rf"{name}: is an? .*; "),
        open_checkpoint(tmp_path / name),
    ):
        pass


@pytest.mark.parametrize("framework", ["tf", "flax"])
def test_weights_of_another_framework_are_named(folder, framework):
    path = folder / "model.safetensors"
    save_file(load_file(path), path, {"format": framework})
    refused(folder, f"holds the weights of {framework}.*from_{framework}=True")


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_weights_of_other_precisions_become_float32(folder, dtype):
    path = folder / "model.safetensors"
    tensors = {name: array.astype(dtype) for name, array in load_file(path).items()}
    save_file(tensors, path)
    assert {array.dtype for array in open_folder(folder).weights.values()} == {np.dtype("<f4")}
