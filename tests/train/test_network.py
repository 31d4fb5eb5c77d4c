"""The network that is trained computes what transformers and the plain forward compute."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.bert.config import BertConfig
from edgebert.checkpoints.folder import open_folder
from edgebert.converter import reference
from edgebert.converter.head import Head
from edgebert.errors import EdgebertError
from edgebert.train.backend import tf
from edgebert.train.dropout import Dropout, step_key
from edgebert.train.initialisation import random_encoder, random_head
from edgebert.train.network import ModelInputs, Network
from tests.reference_folders import PLAIN, cases

CLOSE = 1e-5
CONFIG = BertConfig(
    vocab_size=60,
    hidden_size=24,
    num_hidden_layers=2,
    num_attention_heads=3,
    intermediate_size=40,
    max_position_embeddings=16,
)

# What each head gives, by the names of expected.json; a row of the batch without its padding.
VIEWS = {
    "classify": {"logits": lambda out, n: out},
    "tag": {"logits": lambda out, n: out[:n]},
    "answer": {
        "start_logits": lambda out, n: out[:n, 0],
        "end_logits": lambda out, n: out[:n, 1],
    },
    "fill-mask": {"mlm_first": lambda out, n: out[0, :16]},
    "encode": {"cls_hidden": lambda out, n: out[0]},
    "embed": {"embedding": lambda out, n: out},
}


def padded(encodings, length=None):
    """A batch whose padding is full of ids that must not matter."""
    length = length or max(len(ids) for ids, _ in encodings) + 2
    ids, mask, segments = (np.full((len(encodings), length), fill, np.int32) for fill in (7, 0, 1))
    for row, (tokens, segment_ids) in enumerate(encodings):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
        segments[row, : len(tokens)] = segment_ids
    return ModelInputs(*map(tf.constant, (ids, mask, segments)))


def random_weights(config, seed=1, outputs=5):
    """Every tensor random, norms and biases too."""
    weights = random_encoder(config, seed)
    for head in ("pooler", "classifier", "tagger", "answerer", "mlm"):
        weights |= random_head(head, config, outputs, seed)
    random = np.random.default_rng(seed)
    return {
        name: weight + np.float32(0.1) * random.standard_normal(weight.shape, np.float32)
        for name, weight in weights.items()
    }


def random_inputs(lengths=(14, 3, 9)):
    random = np.random.default_rng(3)
    return [
        (random.integers(0, 60, n).tolist(), np.sort(random.integers(0, 2, n)).tolist())
        for n in lengths
    ]


@pytest.mark.parametrize("folder", PLAIN, ids=lambda folder: folder.name)
def test_network_gives_what_transformers_gave(folder):
    checkpoint = open_folder(folder)
    network = Network(checkpoint.config, checkpoint.weights)
    found = list(cases(folder))
    tokenizer = checkpoint.make_tokenizer()
    encodings = [tokenizer.encode(text, pair)[:2] for text, pair, _, _ in found]
    encoded = network(padded(encodings))
    compared = 0
    for task in set(VIEWS) & set(checkpoint.tasks):
        head = Head(task, normalize=checkpoint.normalize)
        outputs = network.head(head, encoded).numpy()
        for output, (_, _, ids, expected) in zip(outputs, found, strict=True):
            for name, view in VIEWS[task].items():
                if name in expected and (task == checkpoint.task or name != "logits"):
                    np.testing.assert_allclose(
                        view(output, len(ids)), expected[name], atol=CLOSE, rtol=0
                    )
                    compared += 1
    assert compared >= len(found)


@pytest.mark.parametrize("activation", ["gelu", "gelu_tanh", "relu"])
@pytest.mark.parametrize("segments", [0, 2])
@pytest.mark.parametrize("heads", [1, 3])
def test_network_gives_what_the_plain_forward_gives(activation, segments, heads):
    config = replace(
        CONFIG, hidden_act=activation, type_vocab_size=segments, num_attention_heads=heads
    )
    weights = random_weights(config)
    encodings = random_inputs()
    network = Network(config, weights)
    encoded = network(padded(encodings, 16))
    tasks = [Head(task) for task in ("tag", "answer", "encode", "fill-mask")]
    tasks += [Head("embed", pooling=p, normalize=n) for p in ("mean", "cls") for n in (True, False)]
    for head in tasks:
        outputs = network.head(head, encoded).numpy()
        for output, (ids, segment_ids) in zip(outputs, encodings, strict=True):
            expected = reference.output(weights, config, head, ids, segment_ids)[0]
            found = output if head.task == "embed" else output[: len(ids)]
            np.testing.assert_allclose(found, expected, atol=CLOSE, rtol=0)
    logits = network.head(Head("classify"), encoded)
    for output, (ids, segment_ids) in zip(tf.nn.softmax(logits).numpy(), encodings, strict=True):
        expected = reference.output(weights, config, Head("classify"), ids, segment_ids)[0]
        np.testing.assert_allclose(output, expected, atol=CLOSE, rtol=0)


def test_hidden_states_and_attention_are_those_of_each_layer():
    weights = random_weights(CONFIG)
    ((ids, segment_ids),) = encodings = random_inputs((11,))
    encoded = Network(CONFIG, weights)(padded(encodings))
    shallow = replace(CONFIG, num_hidden_layers=1)
    first = {name: value for name, value in weights.items() if not name.startswith("layers.1.")}
    expected = reference.forward(first, shallow, ids, segment_ids)
    np.testing.assert_allclose(encoded.hidden_states[1][0, :11], expected, atol=CLOSE, rtol=0)
    assert [state.shape for state in encoded.hidden_states] == [(1, 13, 24)] * 3
    query, key = (
        (encoded.hidden_states[1][0].numpy() @ weights[f"layers.1.attention.{part}.weight"].T)
        + weights[f"layers.1.attention.{part}.bias"]
        for part in ("query", "key")
    )
    scores = query[:, 8:16] @ key[:, 8:16].T / np.sqrt(8)
    np.testing.assert_allclose(encoded.attention_scores[1][0, 1], scores, atol=CLOSE, rtol=0)


def test_fill_mask_answers_for_positions_alone():
    network = Network(CONFIG, random_weights(CONFIG))
    encoded = network(padded(random_inputs()))
    every = network.head(Head("fill-mask"), encoded).numpy()
    positions = tf.constant([[3, 0], [1, 1], [8, 2]])
    some = network.head(Head("fill-mask"), encoded, positions=positions).numpy()
    np.testing.assert_allclose(some[2], every[2, [8, 2]], atol=CLOSE, rtol=0)


def test_weights_come_out_as_they_went_in():
    weights = random_weights(CONFIG)
    found = Network(CONFIG, weights).canonical_weights()
    assert found.keys() == weights.keys()
    assert all(np.array_equal(found[name], weights[name]) for name in weights)


def test_every_weight_is_trained():
    network = Network(CONFIG, random_weights(CONFIG))
    assert len(network.trainable_variables) == len(network.parameters)


def test_dropout_is_a_function_of_seed_step_part_and_site():
    x = tf.ones([400])

    def drawn(seed=1, step=2, part=0, site=3):
        return Dropout(0.25, step_key(seed, step, part))(x, site).numpy()

    first = drawn()
    assert np.array_equal(first, drawn())
    assert set(np.unique(first)) == {0.0, np.float32(1 / 0.75)}
    assert 0.15 < (first == 0).mean() < 0.35
    for other in ({"seed": 2}, {"step": 3}, {"part": 1}, {"site": 4}):
        assert not np.array_equal(first, drawn(**other))
    assert np.array_equal(Dropout()(x, 0), x)


def test_dropout_changes_what_the_network_gives():
    network = Network(CONFIG, random_weights(CONFIG))
    inputs = padded(random_inputs())
    dry = network.head(Head("classify"), network(inputs)).numpy()
    wet = network.head(Head("classify"), network(inputs, Dropout(0.1, step_key(0, 0)))).numpy()
    assert np.abs(dry - wet).max() > 1e-3


def test_bfloat16_is_close_and_keeps_variables_in_float32():
    weights = random_weights(CONFIG)
    inputs = padded(random_inputs())
    exact, rough = (Network(CONFIG, weights, precision=p) for p in ("float32", "bfloat16"))
    one, other = (n.head(Head("classify"), n(inputs)).numpy() for n in (exact, rough))
    assert 0 < np.abs(one - other).max() < 0.1
    assert {variable.dtype for variable in rough.trainable_variables} == {tf.float32}


def test_other_families_are_refused():
    config = replace(CONFIG, pooler_act=None)
    with pytest.raises(EdgebertError, match=r"only plain BERTs.*pooler_act None"):
        Network(config, random_weights(CONFIG))


def test_initial_weights_depend_on_name_and_seed_alone():
    one, other = random_encoder(CONFIG, 1), random_encoder(CONFIG, 2)
    table = one["embeddings.word"]
    assert np.abs(table).max() <= 0.04
    assert 0.015 < table.std() < 0.02
    assert (one["embeddings.norm.weight"] == 1).all()
    assert not np.array_equal(table, other["embeddings.word"])
    deeper = random_encoder(replace(CONFIG, num_hidden_layers=3), 1)
    assert np.array_equal(deeper["layers.1.ffn.output.weight"], one["layers.1.ffn.output.weight"])
