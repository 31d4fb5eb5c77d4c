"""What sentence-transformers makes of token vectors, computed by its source line by line."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import edgebert
from edgebert.checkpoints.folder import open_folder
from edgebert.converter import reference
from edgebert.errors import EdgebertError
from tests.checkpoints.folders import CLASSIFIER, EMBEDDER, copy, edit_json

TEXTS = ("Where is my card?", "It has not come yet, and I am still waiting for it in Berlin.")
DENSE = "sentence_transformers.models.Dense"


@pytest.fixture
def folder(tmp_path):
    return copy(EMBEDDER, tmp_path)


@pytest.fixture
def converted(folder, tmp_path):
    """Converts the folder as it is by then."""

    def convert(**options):
        path = tmp_path / "model.tflite"
        edgebert.convert(folder, path, **{"quantize": "float32", "force": True, **options})
        return edgebert.load(path)

    return convert


def hidden_states(folder, model, text):
    """Last hidden state [n, H] of a text."""
    checkpoint = open_folder(folder)
    ids = model.tokenizer.encode(text).ids
    return reference.forward(checkpoint.weights, checkpoint.config, ids).astype(np.float64)


def pooled(tokens, mode):
    """`Pooling.forward` of one text without padding."""
    if mode == "cls":
        return tokens[0]
    if mode == "max":
        return np.array([max(column) for column in tokens.T])
    if mode == "lasttoken":
        return tokens[-1]
    weights = range(1, len(tokens) + 1) if mode == "weightedmean" else [1] * len(tokens)
    total = sum(weight * row for weight, row in zip(weights, tokens, strict=True))
    count = float(sum(weights))
    return total / (math.sqrt(count) if mode == "mean_sqrt_len_tokens" else count)


def set_pooling(folder, *modes):
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"embedding_dimension": 32, "pooling_mode": list(modes)})
    )


def add_dense(folder, number, size_in, size_out, activation, *, bias=True):
    """Puts a Dense module before the last one; gives its weight and bias."""
    drawn = np.random.default_rng(number)
    place = folder / f"{number}_Dense"
    place.mkdir()
    config = {"in_features": size_in, "out_features": size_out, "bias": bias}
    config["activation_function"] = activation
    (place / "config.json").write_text(json.dumps(config))
    tensors = {"linear.weight": drawn.normal(size=(size_out, size_in)).astype(np.float32)}
    if bias:
        tensors["linear.bias"] = drawn.normal(size=size_out).astype(np.float32)
    save_file(tensors, place / "model.safetensors")
    modules = json.loads((folder / "modules.json").read_text())
    modules.insert(len(modules) - 1, {"path": place.name, "type": DENSE})
    (folder / "modules.json").write_text(json.dumps(modules))
    return tensors["linear.weight"], tensors.get("linear.bias", 0)


def unit(vector):
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize("runtime", ["litert", "tflite-runtime"])
@pytest.mark.parametrize(
    "modes",
    [
        ("mean",),
        ("cls",),
        ("max",),
        ("weightedmean",),
        ("mean_sqrt_len_tokens",),
        ("lasttoken",),
        ("lasttoken", "mean_sqrt_len_tokens", "cls", "max", "weightedmean", "mean"),
    ],
)
def test_every_pooling_is_that_of_sentence_transformers(folder, converted, modes, runtime):
    set_pooling(folder, *modes)
    with converted(normalize=False, runtime=runtime) as model:
        for text in TEXTS:
            tokens = hidden_states(folder, model, text)
            expected = np.concatenate([pooled(tokens, mode) for mode in modes])
            np.testing.assert_allclose(model(text), expected, atol=2e-5)


def test_dense_modules_follow_the_pooling(folder, converted):
    set_pooling(folder, "mean", "max")
    first, bias = add_dense(folder, 2, 64, 48, "torch.nn.modules.activation.Tanh")
    second, none = add_dense(folder, 3, 48, 20, "torch.nn.modules.linear.Identity", bias=False)
    with converted() as model:
        for text in TEXTS:
            tokens = hidden_states(folder, model, text)
            vector = np.concatenate([pooled(tokens, "mean"), pooled(tokens, "max")])
            vector = second @ np.tanh(first @ vector + bias) + none
            np.testing.assert_allclose(model(text), unit(vector), atol=1e-5)
        assert model.record.vector_size == 20


@pytest.mark.parametrize("name", ["ReLU", "GELU", "Sigmoid"])
def test_other_activations_of_a_dense_module(folder, converted, name):
    weight, bias = add_dense(folder, 2, 32, 16, f"torch.nn.modules.activation.{name}")
    act = {
        "ReLU": lambda x: max(x, 0),
        "GELU": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
        "Sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    }[name]
    with converted() as model:
        vector = weight @ pooled(hidden_states(folder, model, TEXTS[0]), "mean") + bias
        expected = unit(np.array([act(x) for x in vector]))
        np.testing.assert_allclose(model(TEXTS[0]), expected, atol=1e-5)


def test_an_int8_file_has_its_dense_module_too(folder, converted):
    add_dense(folder, 2, 32, 24, "torch.nn.modules.activation.Tanh")
    with converted(quantize="int8") as model, converted() as exact:
        assert float(model(TEXTS[0]) @ exact(TEXTS[0])) > 0.98


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"activation_function": "torch.nn.modules.activation.Mish"}, "Mish"),
        ({"activation_function": "mine.Tanh"}, "mine.Tanh"),
        ({"in_features": 31}, "in_features is 31"),
        ({"out_features": 17}, r"has shape \(16, 32\)"),
        ({"bias": False}, "has the tensors"),
        ({"use_residual": True}, "use_residual"),
        ({"module_input_name": "token_embeddings"}, "module_input_name"),
        ({"gate": 1}, "has the setting 'gate'"),
    ],
)
def test_other_dense_modules_are_refused(folder, changes, message):
    add_dense(folder, 2, 32, 16, "torch.nn.modules.activation.Tanh")
    edit_json(folder / "2_Dense" / "config.json", **changes)
    with pytest.raises(EdgebertError, match=message):
        open_folder(folder)


def test_vectors_are_truncated_behind_normalize_and_not_scaled_again(folder, converted):
    whole = converted()(TEXTS[0])
    edit_json(folder / "config_sentence_transformers.json", truncate_dim=16)
    with converted() as model:
        np.testing.assert_allclose(model(TEXTS[0]), whole[:16], atol=1e-6)
    with converted(truncate_dim=8, normalize=True) as model:
        np.testing.assert_allclose(model(TEXTS[0]), unit(whole[:8]), atol=1e-6)
    with converted(truncate_dim=32) as model:
        np.testing.assert_allclose(model(TEXTS[0]), whole, atol=1e-6)


@pytest.mark.parametrize("size", [0, 33])
def test_more_numbers_than_there_are_cannot_be_kept(converted, size):
    with pytest.raises(EdgebertError, match="1 to 32 can be kept"):
        converted(truncate_dim=size)


def test_full_integer_files_refuse_what_they_do_not_compute(folder, converted):
    set_pooling(folder, "max")
    with pytest.raises(EdgebertError, match="has max pooling and truncated vectors; int8-full"):
        converted(quantize="int8-full", truncate_dim=8)


class TestPrompts:
    @pytest.fixture
    def model(self, folder, converted):
        edit_json(
            folder / "config_sentence_transformers.json",
            prompts={"query": "find: ", "document": ""},
            default_prompt_name="query",
        )
        with converted(prompts={"passage": "read: "}) as model:
            yield model

    def test_a_named_prompt_stands_before_the_text(self, model):
        expected = model("read: a card", prompt="")
        assert (model("a card", prompt="passage") == expected).all()
        assert (next(model.batch(["a card"], prompt="passage")) == expected).all()

    def test_without_a_name_the_default_prompt_does(self, model):
        assert (model("a card") == model("find: a card", prompt="")).all()
        assert (model("a card") == model("a card", prompt="query")).all()
        assert not (model("a card") == model("a card", prompt="")).all()

    def test_an_unknown_prompt_is_refused_with_those_there_are(self, model):
        with pytest.raises(EdgebertError, match="it has: 'query', 'document', 'passage'"):
            model("a card", prompt="q")

    def test_the_file_says_that_readers_must_know_of_prompts(self, model):
        assert model.record.format == 3


def test_a_file_without_prompts_refuses_a_name(converted):
    with converted() as model, pytest.raises(EdgebertError, match="has no prompts"):
        model("a card", prompt="query")


def test_prompts_that_are_not_pooled_are_refused(folder, converted):
    edit_json(folder / "1_Pooling" / "config.json", include_prompt=False)
    assert converted()
    with pytest.raises(EdgebertError, match="include_prompt false"):
        converted(prompts={"query": "find: "})


def test_an_unknown_default_prompt_is_refused(converted):
    with pytest.raises(EdgebertError, match="default prompt 'q' is unknown; prompts: query"):
        converted(prompts={"query": "find: "}, default_prompt="q")


class TestCrossEncoder:
    @pytest.fixture
    def folder(self, tmp_path):
        """A regression."""
        folder = copy(CLASSIFIER, tmp_path)
        path = folder / "model.safetensors"
        tensors = load_file(path)
        tensors |= {n: tensors[n][:1].copy() for n in ("classifier.weight", "classifier.bias")}
        save_file(tensors, path)
        edit_json(folder / "config.json", id2label=..., label2id=..., num_labels=1)
        return folder

    @pytest.mark.parametrize(
        ("keys", "sigmoid"),
        [
            (
                {"sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Sigmoid"}},
                1,
            ),
            ({"sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}}, 0),
            ({"sentence_transformers": {"version": "4.1.0"}}, 1),
            ({"sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity"}, 0),
            ({"sbert_ce_default_activation_function": None}, 1),
        ],
    )
    def test_the_value_is_that_of_predict(self, folder, converted, keys, sigmoid):
        with converted() as model:
            raw = model(*TEXTS)
        edit_json(folder / "config.json", **keys)
        with converted() as model:
            expected = 1 / (1 + math.exp(-raw)) if sigmoid else raw
            assert model(*TEXTS) == pytest.approx(expected, abs=1e-6)
            assert model.record.sigmoid == bool(sigmoid)

    def test_another_activation_is_refused(self, folder):
        edit_json(
            folder / "config.json",
            sentence_transformers={"activation_fn": "torch.nn.modules.activation.Tanh"},
        )
        with pytest.raises(EdgebertError, match=r"accepted for 1 output: torch\.nn\.Sigmoid"):
            open_folder(folder)

    def test_a_folder_of_version_6_is_one_by_its_modules(self, folder, converted):
        with converted() as model:
            raw = model(*TEXTS)
        modules = [
            {"path": "", "type": "sentence_transformers.base.modules.transformer.Transformer"}
        ]
        (folder / "modules.json").write_text(json.dumps(modules))
        edit_json(
            folder / "config_sentence_transformers.json",
            model_type="CrossEncoder",
            activation_fn="torch.nn.modules.activation.Sigmoid",
        )
        edit_json(folder / "sentence_bert_config.json", transformer_task="sequence-classification")
        with converted() as model:
            assert model(*TEXTS) == pytest.approx(1 / (1 + math.exp(-raw)), abs=1e-6)
