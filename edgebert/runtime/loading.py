"""`edgebert.load`: opens a file as what it was converted for, or as what is taught to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, overload

from edgebert.errors import EdgebertError
from edgebert.runtime.model import Model
from edgebert.runtime.model import load as load_model
from edgebert.support import AcceleratorChoice, EngineName

if TYPE_CHECKING:
    from edgebert.runtime.teachable import TeachableModel


@overload
def load(
    path: str | os.PathLike[str],
    *,
    engine: EngineName = "auto",
    threads: int = 1,
    threshold: float | None = None,
    accelerator: AcceleratorChoice = "cpu",
    taught: None = None,
) -> Model: ...


@overload
def load(
    path: str | os.PathLike[str],
    *,
    engine: EngineName = "auto",
    threads: int = 1,
    threshold: float | None = None,
    accelerator: AcceleratorChoice = "cpu",
    taught: str | os.PathLike[str],
) -> TeachableModel: ...


def load(
    path: str | os.PathLike[str],
    *,
    engine: EngineName = "auto",
    threads: int = 1,
    threshold: float | None = None,
    accelerator: AcceleratorChoice = "cpu",
    taught: str | os.PathLike[str] | None = None,
) -> Model:
    """Opens a file made by `edgebert convert`.

    Args:
        path: the .tflite.
        engine: "auto" takes the best installed engine that runs the file; or "litert",
            "tflite-runtime".
        threads: that one answer may use.
        threshold: of `classify`, `tag` and `answer`: abstain where the score of a label, a span or
            an answer is below it, in place of the file's own rule; 0 never abstains.
        accelerator: "gpu" runs the file on it by LiteRT, as far as it takes the graph (files of
            fixed lengths, `--target gpu`); the file's self-test runs there first, since a GPU that
            misreads a graph does not say so. "auto" takes the GPU where it answers rightly, and
            else the processor.
        taught: of a file for embed, or of a classifier made with `--teachable`: the side file of
            labels that are taught to it, which need not be there yet; the model then classifies by
            them, too (`TeachableModel`).

    Warns:
        AcceleratorWarning: with "auto", why the processor runs it.

    Raises:
        EdgebertError: a wrong argument, no such file, not a file of ours, damaged, no engine for
            it, an accelerator that does not run it or answers wrongly, or a side file that is
            damaged or another model's.
    """
    if taught is None:
        return load_model(
            path, engine=engine, threads=threads, threshold=threshold, accelerator=accelerator
        )
    if accelerator != "cpu":
        raise EdgebertError(f"labels are taught on the cpu; accelerator {accelerator!r} was given")
    from edgebert.runtime.teachable import load_teachable  # others start without it

    return load_teachable(path, engine=engine, threads=threads, threshold=threshold, taught=taught)
