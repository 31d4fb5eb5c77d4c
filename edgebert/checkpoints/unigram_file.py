"""A unigram tokenizer in a `tokenizer.json`: ALBERT's, as transformers writes it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from edgebert.checkpoints.charsmap import read_charsmap
from edgebert.errors import EdgebertError
from edgebert.text_files import as_object, is_clean_text, kind, shown
from edgebert.tokenizer.normalizer import Step, StepName
from edgebert.tokenizer.special import SPACE, SPECIAL_TOKENS
from edgebert.tokenizer.unigram import UnigramModel

_SPECIAL = SPECIAL_TOKENS["unigram"]
_STEPS: Mapping[str, StepName] = {
    "NFKD": "nfkd",
    "NFD": "nfd",
    "StripAccents": "strip_accents",
    "Lowercase": "lowercase",
    "Nmt": "nmt",
}
_SPACES = {"Regex": " {2,}"}
_MOST_STEPS = 32


def read_unigram(tokenizer: Mapping[str, Any], path: Path) -> tuple[tuple[str, ...], UnigramModel]:
    """Pieces by id, and the rest; whether [MASK] takes a space is left to the added tokens.

    Args:
        tokenizer: the parsed file.
        path: the file, for errors.

    Raises:
        EdgebertError: malformed, or a tokenizer that does something else than ALBERT's.
    """
    pieces, scores = _pieces(as_object(tokenizer.get("model"), "model", path), path)
    _check_special_tokens(pieces, path)
    return pieces, UnigramModel(
        scores=scores,
        normalizer=tuple(_steps(tokenizer.get("normalizer"), path)),
        whitespace_splits=_whitespace_splits(tokenizer.get("pre_tokenizer"), path),
        mask_takes_space=False,
    )


def _pieces(model: Mapping[str, Any], path: Path) -> tuple[tuple[str, ...], tuple[float, ...]]:
    unknown_keys = sorted(model.keys() - {"type", "vocab", "unk_id", "byte_fallback"})
    if unknown_keys:
        raise EdgebertError(
            f"{path}: model has the key {shown(unknown_keys[0])}, which is not known"
        )
    entries = model.get("vocab")
    if not isinstance(entries, list) or not entries:
        raise EdgebertError(f"{path}: vocab is {kind(entries)}; a list of pieces is needed")
    pieces: list[str] = []
    scores: list[float] = []
    for number, entry in enumerate(entries):
        piece, score = entry if isinstance(entry, list) and len(entry) == 2 else (None, None)
        if not _is_text(piece) or not _is_number(score):
            raise EdgebertError(f"{path}: piece {number} is no text with a score")
        pieces.append(cast("str", piece))
        scores.append(float(cast("float", score)))
    if len(set(pieces)) != len(pieces):
        raise EdgebertError(f"{path}: a piece is in vocab twice")
    unknown = model.get("unk_id")
    if type(unknown) is not int or pieces[unknown : unknown + 1] != [_SPECIAL.unknown]:
        raise EdgebertError(f"{path}: unk_id is {shown(unknown)}; the id of <unk> is needed")
    if model.get("byte_fallback"):
        raise EdgebertError(f"{path}: byte_fallback is true; ALBERT's tokenizer has false")
    return tuple(pieces), tuple(scores)


def _is_text(piece: object) -> bool:
    return isinstance(piece, str) and is_clean_text(piece.replace("\n", " ")) and piece != ""


def _is_number(score: object) -> bool:
    try:
        return type(score) in (int, float) and math.isfinite(cast("float", score))
    except OverflowError:  # a whole number beyond all floats
        return False


def _check_special_tokens(pieces: tuple[str, ...], path: Path) -> None:
    missing = [token for token in _SPECIAL if token not in pieces]
    if missing and "<s>" in pieces and "</s>" in pieces:
        raise EdgebertError(
            f"{path}: a unigram tokenizer with <s> and </s> (XLM-R's, as multilingual "
            "MiniLM has it) is not supported; one of ALBERT's or BERT's is needed"
        )
    if missing:
        raise EdgebertError(f"{path}: the vocabulary lacks {', '.join(missing)}")


def _steps(normalizer: object, path: Path) -> list[Step]:
    """The steps of a normaliser, which may be a sequence of others."""
    waiting, found = [normalizer], list[Step]()
    while waiting:
        raw = waiting.pop(0)
        if raw is None:
            continue
        entry = as_object(raw, "a normalizer", path)
        inner = entry.get("normalizers")
        if entry.get("type") == "Sequence" and isinstance(inner, list):
            waiting = [*inner, *waiting]
        else:
            found.append(_step(entry, path))
        if len(found) + len(waiting) > _MOST_STEPS:
            raise EdgebertError(f"{path}: normalizer has more than {_MOST_STEPS} steps")
    return found


def _step(entry: Mapping[str, Any], path: Path) -> Step:
    name = entry.get("type")
    if isinstance(name, str) and name in _STEPS:
        return Step(_STEPS[name])
    if name == "Precompiled":
        return Step("map", table=read_charsmap(entry.get("precompiled_charsmap"), path))
    pattern, new = entry.get("pattern"), entry.get("content")
    if name == "Replace" and pattern == _SPACES and new == " ":
        return Step("join_spaces")
    old = pattern.get("String") if isinstance(pattern, dict) and len(pattern) == 1 else None
    if name == "Replace" and isinstance(old, str) and old and isinstance(new, str):
        return Step("replace", old, new)
    raise EdgebertError(
        f"{path}: normalizer {shown(dict(entry))}; accepted: Replace (of a text, or of several "
        f"spaces by one), {', '.join(_STEPS)} and Precompiled"
    )


def _whitespace_splits(raw: object, path: Path) -> bool:
    """Refuses all but Metaspace, or WhitespaceSplit and Metaspace; tells which of them it is."""
    entry = as_object(raw, "pre_tokenizer", path)
    inner = entry.get("pretokenizers") if entry.get("type") == "Sequence" else [entry]
    listed = inner if isinstance(inner, list) else []
    parts = [as_object(part, "a pre_tokenizer", path) for part in listed]
    names = [part.get("type") for part in parts]
    if names not in (["Metaspace"], ["WhitespaceSplit", "Metaspace"]):
        raise EdgebertError(
            f"{path}: pre_tokenizer {shown(names)}; accepted: Metaspace, or WhitespaceSplit and "
            "Metaspace"
        )
    wanted = {
        "replacement": SPACE,
        "prepend_scheme": "always",
        "add_prefix_space": True,
        "split": True,
    }
    for name, value in wanted.items():
        if parts[-1].get(name, value) != value:
            raise EdgebertError(
                f"{path}: Metaspace has {name} {shown(parts[-1][name])}; {value!r} is needed"
            )
    return len(names) == 2
