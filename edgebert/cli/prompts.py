"""Prompts of embedders on the command line, and what a task line says of sentence vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgebert.errors import EdgebertError

if TYPE_CHECKING:
    from edgebert.model_file.record import Record


def named_prompts(options: Sequence[str]) -> dict[str, str] | None:
    """Prompts of `--prompt NAME=TEXT`; None where there are none.

    Raises:
        EdgebertError: an option without a name, or two of one name.
    """
    prompts: dict[str, str] = {}
    for option in options:
        name, separator, text = option.partition("=")
        if not separator or not name:
            raise EdgebertError(
                f'--prompt {option!r}: a name and a text are needed, such as query="query: "'
            )
        if name in prompts:
            raise EdgebertError(f"--prompt {name!r} is given twice")
        prompts[name] = text
    return prompts or None


def task_line(record: Record) -> str:
    """The task, and how its vectors or values are made."""
    parts: list[str] = [record.task]
    if record.pooling:
        parts.append(f"{record.pooling} pooling")
    if record.vector_size is not None:
        parts.append(f"vectors of {record.vector_size} numbers")
    if record.normalize:
        parts.append("normalised")
    if record.sigmoid:
        parts.append("sigmoid of the output, as CrossEncoder.predict")
    return ", ".join(parts)


def prompt_rows(record: Record) -> list[tuple[str, str]]:
    """The prompts of a file, the default one marked."""
    if not record.prompts:
        return []
    from edgebert.bert.embedders import embedder_of

    known = embedder_of(record.source.name)
    listed = known is not None and dict(known.prompts) == record.prompts
    shown = [
        f"{name} {text!r}{' (default)' if name == record.default_prompt else ''}"
        for name, text in record.prompts.items()
    ]
    return [("prompts", ", ".join(shown) + ("; as edgebert models lists them" if listed else ""))]
