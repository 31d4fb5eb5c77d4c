"""Vocabulary and options of a Hugging Face tokenizer, from whichever of its files are there.

`vocab.txt` or `tokenizer.json` gives the word pieces; `tokenizer.json` and `tokenizer_config.json`
give the options. Where two files speak of one thing they must agree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from edgebert.checkpoints.small_files import as_object, kind, read_json_object, shown
from edgebert.checkpoints.unigram_file import read_unigram
from edgebert.checkpoints.vocabulary import (
    MASK_TOKEN,
    SPECIAL_TOKENS,
    check_vocabulary,
    read_vocabulary,
)
from edgebert.errors import EdgebertError
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.unigram import UnigramModel

_VOCABULARY = "vocab.txt"
_TOKENIZER = "tokenizer.json"
_CONFIG = "tokenizer_config.json"
_ADDED = "added_tokens.json"
_SENTENCEPIECE = "spiece.model"

_SPECIAL = (*SPECIAL_TOKENS, MASK_TOKEN)
_UNUSED = r"\[unused\d+\]"

_SHORTEST = 3  # [CLS], one word piece, [SEP]

# What the files must say, where they say it, to mean BERT's own tokenizer.
_REQUIRED_IN_TOKENIZER: Mapping[str, Mapping[str, object]] = {
    "normalizer": {"type": "BertNormalizer", "clean_text": True},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "model": {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
    },
}
_REQUIRED_IN_CONFIG = {
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "mask_token": "[MASK]",
    "do_basic_tokenize": True,
}
_FAST = ("PreTrainedTokenizerFast", "TokenizersBackend")
_CLASSES = (
    *("BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast"),
    *("ElectraTokenizer", "ElectraTokenizerFast"),
    *("MobileBertTokenizer", "MobileBertTokenizerFast", *_FAST),
)
_UNIGRAM_CLASSES = ("AlbertTokenizer", "AlbertTokenizerFast", *_FAST)

# Our options by the names of each file.
_IN_NORMALIZER = {
    "lowercase": "lower_case",
    "strip_accents": "strip_accents",
    "handle_chinese_chars": "chinese_chars",
}
_IN_CONFIG = {
    "do_lower_case": "lower_case",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "chinese_chars",
}


class ReadTokenizer(NamedTuple):
    """Pieces by id, options, and the rest of a unigram tokenizer (None for WordPiece)."""

    pieces: tuple[str, ...]
    options: TokenizerOptions
    unigram: UnigramModel | None


def read_tokenizer(folder: Path, most_positions: int) -> ReadTokenizer:
    """What a folder's files tell of its tokenizer.

    Args:
        folder: of the checkpoint.
        most_positions: of the model; caps `max_length`.

    Raises:
        EdgebertError: no vocabulary, a malformed file, files that disagree, or a tokenizer that is
            neither BERT's WordPiece nor ALBERT's unigram tokenizer.
    """
    tokenizer = _read_optional(folder / _TOKENIZER)
    config = _read_optional(folder / _CONFIG)
    length = _max_length(config.get("model_max_length"), folder / _CONFIG)
    length = min(most_positions, length or most_positions)
    model = tokenizer.get("model")
    if isinstance(model, dict) and model.get("type") == "Unigram":
        _check_class(config, _UNIGRAM_CLASSES, folder / _CONFIG)
        pieces, unigram = read_unigram(tokenizer, folder / _TOKENIZER)
        return ReadTokenizer(pieces, TokenizerOptions(max_length=length, kind="unigram"), unigram)
    if not tokenizer and (folder / _SENTENCEPIECE).exists():
        raise EdgebertError(
            f"{folder}: its tokenizer is in {_SENTENCEPIECE} alone; {_TOKENIZER} is needed, which "
            "transformers writes: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)"
        )
    options: dict[str, Any] = {}
    if tokenizer:
        _check_tokenizer(tokenizer, folder / _TOKENIZER)
        options = _options(tokenizer["normalizer"], _IN_NORMALIZER, folder / _TOKENIZER)
    _check_config(config, folder / _CONFIG)
    options = _merge(options, _options(config, _IN_CONFIG, folder / _CONFIG), folder)
    options["max_length"] = length
    return ReadTokenizer(_vocabulary(folder, tokenizer), TokenizerOptions(**options), None)


def _read_optional(path: Path) -> Mapping[str, Any]:
    return read_json_object(path) if path.exists() else {}


def _check_tokenizer(tokenizer: Mapping[str, Any], path: Path) -> None:
    for part, required in _REQUIRED_IN_TOKENIZER.items():
        found = as_object(tokenizer.get(part), part, path)
        if "type" not in found:
            raise EdgebertError(f"{path}: {part} has no type; {required['type']} is needed")
        _check_required(found, required, f"{path}: {part}.")


def _check_config(config: Mapping[str, Any], path: Path) -> None:
    tokens = {  # an added token is an object, or null where the class has its own default
        name: value.get("content") if isinstance(value, dict) else value
        for name, value in config.items()
        if value is not None
    }
    _check_required(tokens, _REQUIRED_IN_CONFIG, f"{path}: ")
    _check_class(config, _CLASSES, path)


def _check_class(config: Mapping[str, Any], accepted: tuple[str, ...], path: Path) -> None:
    name = config.get("tokenizer_class") or accepted[0]
    if name not in accepted:
        raise EdgebertError(
            f"{path}: tokenizer_class is {shown(name)}; accepted: {', '.join(accepted)}"
        )


def _check_required(found: Mapping[str, Any], required: Mapping[str, object], where: str) -> None:
    for name, value in required.items():
        if name in found and found[name] != value:
            raise EdgebertError(
                f"{where}{name} is {shown(found[name])}; BERT's tokenizer has {value!r}"
            )


def _options(
    raw: Mapping[str, Any], names: Mapping[str, str], path: Path
) -> dict[str, bool | None]:
    """The options a file states, by our names. Null states something for `strip_accents` only."""
    options: dict[str, bool | None] = {}
    for name, option in names.items():
        value = raw.get(name)
        if not isinstance(value, bool | None):
            raise EdgebertError(f"{path}: {name} is {kind(value)}; true or false is needed")
        if value is not None or (name in raw and option == "strip_accents"):
            options[option] = value
    return options


def _merge(
    first: Mapping[str, bool | None], second: Mapping[str, bool | None], folder: Path
) -> dict[str, Any]:
    """The options of both files."""
    merged = {**first, **second}
    for option in first.keys() & second.keys():
        # Accents that are not spoken of are stripped where letters are lower-cased.
        values = [
            merged.get("lower_case", True) if stated[option] is None else stated[option]
            for stated in (first, second)
        ]
        if values[0] != values[1]:
            raise EdgebertError(
                f"{folder}: {_TOKENIZER} says {option} {values[0]} and {_CONFIG} {values[1]}; "
                "make the two files agree"
            )
    return merged


def _max_length(value: object, path: Path) -> int | None:
    """`model_max_length`; None where it is absent. Its 1e30 for "no limit" is just very long."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= _SHORTEST:
        raise EdgebertError(
            f"{path}: model_max_length is {shown(value)}; a number from {_SHORTEST} is needed"
        )
    return int(min(value, 1 << 30))


