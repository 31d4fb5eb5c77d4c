"""What a student is to be like: its loss, against the formulas in numpy."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.converter import reference
from edgebert.converter.head import Head
from edgebert.tokenizer.tokenizer import Encoding
from edgebert.train.backend import tf
from edgebert.train.batching import IGNORE_INDEX, Example, collate
from edgebert.train.distillation.objective import TEACHER_SCORES, DistillationObjective
from edgebert.train.distillation.options import DistillationOptions
from edgebert.train.distillation.texts import soft_cross_entropy
from edgebert.train.dropout import NO_DROPOUT
from edgebert.train.initialisation import with_task_heads
from edgebert.train.losses import model_inputs
from edgebert.train.network import Network
from tests.train import words

LARGE = replace(words.CONFIG, hidden_size=24, num_attention_heads=3, num_hidden_layers=2)


def batch_of(examples, scores):
    return {
        **{name: tf.constant(value) for name, value in collate(examples).items()},
        TEACHER_SCORES: tf.constant(scores),
    }


def some_examples(targets=(1, IGNORE_INDEX, 0)):
    return [
        Example((Encoding(ids, [0] * len(ids), False),), target)
        for ids, target in zip([[2, 5, 3], [2, 6, 7, 8, 3], [2, 9, 3]], targets, strict=True)
    ]


def test_soft_labels_are_softened_and_mixed_with_hard_ones():
    student = with_task_heads(words.checkpoint(), "classify", ("a", "b"), 1, None)
    network = Network(student.config, student.weights)
    scores = np.float32([[0.1, 2.0], [1.0, -1.0], [0.3, 0.2]])
    batch = batch_of(some_examples(), scores)
    found = DistillationObjective(
        Head("classify"), DistillationOptions(3.0, hard=0.25), student.config
    )
    logits = np.log(
        [
            reference.output(student.weights, student.config, Head("classify"), e.inputs[0].ids)[0]
            for e in some_examples()
        ]
    )

    def log_softmax(x):
        return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))

    wanted = np.exp(log_softmax(scores / 3.0))
    soft = -9.0 * (wanted * log_softmax(logits / 3.0)).sum(axis=1)
    right = [-logits[0][1], None, -logits[2][0]]
    expected = np.mean(
        [0.75 * soft[0] + 0.25 * right[0], soft[1], 0.75 * soft[2] + 0.25 * right[2]]
    )
    assert float(found(network, batch, NO_DROPOUT)) == pytest.approx(expected, rel=1e-4)


def test_a_softened_loss_is_least_where_student_and_teacher_agree():
    scores = tf.constant([[0.3, -1.0, 2.0]])
    with tf.GradientTape() as tape:
        tape.watch(scores)
        loss = soft_cross_entropy(scores, tf.stop_gradient(scores), 4.0)
    assert np.abs(tape.gradient(loss, scores)).max() < 1e-5


def test_independent_labels_are_softened_and_mixed_with_right_ones():
    student = with_task_heads(words.checkpoint(), "classify", ("a", "b"), 1, None, multi_label=True)
    network = Network(student.config, student.weights)
    scores = np.float32([[0.1, 2.0], [1.0, -1.0], [0.3, 0.2]])
    targets = np.float32([[1, 1], [IGNORE_INDEX, IGNORE_INDEX], [0, 1]])
    examples = some_examples(targets)
    head = Head("classify", multi_label=True)
    found = DistillationObjective(head, DistillationOptions(3.0, hard=0.25), student.config)
    shares = np.stack(
        [
            reference.output(student.weights, student.config, head, e.inputs[0].ids)[0]
            for e in examples
        ]
    ).astype(np.float64)
    logits = np.log(shares / (1 - shares))

    def cross_entropy(wanted, x):
        share = 1 / (1 + np.exp(-x))
        return -np.mean(wanted * np.log(share) + (1 - wanted) * np.log(1 - share), axis=-1)

    soft = 9.0 * cross_entropy(1 / (1 + np.exp(-scores / 3.0)), logits / 3.0)
    right = cross_entropy(targets, logits)
    mixed = 0.75 * soft + 0.25 * right
    expected = np.mean([mixed[0], soft[1], mixed[2]])
    batch = batch_of(examples, scores)
    assert float(found(network, batch, NO_DROPOUT)) == pytest.approx(expected, rel=1e-4)


def test_inside_a_student_that_is_its_teacher_differs_by_nothing():
    same = with_task_heads(words.checkpoint(2, LARGE), "classify", ("a", "b"), 1, None)
    network, scores = Network(same.config, same.weights), np.zeros((3, 2), np.float32)
    batch = batch_of(some_examples(), scores)
    inside = DistillationOptions(weights={"hidden": 5.0, "attention": 5.0})
    losses = [
        float(
            DistillationObjective(Head("classify"), mix, LARGE, Network(LARGE, same.weights))(
                network, batch, NO_DROPOUT
            )
        )
        for mix in (DistillationOptions(), inside)
    ]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


def test_right_values_of_a_regression_are_mixed_in_where_there_are_some():
    student = with_task_heads(words.checkpoint(), "regress", (), 1, None)
    network = Network(student.config, student.weights)
    examples = some_examples((2.0, np.nan, -1.0))
    scores = np.float32([[1.0], [3.0], [0.5]])
    values = np.stack(
        [
            reference.output(student.weights, student.config, Head("regress"), e.inputs[0].ids)[0]
            for e in examples
        ]
    )[:, 0]
    soft = (values - scores[:, 0]) ** 2
    right = (values - [2.0, 0.0, -1.0]) ** 2
    expected = np.mean(
        [0.75 * soft[0] + 0.25 * right[0], soft[1], 0.75 * soft[2] + 0.25 * right[2]]
    )
    objective = DistillationObjective(
        Head("regress"), DistillationOptions(hard=0.25), student.config
    )
    with tf.GradientTape() as tape:
        found = objective(network, batch_of(examples, scores), NO_DROPOUT)
    assert float(found) == pytest.approx(expected, rel=1e-4)
    assert np.isfinite(tape.gradient(found, network.parameters["classifier.weight"])).all()


def test_a_student_deeper_than_its_teacher_is_matched_with_the_layers_there_are():
    deep = replace(LARGE, num_hidden_layers=4)
    student, teacher = (
        with_task_heads(words.checkpoint(2, config), "classify", ("a", "b"), 1, None)
        for config in (deep, LARGE)
    )
    batch = batch_of(some_examples(), np.zeros((3, 2), np.float32))
    mix, plain = DistillationOptions(weights={"attention": 1.0}), DistillationOptions()
    network = Network(deep, student.weights)
    inside = Network(LARGE, teacher.weights)
    found, alone = (
        float(
            DistillationObjective(Head("classify"), each, deep, inside)(network, batch, NO_DROPOUT)
        )
        for each in (mix, plain)
    )
    ours, theirs = (each(model_inputs(batch)).attention_scores for each in (network, inside))
    mask = batch["mask"].numpy().astype(bool)
    both = np.broadcast_to((mask[:, :, None] & mask[:, None, :])[:, None], ours[0].shape)
    differences = [
        np.mean((one.numpy() - other.numpy())[both] ** 2)
        for one, other in zip(ours, [theirs[place] for place in (0, 0, 0, 1)], strict=True)
    ]
    assert found - alone == pytest.approx(np.mean(differences), rel=1e-4)


def test_inside_counts_tokens_but_no_padding():
    small = with_task_heads(words.checkpoint(), "classify", ("a", "b"), 1, None)
    large = with_task_heads(words.checkpoint(2, LARGE), "classify", ("a", "b"), 1, None)
    network = Network(small.config, small.weights)
    scores = np.zeros((3, 2), np.float32)
    batch = batch_of(some_examples(), scores)
    wide = {
        name: tf.pad(value, [[0, 0], [0, 8]])
        if value.shape.rank == 2 and name != TEACHER_SCORES
        else value
        for name, value in batch.items()
    }
    found = DistillationObjective(
        Head("classify"),
        DistillationOptions(weights={"hidden": 1.0, "attention": 1.0}),
        small.config,
        Network(LARGE, large.weights),
    )
    assert {n: tuple(v.shape) for n, v in found.parameters.items()} == {
        "hidden.0": (16, 24),
        "hidden.1": (16, 24),
        "attention.0": (2, 3),
    }
    one = float(found(network, batch, NO_DROPOUT))
    assert one > float(
        DistillationObjective(Head("classify"), DistillationOptions(), small.config)(
            network, batch, NO_DROPOUT
        )
    )
    assert one == pytest.approx(float(found(network, wide, NO_DROPOUT)), rel=1e-5)
