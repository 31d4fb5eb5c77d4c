"""A checkpoint that is written as a Hugging Face folder is what it was, for us and for others."""

import errno
import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors import SafetensorError

from edgebert.checkpoints.folder import open_folder
from edgebert.checkpoints.writing.hugging_face import FILES, write_hugging_face
from edgebert.checkpoints.writing.names import HUGGING_FACE, written_name
from edgebert.checkpoints.writing.safetensors_file import write_safetensors
from edgebert.errors import EdgebertError
from edgebert.tokenizer.options import TokenizerOptions
from tests.reference_folders import PLAIN, cases

CLASSIFIER = next(folder for folder in PLAIN if folder.name == "hf_classifier_2x32")


@pytest.mark.parametrize("folder", PLAIN, ids=lambda folder: folder.name)
def test_our_reader_takes_what_was_written_bit_for_bit(folder, tmp_path):
    before = open_folder(folder)
    write_hugging_face(before, tmp_path / "new" / "folder")
    after = open_folder(tmp_path / "new" / "folder")
    assert {*FILES} <= {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    assert after.config == before.config
    assert after.weights.keys() == before.weights.keys()
    for name, array in before.weights.items():
        assert np.array_equal(after.weights[name], array), name
    for what in ("vocabulary", "tokenizer", "labels", "task", "multi_label", "normalize"):
        assert getattr(after, what) == getattr(before, what), what
    if before.task == "embed":
        assert after.pooling == before.pooling


@pytest.mark.parametrize("folder", PLAIN, ids=lambda folder: folder.name)
def test_transformers_computes_from_it_what_it_computed_before(folder, tmp_path):
    torch = pytest.importorskip("torch", reason="transformers and torch are not here")
    transformers = pytest.importorskip("transformers", reason="transformers is not here")
    write_hugging_face(open_folder(folder), tmp_path / "written")
    name = json.loads((tmp_path / "written" / "config.json").read_text())["architectures"][0]
    model, report = getattr(transformers, name).from_pretrained(
        tmp_path / "written", output_loading_info=True
    )
    fresh = {key for key in report["missing_keys"] if "pooler" not in key}
    assert not fresh
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "written")
    for text, pair, ids, expected in cases(folder):
        encoded = tokenizer(*((text,) if pair is None else (text, pair)), return_tensors="pt")
        assert encoded["input_ids"][0].tolist() == ids
        with torch.no_grad():
            found = model(**encoded, output_hidden_states=True)
        outputs = {
            "cls_hidden": lambda found=found: found.hidden_states[-1][0, 0],
            "mlm_first": lambda found=found: found.prediction_logits[0, 0, :16],
            "nsp_logits": lambda found=found: found.seq_relationship_logits[0],
            "logits": lambda found=found: found.logits[0],
            "start_logits": lambda found=found: found.start_logits[0],
            "end_logits": lambda found=found: found.end_logits[0],
            "embedding": lambda found=found: torch.nn.functional.normalize(
                found.last_hidden_state[0].mean(0), dim=0
            ),
        }
        for what, view in outputs.items():
            if what in expected:
                np.testing.assert_allclose(view(), expected[what], atol=1e-5, rtol=0)


def test_transformers_computes_the_same_from_a_masked_language_model_alone(tmp_path):
    torch = pytest.importorskip("torch", reason="transformers and torch are not here")
    transformers = pytest.importorskip("transformers", reason="transformers is not here")
    folder = next(folder for folder in PLAIN if folder.name == "hf_pretraining_2x32")
    both = open_folder(folder)
    kept = {n: w for n, w in both.weights.items() if not n.startswith(("pooler.", "nsp."))}
    assert len(kept) == len(both.weights) - 4
    write_hugging_face(replace(both, weights=kept, task="fill-mask"), tmp_path)
    model, report = transformers.BertForMaskedLM.from_pretrained(tmp_path, output_loading_info=True)
    assert not report["missing_keys"]
    for _, pair, ids, expected in cases(folder):
        if pair is None:
            with torch.no_grad():
                logits = model(torch.tensor([ids])).logits
            np.testing.assert_allclose(logits[0, 0, :16], expected["mlm_first"], atol=1e-5, rtol=0)


@pytest.mark.parametrize("task", ["classify", "tag"])
def test_of_two_labelled_heads_the_one_of_the_task_is_written(tmp_path, task):
    checkpoint = open_folder(CLASSIFIER)
    tagger = {"tagger.weight": np.ones((3, 32), np.float32), "tagger.bias": np.ones(3, np.float32)}
    both = replace(checkpoint, weights={**checkpoint.weights, **tagger}, task=task)
    write_hugging_face(both, tmp_path)
    assert open_folder(tmp_path).heads == (
        ("pooler", "classifier") if task == "classify" else ("pooler", "tagger")
    )


def test_options_of_the_tokenizer_stay(tmp_path):
    options = TokenizerOptions(
        lower_case=False, strip_accents=True, chinese_chars=False, max_length=50
    )
    write_hugging_face(replace(open_folder(CLASSIFIER), tokenizer=options), tmp_path)
    assert open_folder(tmp_path).tokenizer == options


def test_regression_stays_one(tmp_path):
    checkpoint = open_folder(CLASSIFIER)
    one = {name: checkpoint.weights[name][:1] for name in ("classifier.weight", "classifier.bias")}
    write_hugging_face(
        replace(checkpoint, weights={**checkpoint.weights, **one}, labels=None, task="regress"),
        tmp_path,
    )
    assert open_folder(tmp_path).task == "regress"


def test_nothing_is_overwritten_unless_asked(tmp_path):
    checkpoint = open_folder(CLASSIFIER)
    (tmp_path / "vocab.txt").write_text("mine")
    with pytest.raises(EdgebertError, match=r"vocab.txt: exists already"):
        write_hugging_face(checkpoint, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["vocab.txt"]
    write_hugging_face(checkpoint, tmp_path, force=True)
    assert open_folder(tmp_path).vocabulary == checkpoint.vocabulary


def test_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    checkpoint = open_folder(CLASSIFIER)
    write_hugging_face(checkpoint, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("safetensors.numpy.save_file", full)
    with pytest.raises(EdgebertError, match=r"model.safetensors: cannot write: No space left"):
        write_hugging_face(checkpoint, tmp_path, force=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_error_of_the_library_is_one_line(tmp_path, monkeypatch):
    def failing(*arguments):
        raise SafetensorError("Error while serializing: IoError(\nstorage full)")

    monkeypatch.setattr("safetensors.numpy.save_file", failing)
    with pytest.raises(EdgebertError, match=r"x: cannot write: .*storage full") as caught:
        write_safetensors({"x": np.zeros(2, np.float32)}, tmp_path / "x", {})
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_weights_of_other_families_are_refused(tmp_path):
    checkpoint = open_folder(CLASSIFIER)
    assert written_name("embeddings.projection.weight", HUGGING_FACE) is None
    with pytest.raises(EdgebertError, match="only plain BERTs can be written"):
        write_hugging_face(
            replace(
                checkpoint,
                weights={**checkpoint.weights, "further.weight": np.zeros(1, np.float32)},
            ),
            tmp_path,
        )
