"""By which a checkpoint is known again, whatever its format."""

from __future__ import annotations

import hashlib

import numpy as np

from edgebert.checkpoints.checkpoint import Checkpoint


def fingerprint(checkpoint: Checkpoint) -> str:
    """A hash of config, weights, vocabulary, tokenizer and labels."""
    found = hashlib.sha256()
    told = (checkpoint.config, checkpoint.tokenizer, checkpoint.labels, checkpoint.task)
    found.update(repr((*told, checkpoint.vocabulary)).encode())
    for name in sorted(checkpoint.weights):
        found.update(name.encode())
        found.update(np.ascontiguousarray(checkpoint.weights[name]).data)
    return f"sha256 {found.hexdigest()}"
