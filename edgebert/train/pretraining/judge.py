"""How well weights tell what is hidden in text that they have not seen.

Measured as all figures of training are: by the weights as a .tflite, which shares no code with the
network that is trained.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgebert.arrays import Array
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.train.deployed import deployed
from edgebert.train.masking import Masked
from edgebert.train.pretraining.inputs import Inputs
from edgebert.train.score import Score

MOST_JUDGED = 512
"""Inputs that are judged at most: enough for the second digit of the loss."""

_SEED = 0x6A7564  # of the masks: the same at every evaluation and in every run


def judge(checkpoint: Checkpoint, held_out: Inputs) -> Score:
    """Mean loss in nats and accuracy over hidden tokens, evenly spread over the inputs.

    Raises:
        EdgebertError: the checkpoint cannot be converted.
    """
    count = min(len(held_out), MOST_JUDGED)
    numbers = np.linspace(0, len(held_out) - 1, count).astype(int).tolist()
    asked = [held_out.one(number, (_SEED, number)) for number in numbers]
    losses, right = _told(checkpoint, asked)
    metrics = {"mlm_loss": float(np.mean(losses)), "mlm_accuracy": float(np.mean(right))}
    if held_out.pairs:
        random = held_out.rows[numbers, -1]
        metrics["next_sentence_accuracy"] = _follows(checkpoint, asked, random)
    return Score(metrics, -metrics["mlm_loss"])


def _told(
    checkpoint: Checkpoint, asked: list[tuple[Masked, list[int]]]
) -> tuple[list[float], list[bool]]:
    losses: list[float] = []
    right: list[bool] = []
    with deployed(checkpoint, "fill-mask") as model:
        for hidden, segment_ids in asked:
            if not len(hidden.positions):
                continue
            positions = hidden.positions.tolist()
            logits = model.run_ids(hidden.ids.tolist(), segment_ids, positions)[0]
            shares = _log_softmax(logits)
            losses += (-shares[np.arange(len(positions)), hidden.labels]).tolist()
            right += (logits.argmax(axis=1) == hidden.labels).tolist()
    return losses, right


def _follows(checkpoint: Checkpoint, asked: list[tuple[Masked, list[int]]], random: Array) -> float:
    """Accuracy of the next-sentence head, run as the classifier that it is."""
    heads = {
        name.replace("nsp.", "classifier."): array
        for name, array in checkpoint.weights.items()
        if not name.startswith("classifier.")
    }
    classifier = replace(checkpoint, weights=heads, labels=("next", "random"), task="classify")
    with deployed(classifier, "classify") as model:
        told = [
            int(model.run_ids(hidden.ids.tolist(), segment_ids)[0].argmax())
            for hidden, segment_ids in asked
        ]
    return float(np.mean(np.array(told) == random))


def _log_softmax(logits: Array) -> Array:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), np.float32)
