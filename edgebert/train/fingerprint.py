"""By which a checkpoint is known again, whatever its format."""

from __future__ import annotations

import hashlib

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.learned import fingerprint_parts


def fingerprint(checkpoint: Checkpoint) -> str:
    """A hash of config, weights, vocabulary, tokenizer and labels."""
    found = hashlib.sha256()
    told = (checkpoint.config, checkpoint.tokenizer, checkpoint.labels, checkpoint.task)
    found.update(repr((*told, checkpoint.vocabulary)).encode())
    for part in fingerprint_parts(checkpoint.weights):
        found.update(part)
    return f"sha256 {found.hexdigest()}"
