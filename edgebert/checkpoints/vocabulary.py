"""Vocabularies: `vocab.txt` as Google's tokenizer reads it, and what each must hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgebert.checkpoints.small_files import is_clean_text, read_text, shown
from edgebert.errors import EdgebertError

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
MASK_TOKEN = "[MASK]"  # noqa: S105


def read_vocabulary(path: Path) -> tuple[str, ...]:
    """The word pieces of a `vocab.txt`; the line is the id, white space around it is cut off.

    Raises:
        EdgebertError: the file cannot be read, or see `check_vocabulary`.
    """
    # Only "\n" ends a line: vocabularies hold other characters that str.splitlines splits at.
    pieces = tuple(line.strip() for line in read_text(path).rstrip().split("\n"))
    check_vocabulary(pieces, path)
    return pieces


def check_vocabulary(pieces: Sequence[object], path: Path) -> None:
    """Refuses word pieces that are no text, empty or twice there.

    Raises:
        EdgebertError: names the first such id.
    """
    first: dict[object, int] = {}
    for index, piece in enumerate(pieces):
        if not is_clean_text(piece) or not piece:
            raise EdgebertError(f"{path}: word piece {index} is empty or no text")
        if first.setdefault(piece, index) != index:
            raise EdgebertError(
                f"{path}: word piece {shown(piece)} has two ids, {first[piece]} and {index}"
            )


def check_special_tokens(pieces: Sequence[str], *, mask: bool, where: Path) -> None:
    """Refuses a vocabulary without BERT's special tokens; [MASK] only where `mask` asks for it."""
    needed = (*SPECIAL_TOKENS, MASK_TOKEN) if mask else SPECIAL_TOKENS
    missing = [token for token in needed if token not in pieces]
    if missing:
        raise EdgebertError(
            f"{where}: the vocabulary lacks {', '.join(missing)}; BERT needs {', '.join(needed)}"
        )
