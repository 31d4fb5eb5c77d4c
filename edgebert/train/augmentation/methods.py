"""The methods of augmentation by name, opened on what a user gives."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from edgebert.bulk.fingerprint import digest
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.errors import EdgebertError
from edgebert.progress import Progress, silent
from edgebert.runtime.model import load
from edgebert.train.augmentation.candidates import AugmentationMethod
from edgebert.train.augmentation.masked import MaskedWords
from edgebert.train.augmentation.neighbours import Neighbours
from edgebert.train.evaluation import converted_model
from edgebert.train.fingerprint import fingerprint

MethodName: TypeAlias = Literal["masked", "neighbours"]


@contextlib.contextmanager
def open_method(
    source: str, name: MethodName | None = None, *, progress: Progress = silent
) -> Iterator[AugmentationMethod]:
    """A fill-mask .tflite, or a checkpoint as `make_method` takes it.

    Raises:
        EdgebertError: no such file or checkpoint, or it does not serve the method.
    """
    if Path(source).suffix.lower() != ".tflite":
        with (
            open_checkpoint(source, progress=progress) as checkpoint,
            make_method(checkpoint, name) as method,
        ):
            yield method
        return
    if name == "neighbours":
        raise EdgebertError(f"{source}: is converted; neighbours are found in a checkpoint")
    with load(source) as model:
        yield MaskedWords(model, digest(Path(source)))


@contextlib.contextmanager
def make_method(
    checkpoint: Checkpoint, name: MethodName | None = None
) -> Iterator[AugmentationMethod]:
    """A method on a checkpoint.

    Args:
        checkpoint: of any family; for masked words with a head for fill-mask.
        name: of the method; None: masked words where there is such a head, else neighbours.

    Raises:
        EdgebertError: no such method, or the checkpoint does not serve it.
    """
    chosen = name or ("masked" if "fill-mask" in checkpoint.tasks else "neighbours")
    if chosen == "neighbours":
        yield Neighbours(checkpoint)
    elif chosen == "masked":
        with converted_model(checkpoint, "fill-mask") as model:
            yield MaskedWords(model, fingerprint(checkpoint))
    else:
        accepted = ", ".join(get_args(MethodName))
        raise EdgebertError(f"method is {chosen!r}; accepted: {accepted}")
