"""TensorFlow 1 folders: which checkpoint is read, what it is for, and what is refused."""

from __future__ import annotations

import pytest

from edgebert.checkpoints.folder import open_folder
from edgebert.checkpoints.tensorflow1 import find_index
from edgebert.errors import EdgebertError
from tests.checkpoints.folders import BUNDLES, TF1, TF1_CLASSIFIER, copy, edit_json


@pytest.mark.parametrize(
    ("name", "task", "heads"),
    [
        (TF1, "fill-mask", ("pooler", "mlm", "nsp")),
        (TF1_CLASSIFIER, "classify", ("pooler", "classifier")),
        ("tf1_answerer_2x32", "answer", ("answerer",)),
    ],
)
def test_the_heads_tell_the_task(tmp_path, name, task, heads):
    checkpoint = open_folder(copy(name, tmp_path))
    assert checkpoint.task == task
    assert checkpoint.heads[-len(heads) :] == heads
    assert checkpoint.format == "TensorFlow 1 checkpoint"


def test_labels_come_from_labels_txt(tmp_path):
    folder = copy(TF1_CLASSIFIER, tmp_path)
    assert open_folder(folder).labels == ("no", "maybe", "yes")
    (folder / "labels.txt").unlink()
    assert open_folder(folder).labels is None


def test_the_mark_of_an_editor_is_no_part_of_a_file(tmp_path):
    folder = copy(TF1_CLASSIFIER, tmp_path)
    expected = open_folder(folder)
    for name in ("labels.txt", "vocab.txt", "bert_config.json"):
        path = folder / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    found = open_folder(folder)
    assert (found.labels, found.vocabulary) == (expected.labels, expected.vocabulary)


def test_a_label_too_few_is_an_error(tmp_path):
    folder = copy(TF1_CLASSIFIER, tmp_path)
    (folder / "labels.txt").write_text("no\nyes\n")
    with pytest.raises(EdgebertError, match="2 labels for a classifier with 3 outputs"):
        open_folder(folder)


@pytest.mark.parametrize(("raw", "activation"), [("gelu", "gelu_tanh"), ("relu", "relu")])
def test_gelu_is_the_tanh_form(tmp_path, raw, activation):
    folder = copy(TF1, tmp_path)
    edit_json(folder / "bert_config.json", hidden_act=raw)
    assert open_folder(folder).config.hidden_act == activation


def test_options_are_those_of_bert_uncased(tmp_path):
    options = open_folder(copy(TF1, tmp_path)).tokenizer
    assert (options.lower_case, options.strip_accents, options.max_length) == (True, None, 128)


def test_capitals_in_the_vocabulary_are_kept_in_texts(tmp_path):
    vocabulary = copy(TF1, tmp_path) / "vocab.txt"
    pieces = vocabulary.read_text().split("\n")
    pieces[pieces.index("the")] = "The"
    vocabulary.write_text("\n".join(pieces))
    assert open_folder(vocabulary.parent).tokenizer.lower_case is False


def checkpoints(folder, *names):
    for name in names:
        (folder / f"{name}.index").touch()
    return folder


def test_the_checkpoint_file_tells_which_of_several(tmp_path):
    folder = checkpoints(tmp_path, "model.ckpt-20", "model.ckpt-40")
    (folder / "checkpoint").write_text('model_checkpoint_path: "gs://other/model.ckpt-20"\n')
    assert find_index(folder).name == "model.ckpt-20.index"


def test_without_it_the_highest_step_is_read(tmp_path):
    folder = checkpoints(tmp_path, "model.ckpt-90", "model.ckpt-1000", "bert_model.ckpt")
    assert find_index(folder).name == "model.ckpt-1000.index"


def test_a_checkpoint_file_cannot_lead_out_of_the_folder(tmp_path):
    folder = tmp_path / "inner"
    folder.mkdir()
    checkpoints(tmp_path, "model.ckpt-99")
    checkpoints(folder, "model.ckpt-1", "model.ckpt-2")
    (folder / "checkpoint").write_text('model_checkpoint_path: "../model.ckpt-99"\n')
    assert find_index(folder) == folder / "model.ckpt-2.index"


def test_several_without_a_step_are_an_error(tmp_path):
    folder = checkpoints(tmp_path, "a.ckpt", "b.ckpt")
    with pytest.raises(EdgebertError, match=r"several checkpoints \(a.ckpt, b.ckpt\)"):
        find_index(folder)


def test_no_index_is_an_error(tmp_path):
    folder = copy(TF1, tmp_path)
    (folder / "bert_model.ckpt.index").unlink()
    with pytest.raises(EdgebertError, match=r"no \*.ckpt\*.index file"):
        open_folder(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_hidden_layers": 1}, "layer_1/.* belongs to none of the 1 layers"),
        ({"num_hidden_layers": 3}, "tensor layers.2.attention.query.weight is missing"),
        ({"intermediate_size": 64}, r"ffn.intermediate.weight has shape \[128, 32\]"),
        ({"vocab_size": 801}, r"embeddings.word has shape \[800, 32\]"),
        ({"hidden_act": "swish"}, "unknown activation hidden_act 'swish'; accepted: gelu, relu"),
        ({"hidden_size": "32"}, "hidden_size is a string; a number is needed"),
        ({"hidden_size": 32.5}, "hidden_size is 32.5"),
        ({"hidden_size": True}, "hidden_size is true or false"),
        ({"hidden_size": ...}, "hidden_size is missing"),
        ({"layer_norm_eps": None}, "layer_norm_eps is null"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers is 1000000000"),
    ],
)
def test_a_config_that_does_not_fit_is_named(tmp_path, changes, message):
    folder = copy(TF1, tmp_path)
    edit_json(folder / "bert_config.json", **changes)
    with pytest.raises(EdgebertError, match=message):
        open_folder(folder)


def test_a_vocabulary_that_does_not_fit_is_an_error(tmp_path):
    folder = copy(TF1, tmp_path)
    with (folder / "vocab.txt").open("a") as file:
        file.write("onemore\n")
    with pytest.raises(EdgebertError, match="801 word pieces, the config needs 800"):
        open_folder(folder)


def test_another_tensorflow_model_is_refused_by_its_tensor(tmp_path):
    folder = copy(TF1, tmp_path)
    (folder / "bert_model.ckpt.index").write_bytes((BUNDLES / "dtypes.index").read_bytes())
    with pytest.raises(EdgebertError, match="tensor 'bfloat16' is no part of a BERT"):
        open_folder(folder)


def test_a_tensorflow_2_checkpoint_is_refused_by_its_kind(tmp_path):
    folder = copy(TF1, tmp_path)
    (folder / "bert_model.ckpt.index").write_bytes((BUNDLES / "object.ckpt.index").read_bytes())
    with pytest.raises(EdgebertError, match="a TensorFlow 2 object checkpoint; accepted"):
        open_folder(folder)