def _vocabulary(folder: Path, tokenizer: Mapping[str, Any]) -> tuple[str, ...]:
    """The word pieces of `vocab.txt` or `tokenizer.json`, and added tokens after them."""
    pieces: tuple[str, ...] = ()
    if (folder / _VOCABULARY).exists():
        pieces = read_vocabulary(folder / _VOCABULARY)
    elif not tokenizer:
        raise EdgebertError(f"{folder}: no vocabulary; {_VOCABULARY} or {_TOKENIZER} is needed")
    if tokenizer:
        path = folder / _TOKENIZER
        ids = _tokenizer_pieces(tokenizer, path)
        if not ids.keys() >= set(pieces):
            raise EdgebertError(f"{path}: lacks word pieces of {_VOCABULARY}; make the two agree")
        pieces = _extend(pieces, ids, path)
    if (folder / _ADDED).exists():
        added = read_json_object(folder / _ADDED)
        for piece in added:
            _check_added(piece, folder / _ADDED)
        pieces = _extend(pieces, added, folder / _ADDED)
    return pieces


def _tokenizer_pieces(tokenizer: Mapping[str, Any], path: Path) -> dict[str, object]:
    """Ids by word piece, from the model's vocabulary and the added tokens."""
    pieces = dict(as_object(tokenizer["model"].get("vocab"), "vocab", path))
    added = tokenizer.get("added_tokens") or []
    if not isinstance(added, list):
        raise EdgebertError(f"{path}: added_tokens is {kind(added)}; a list is needed")
    for token in added:
        entry = as_object(token, "an added token", path)
        piece, number = entry.get("content"), entry.get("id")
        if not isinstance(piece, str) or pieces.setdefault(piece, number) != number:
            raise EdgebertError(f"{path}: added token {shown(piece)} has two ids or no text")
        _check_added(piece, path)
    return pieces


def _check_added(piece: object, path: Path) -> None:
    """Refuses a token that transformers cuts out of a text before BERT's tokenizer sees it."""
    if piece not in _SPECIAL and not re.fullmatch(_UNUSED, str(piece)):
        raise EdgebertError(
            f"{path}: added token {shown(piece)}, which BERT's own tokenizer would not find in a "
            f"text; accepted: {', '.join(_SPECIAL)} and [unusedN]"
        )


def _extend(pieces: tuple[str, ...], ids: Mapping[Any, object], path: Path) -> tuple[str, ...]:
    """`pieces` with those of `ids` after them; where both have an id they must agree."""
    table: dict[int, Any] = dict(enumerate(pieces))
    for piece, number in ids.items():
        if type(number) is not int:
            raise EdgebertError(f"{path}: the id of {shown(piece)} is {kind(number)}, no number")
        if table.setdefault(number, piece) != piece:
            raise EdgebertError(
                f"{path}: {shown(piece)} has the id {shown(number)} of {shown(table[number])}; "
                "make the vocabulary files agree"
            )
    missing = next(number for number in range(len(table) + 1) if number not in table)
    if missing < len(table):
        raise EdgebertError(f"{path}: no word piece has the id {missing}; ids must have no gaps")
    extended = tuple(table[number] for number in range(len(table)))
    check_vocabulary(extended, path)
    return extended
