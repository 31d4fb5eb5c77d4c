"""Vocabularies: `vocab.txt` as Google's tokenizer and as transformers reads it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from edgebert.errors import EdgebertError
from edgebert.text_files import is_clean_text, read_text, shown

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
MASK_TOKEN = "[MASK]"  # noqa: S105


def read_vocabulary(path: Path) -> tuple[str, ...]:
    """The word pieces of a `vocab.txt`; the line is the id, white space around it is cut off.

    A piece that is white space itself, as Google's Chinese vocabulary has one, stays as it is: no
    text gives it.

    Raises:
        EdgebertError: the file cannot be read, or see `check_vocabulary`.
    """
    # Only "\n" ends a line: vocabularies hold other characters that str.splitlines splits at.
    lines = read_text(path).rstrip().split("\n")
    pieces = tuple(line.strip() or line.strip("\r") for line in lines)
    check_vocabulary(pieces, path)
    return pieces


def load_vocabulary(path: Path) -> dict[str, int]:
    """Ids by word piece as transformers reads a `vocab.txt`.

    Nothing is cut off a line but its end. Of equal lines the last one counts. A line may be empty.

    Raises:
        EdgebertError: the file cannot be read.
    """
    text = read_text(path, keep_mark=True).replace("\r\n", "\n").replace("\r", "\n")
    *lines, last = text.split("\n")
    if last:
        lines.append(last)
    return {line: number for number, line in enumerate(lines)}


def lay_out(ids: Mapping[str, int], more: Collection[int], path: Path) -> tuple[str, ...]:
    """Word pieces by id, with a name that no text gives for each id that has none.

    Args:
        ids: by word piece.
        more: ids that are used beside those.
        path: the file, for errors.

    Raises:
        EdgebertError: two pieces have one id and a text may give either.
    """
    pieces: dict[int, str] = {}
    for piece, number in ids.items():
        other = pieces.setdefault(number, piece)
        if other != piece and is_in_texts(piece):
            if is_in_texts(other):
                raise EdgebertError(
                    f"{path}: {shown(other)} and {shown(piece)} both have the id {number}"
                )
            pieces[number] = piece
    for number in range(max((*pieces, *more), default=-1) + 1):
        if not pieces.get(number):
            pieces[number] = nameless(number, ids)
    return tuple(pieces[number] for number in range(len(pieces)))


def nameless(number: int, taken: Collection[str]) -> str:
    """A name for an id without a piece. BERT sets brackets apart, so no text gives it."""
    name = f"[no piece {number}]"
    return f"[{name}]" if name in taken else name


def is_in_texts(piece: str) -> bool:
    """Whether a text may give a word piece: one that is empty or has white space none gives."""
    return bool(piece.removeprefix("##")) and piece.split() == [piece]


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
