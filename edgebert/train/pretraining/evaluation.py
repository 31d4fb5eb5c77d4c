"""Loss and accuracy of masked language modelling on held-out text.

Measured as all figures of training are: by the weights as a .tflite, which shares no code with the
network that is trained.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgebert.arrays import Array
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.train.evaluation import DevResult, converted_model
from edgebert.train.pretraining.inputs import MaskedInputs
from edgebert.train.pretraining.masking import Masked

MAX_EVALUATED = 512
"""Inputs that are evaluated at most: enough for the second digit of the loss."""

_SEED = 0x6A7564  # of the masks: the same at every evaluation and in every run


def evaluate_mlm(checkpoint: Checkpoint, held_out: MaskedInputs) -> DevResult:
    """Mean loss in nats and accuracy over hidden tokens, evenly spread over the inputs.

    Raises:
        EdgebertError: the checkpoint cannot be converted.
    """
    count = min(len(held_out), MAX_EVALUATED)
    numbers = np.linspace(0, len(held_out) - 1, count).astype(int).tolist()
    inputs = [held_out.one(number, (_SEED, number)) for number in numbers]
    losses, right = _masked_token_results(checkpoint, inputs)
    metrics = {"mlm_loss": float(np.mean(losses)), "mlm_accuracy": float(np.mean(right))}
    if held_out.pairs:
        random = held_out.rows[numbers, -1]
        metrics["next_sentence_accuracy"] = _next_sentence_accuracy(checkpoint, inputs, random)
    return DevResult(metrics, -metrics["mlm_loss"])


def _masked_token_results(
    checkpoint: Checkpoint, inputs: list[tuple[Masked, list[int]]]
) -> tuple[list[float], list[bool]]:
    losses: list[float] = []
    right: list[bool] = []
    with converted_model(checkpoint, "fill-mask") as model:
        for hidden, segment_ids in inputs:
            if not len(hidden.positions):
                continue
            positions = hidden.positions.tolist()
            logits = model.run_ids(hidden.ids.tolist(), segment_ids, positions)[0]
            shares = _log_softmax(logits)
            losses += (-shares[np.arange(len(positions)), hidden.labels]).tolist()
            right += (logits.argmax(axis=1) == hidden.labels).tolist()
    return losses, right


def _next_sentence_accuracy(
    checkpoint: Checkpoint, inputs: list[tuple[Masked, list[int]]], random: Array
) -> float:
    """Accuracy of the next-sentence head, run as the classifier that it is."""
    heads = {
        name.replace("nsp.", "classifier."): array
        for name, array in checkpoint.weights.items()
        if not name.startswith("classifier.")
    }
    classifier = replace(checkpoint, weights=heads, labels=("next", "random"), task="classify")
    with converted_model(classifier, "classify") as model:
        manifest = [
            int(model.run_ids(hidden.ids.tolist(), segment_ids)[0].argmax())
            for hidden, segment_ids in inputs
        ]
    return float(np.mean(np.array(manifest) == random))


def _log_softmax(logits: Array) -> Array:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), np.float32)
