"""By which a checkpoint is known again, whatever its format."""

from __future__ import annotations

import hashlib
from dataclasses import fields

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.learned import fingerprint_parts

_APART = ("weights", "learned", "source", "format")
"""Fields that are hashed as bytes, are for one kind of file alone, or tell where it came from."""


def fingerprint(checkpoint: Checkpoint) -> str:
    """A hash of all that its answers follow from."""
    found = hashlib.sha256()
    names = (each.name for each in fields(checkpoint) if each.name not in _APART)
    found.update(repr([(name, getattr(checkpoint, name)) for name in names]).encode())
    for part in fingerprint_parts(checkpoint.weights):
        found.update(part)
    return f"sha256 {found.hexdigest()}"
