"""What a fine-tuning task is: how labelled data becomes examples, and its loss."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import Columns
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train.batching import Example

Labels: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class FineTuningTask:
    """How one task is learned from one kind of data.

    Attributes:
        read: gives what a file holds, one at a time.
        labels: all labels that occur, in the order of their ids; None: the task has none.
        examples: makes examples of what was read, given the labels.
        check: raises EdgebertError where nothing can be learned from the examples of a file.
        loss: of the task's head (see `train.losses`).
    """

    read: Callable[[Path, Columns], Iterable[Any]]
    labels: Callable[[Iterable[Any]], Labels] | None
    examples: Callable[[Iterable[Any], Tokenizer, Labels], Iterable[Example]]
    check: Callable[[list[Example], Path], None]
    loss: Callable[..., Any]


def in_order(labels: Collection[str]) -> Labels:
    """In alphabetical order; numbers by their value."""
    if all(label.isdecimal() for label in labels):
        return tuple(sorted(labels, key=lambda label: (int(label), label)))
    return tuple(sorted(labels))


def needs_rows(examples: list[Example], path: Path) -> None:
    """Refuses a file without examples."""
    if not examples:
        raise EdgebertError(f"{path}: has no rows to learn from or to judge by")


def needs_different_targets(examples: list[Example], path: Path) -> None:
    """Refuses a file without examples, or whose examples all have the same target."""
    needs_rows(examples, path)
    targets = {np.asarray(example.target).tobytes() for example in examples}
    if len(targets) == 1:
        raise EdgebertError(
            f"{path}: all {len(examples):,} rows have the same label or score; "
            "at least two are needed"
        )
