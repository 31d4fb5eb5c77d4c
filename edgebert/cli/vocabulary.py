"""A vocabulary that is made smaller: the options, and how the outcome is told to people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgebert.bert.tasks import TaskName
    from edgebert.checkpoints.checkpoint import Checkpoint
    from edgebert.model_file.trimmed_vocabulary import TrimmedVocabulary
    from edgebert.progress import Progress


@dataclass(frozen=True)
class VocabularyOptions:
    """Options by which a model keeps some word pieces, by the names of `edgebert.convert`."""

    vocabulary_from: Annotated[
        Path | None,
        typer.Option(
            metavar="TEXTS",
            help="Keep the word pieces that texts like these need, and no others: a text a line, "
            "or a data set. The word table is most of a small model's file.",
            show_default="all pieces",
        ),
    ] = None
    vocabulary_size: Annotated[
        int | None,
        typer.Option(
            help="How many pieces stay: the most frequent in those texts, then the commonest.",
            show_default="all that the texts use",
        ),
    ] = None


def vocabulary_rows(trimmed: TrimmedVocabulary | None) -> list[tuple[str, str]]:
    """What stayed, and what of other texts is cut as before; nothing where all stayed."""
    if trimmed is None:
        return []
    rows = [
        (
            "vocabulary",
            f"{trimmed.pieces:,} of {trimmed.source_pieces:,} pieces, from {trimmed.texts:,} texts "
            f"of {trimmed.chosen_from}",
        )
    ]
    if trimmed.untouched_texts is not None and trimmed.untouched_words is not None:
        rows.append(
            (
                "cut as before",
                f"{trimmed.untouched_texts:.1%} of {trimmed.measured_texts:,} other texts, "
                f"{trimmed.untouched_words:.1%} of their words ({trimmed.measured_on})",
            )
        )
    return rows


def with_fewer_pieces(
    checkpoint: Checkpoint,
    options: VocabularyOptions,
    task: TaskName,
    progress: Progress,
    notify: Callable[[str], None],
) -> Checkpoint:
    """What a training begins with: the checkpoint, with the pieces that were asked for.

    Args:
        checkpoint: as it was read.
        options: what was asked for; nothing leaves the checkpoint as it is.
        task: says what a data set of texts looks like.
        progress: told how many texts were read.
        notify: given the outcome, a line at a time.

    Raises:
        EdgebertError: see `converter.vocabulary.trim_vocabulary`.
    """
    from edgebert.converter.vocabulary import trim_vocabulary, vocabulary_choice

    choice = vocabulary_choice(options.vocabulary_from, options.vocabulary_size)
    if choice is None:
        return checkpoint
    trimmed, report = trim_vocabulary(checkpoint, choice, task, progress)
    for name, value in vocabulary_rows(report):
        notify(f"{name}: {value}")
    return trimmed
