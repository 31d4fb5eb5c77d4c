"""The file inside a .tflite that holds a unigram tokenizer: pieces, scores and normaliser."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from typing import Any

from edgebert.errors import EdgebertError
from edgebert.tokenizer.unigram import UnigramModel
from edgebert.typed_json import from_json


def unigram_text(pieces: tuple[str, ...], model: UnigramModel) -> str:
    """The text that lies in the file."""
    data = {"pieces": pieces, **asdict(model)}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def read_unigram_text(text: bytes) -> tuple[tuple[str, ...], UnigramModel]:
    """Pieces by id, and the rest, from a text that may come from anywhere.

    Raises:
        EdgebertError: not JSON, or not what `unigram_text` writes.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EdgebertError("unigram tokenizer: not JSON") from error
    pieces, scores = (_list(data, name) for name in ("pieces", "scores"))
    # Checked here: type by type they would take longer than the whole file.
    if not set(map(type, pieces)) <= {str} or not set(map(type, scores)) <= {int, float}:
        raise EdgebertError("unigram tokenizer: a piece is no text, or its score no number")
    if not _all_finite(scores):
        raise EdgebertError("unigram tokenizer: a score is not finite")
    rest = from_json(UnigramModel, {**data, "scores": []}, "unigram tokenizer")
    return tuple(pieces), replace(rest, scores=tuple(map(float, scores)))


def _all_finite(scores: list[Any]) -> bool:
    try:
        return all(map(math.isfinite, scores))
    except OverflowError:  # a whole number beyond all floats
        return False


def _list(data: object, name: str) -> list[Any]:
    found = data.get(name) if isinstance(data, dict) else None
    if not isinstance(found, list):
        raise EdgebertError(f"unigram tokenizer: {name} is missing")
    return found
