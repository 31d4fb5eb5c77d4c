"""Which format a folder's checkpoint has, told from its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgebert.checkpoints import hugging_face, sentence_transformers, tensorflow1
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.hugging_face import read_hugging_face
from edgebert.checkpoints.other_formats import explain
from edgebert.checkpoints.sentence_transformers import read_sentence_transformers
from edgebert.checkpoints.tensorflow1 import read_tensorflow1
from edgebert.errors import EdgebertError


@dataclass(frozen=True)
class _Format:
    """One folder layout.

    Attributes:
        marker: the file that tells it.
        read: makes the checkpoint of a folder and the source's name.
    """

    name: str
    marker: str
    read: Callable[[Path, str], Checkpoint]


# In this order: a sentence-transformers folder is a Hugging Face folder too.
_FORMATS = (
    _Format(
        sentence_transformers.FORMAT, sentence_transformers.MODULES, read_sentence_transformers
    ),
    _Format(hugging_face.FORMAT, hugging_face.CONFIG, read_hugging_face),
    _Format(tensorflow1.FORMAT, tensorflow1.CONFIG, read_tensorflow1),
)


def open_folder(folder: Path, source: str | None = None) -> Checkpoint:
    """The checkpoint in a folder, whatever its format.

    Weights are views on the files where the format allows; keep the files while they are in use.

    Args:
        folder: holds the files themselves, not a folder with them.
        source: what the user named, for the record; the folder if None.

    Raises:
        EdgebertError: no folder, no known format, or files that are damaged or do not fit.
    """
    if not folder.is_dir():
        raise EdgebertError(f"{folder}: no such folder")
    for known in _FORMATS:
        if (folder / known.marker).is_file():
            return _with_two_segments(known.read(folder, source or str(folder)))
    looked_for = ", ".join(f"{known.marker} ({known.name})" for known in _FORMATS)
    raise EdgebertError(explain(folder) or f"{folder}: no checkpoint here; looked for {looked_for}")


def _with_two_segments(checkpoint: Checkpoint) -> Checkpoint:
    """A model of one segment as the same of two equal ones, which the texts of a pair need."""
    if checkpoint.config.type_vocab_size != 1:
        return checkpoint
    row = checkpoint.weights["embeddings.segment"]
    return replace(
        checkpoint,
        config=replace(checkpoint.config, type_vocab_size=2),
        weights={**checkpoint.weights, "embeddings.segment": np.repeat(row, 2, axis=0)},
    )
