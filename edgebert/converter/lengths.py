"""The lengths that graphs of fixed sizes take."""

from __future__ import annotations

from collections.abc import Sequence

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.options import SHORTEST
from edgebert.errors import EdgebertError

USUAL_LENGTH = 64


def fixed_lengths(
    asked: Sequence[int] | None, checkpoint: Checkpoint, usual: int = USUAL_LENGTH
) -> tuple[int, ...]:
    """Tokens that each graph takes, ascending; where none was asked for, the usual number.

    Raises:
        EdgebertError: the checkpoint does not take one.
    """
    positions = checkpoint.config.max_position_embeddings
    lengths = tuple(asked or (min(usual, positions),))
    for length in lengths:
        if type(length) is not int or not SHORTEST <= length <= positions:
            raise EdgebertError(
                f"length {length}: {checkpoint.source} takes {SHORTEST} to {positions} tokens"
            )
    return tuple(sorted(set(lengths)))
