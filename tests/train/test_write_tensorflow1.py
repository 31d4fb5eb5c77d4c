"""A TensorFlow 1 checkpoint that we wrote is what it was, for our reader and for TensorFlow's."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.checkpoints.folder import open_folder
from edgebert.errors import EdgebertError
from edgebert.train.backend import tf
from edgebert.train.network import Network
from edgebert.train.write_tensorflow1 import write_tensorflow1
from tests.reference_folders import PLAIN

GOOGLE = [folder for folder in PLAIN if folder.name.startswith("tf1_")]
TAGGER = next(folder for folder in PLAIN if folder.name == "hf_tagger_2x32")


@pytest.mark.parametrize("folder", GOOGLE, ids=lambda folder: folder.name)
def test_checkpoint_through_the_network_and_back_is_bit_exact(folder, tmp_path):
    before = open_folder(folder)
    network = Network(before.config, before.weights)
    write_tensorflow1(replace(before, weights=network.canonical_weights()), tmp_path)
    after = open_folder(tmp_path)
    assert (after.config, after.vocabulary, after.labels, after.task) == (
        before.config,
        before.vocabulary,
        before.labels,
        before.task,
    )
    assert after.weights.keys() == before.weights.keys()
    assert all(np.array_equal(after.weights[n], before.weights[n]) for n in before.weights)


@pytest.mark.parametrize("folder", GOOGLE, ids=lambda folder: folder.name)
def test_tensorflow_reads_the_same_variables(folder, tmp_path):
    write_tensorflow1(open_folder(folder), tmp_path)
    (index,) = folder.glob("*.index")
    before, after = (
        tf.train.load_checkpoint(str(prefix))
        for prefix in (index.with_suffix(""), tmp_path / "bert_model.ckpt")
    )
    names = set(after.get_variable_to_shape_map())
    extra_arrays = set(before.get_variable_to_shape_map()) - names
    assert all("adam" in name or name == "global_step" for name in extra_arrays)
    for name in names:
        assert np.array_equal(before.get_tensor(name), after.get_tensor(name)), name


def test_what_the_format_cannot_say_is_refused(tmp_path):
    with pytest.raises(EdgebertError, match="cannot say gelu with"):
        write_tensorflow1(open_folder(TAGGER), tmp_path)
    tagger = open_folder(TAGGER)
    tagger = replace(tagger, config=replace(tagger.config, hidden_act="gelu_tanh"))
    with pytest.raises(EdgebertError, match="no name for tagger"):
        write_tensorflow1(tagger, tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten_unless_asked(tmp_path):
    checkpoint = open_folder(GOOGLE[0])
    write_tensorflow1(checkpoint, tmp_path)
    with pytest.raises(EdgebertError, match="exists already"):
        write_tensorflow1(checkpoint, tmp_path)
    write_tensorflow1(checkpoint, tmp_path, force=True)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
