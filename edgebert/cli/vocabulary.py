"""How a vocabulary that was made smaller is told to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgebert.model_file.record import TrimmedVocabulary


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
