"""What is asked for and what the checkpoint has become one plan, or one clear error."""

from dataclasses import fields, replace
from pathlib import Path
from typing import get_args

import pytest

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.folder import open_folder
from edgebert.converter.options import LONG_NAMES, Options, RecipeName, RuntimeName
from edgebert.converter.plan import plan, trim
from edgebert.converter.recipes import RECIPES
from edgebert.errors import EdgebertError
from tests.bert_weights import FAMILIES, random_weights, small_config
from tests.conftest import REFERENCE, SOURCES


def checkpoint(name):
    return open_folder(REFERENCE / SOURCES[name])


@pytest.mark.parametrize("name", ["classify", "tag", "answer", "fill-mask", "embed"])
def test_task_is_read_from_the_checkpoint(name):
    assert plan(Options(), checkpoint(name)).head.task == name


def test_task_can_be_chosen_among_those_the_heads_allow():
    assert plan(Options(task="encode"), checkpoint("classify")).head.task == "encode"
    with pytest.raises(EdgebertError, match=r"no tagger .*heads it has: pooler, classifier"):
        plan(Options(task="tag"), checkpoint("classify"))
    with pytest.raises(EdgebertError, match="known: embed, classify"):
        plan(Options(task="translate"), checkpoint("classify"))


def test_a_bare_encoder_must_be_told_its_task():
    bare = replace(checkpoint("embed"), task=None, pooling=None)
    with pytest.raises(EdgebertError, match="--task, one of: embed, encode"):
        plan(Options(), bare)
    head = plan(Options(task="embed"), bare).head
    assert (head.pooling, head.normalize) == ("mean", True)


def test_pooling_and_normalising_come_from_the_checkpoint_unless_asked_for():
    original = replace(checkpoint("embed"), pooling="cls", normalize=False)
    assert plan(Options(), original).head.pooling == "cls"
    assert not plan(Options(), original).head.normalize
    asked = plan(Options(pooling="mean", normalize=True), original).head
    assert (asked.pooling, asked.normalize) == ("mean", True)
    assert plan(Options(pooling="max"), original).head.pooling == "max"
    with pytest.raises(EdgebertError, match="accepted: mean, cls"):
        plan(Options(pooling="first"), original)
    with pytest.raises(EdgebertError, match="for the task embed"):
        plan(Options(pooling="cls"), checkpoint("classify"))


def test_labels_come_from_the_checkpoint_a_file_or_a_list(tmp_path):
    original = checkpoint("classify")
    assert plan(Options(), original).labels == ("negative", "neutral", "positive")
    (tmp_path / "labels.txt").write_text("a\nb\nc\n")
    assert plan(Options(labels=tmp_path / "labels.txt"), original).labels == ("a", "b", "c")
    assert plan(Options(labels=["x", "y", "z"]), original).labels == ("x", "y", "z")
    unnamed = replace(original, labels=None)
    assert plan(Options(), unnamed).labels == ("LABEL_0", "LABEL_1", "LABEL_2")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", "b"], "2 labels for a classifier with 3 outputs"),
        (["a", "b", "b"], "must differ"),
        (["a", "b", " "], "none may be empty"),
        (["a", "b", "c\nd"], "none may be empty"),
        (Path("none.txt"), "cannot read"),
    ],
)
def test_wrong_labels_are_named(labels, message):
    with pytest.raises(EdgebertError, match=message):
        plan(Options(labels=labels), checkpoint("classify"))
    with pytest.raises(EdgebertError, match="labels are for classify and tag"):
        plan(Options(labels=["a"]), checkpoint("embed"))


@pytest.mark.parametrize("length", [0, 7, 129, 10**9, -1, 32.0, "32"])
def test_lengths_are_whole_numbers_and_fit_the_positions(length):
    for options in (Options(max_length=length), Options(lengths=[length])):
        with pytest.raises(EdgebertError, match=f"length {length}: .* takes 8 to 128 tokens"):
            plan(options, checkpoint("classify"))


def test_max_length_is_the_tokenizers_unless_asked_for():
    original = checkpoint("classify")
    short = replace(original, tokenizer=replace(original.tokenizer, max_length=50))
    assert plan(Options(), short).max_length == 50
    assert plan(Options(max_length=128), short).max_length == 128


def test_unreachable_positions_are_dropped():
    original = checkpoint("classify")
    trimmed = trim(original, 20)
    assert trimmed.config.max_position_embeddings == 20
    assert trimmed.weights["embeddings.position"].shape == (20, 32)


def test_regress_needs_one_output_and_classify_more():
    original = checkpoint("classify")
    with pytest.raises(EdgebertError, match="3 outputs; regress needs 1"):
        plan(Options(task="regress"), original)
    weights = {
        **original.weights,
        "classifier.weight": original.weights["classifier.weight"][:1],
        "classifier.bias": original.weights["classifier.bias"][:1],
    }
    single = replace(original, weights=weights, labels=None)
    with pytest.raises(EdgebertError, match="use --task regress"):
        plan(Options(task="classify"), single)
    assert plan(Options(task="regress"), single).labels is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (Options(quantize="int2"), "quantize 'int2' is unknown; known: .*float32, .*int8-full, "),
        (Options(runtime="onnx"), "runtime 'onnx' is unknown; known: litert, "),
        (
            Options(quantize="int4", runtime="litert-2.2"),
            "quantize int4 is for --runtime litert; --runtime litert-2.2 has int8, int8-fine, "
            "int8-static$",
        ),
    ],
)
def test_unknown_recipes_and_runtimes_are_named(options, message):
    with pytest.raises(EdgebertError, match=message):
        plan(options, checkpoint("classify"))


def test_activations_that_overflow_float16_are_not_let_into_it():
    config = small_config(**FAMILIES["MobileBERT"])
    words = tuple(f"word{i}" for i in range(config.vocab_size - 5))
    vocabulary = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words)
    mobile = Checkpoint(config, random_weights(config), vocabulary, task="embed")
    assert plan(Options(), mobile).recipe.name == "int8"
    with pytest.raises(EdgebertError, match=r"leave the range of float16.* convert it for litert$"):
        plan(Options(runtime="litert-2.2"), mobile)


def test_every_name_that_is_typed_is_a_row():
    assert set(get_args(RecipeName)) == {*RECIPES, *LONG_NAMES}
    assert set(get_args(RuntimeName)) == {name for row in RECIPES.values() for name in row.methods}
    names = {field.name for field in fields(Options)}
    assert all(row.options <= names for row in RECIPES.values())
