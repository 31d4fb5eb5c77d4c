"""A WordPiece tokenizer in a `tokenizer.json`, as transformers writes it: pieces and letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from edgebert.errors import EdgebertError
from edgebert.text_files import as_object, kind, shown

_MODEL = ("type", "vocab", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word")
_REQUIRED_OF_MODEL: Mapping[str, object] = {
    "type": "WordPiece",
    "continuing_subword_prefix": "##",
    "max_input_chars_per_word": 100,
}
_REQUIRED_OF_NORMALIZER: Mapping[str, object] = {"type": "BertNormalizer", "clean_text": True}
_IN_NORMALIZER = ("lowercase", "strip_accents", "handle_chinese_chars")
_IN_KEYWORDS = ("do_lower_case", "strip_accents", "tokenize_chinese_chars")

# Steps that cut at white space and set punctuation apart.
_SPLITTERS: tuple[tuple[Mapping[str, object], ...], ...] = (
    ({"type": "BertPreTokenizer"},),
    ({"type": "WhitespaceSplit"}, {"type": "Punctuation", "behavior": "Isolated"}),
)


@dataclass(frozen=True)
class Letters:
    """What is done to letters before words are cut into pieces (see `TokenizerOptions`)."""

    lower_case: bool = True
    strip_accents: bool | None = None
    chinese_chars: bool = True

    @property
    def done(self) -> tuple[bool, bool, bool]:
        """What is done in the end: accents that nothing is said of go where capitals go."""
        strip = self.lower_case if self.strip_accents is None else self.strip_accents
        return self.lower_case, strip, self.chinese_chars


class WordPieceFile(NamedTuple):
    """What the file has.

    Attributes:
        ids: by piece.
        unknown: the name of the unknown piece.
        letters: what is done to letters.
        overruled: whether one of BERT's classes goes by its own keywords for letters. It looks for
            other values in the normalizer, and finds none in a sequence.
    """

    ids: Mapping[str, int]
    unknown: str
    letters: Letters
    overruled: bool


def read_word_pieces(tokenizer: Mapping[str, Any], path: Path) -> WordPieceFile:
    """Pieces and letters of a parsed file.

    Raises:
        EdgebertError: malformed, or a tokenizer that does something else than BERT's.
    """
    model = as_object(tokenizer.get("model"), "model", path)
    _check(model, {"type": "WordPiece", **_REQUIRED_OF_MODEL}, _MODEL, f"{path}: model")
    unknown = model.get("unk_token", "[UNK]")
    if not isinstance(unknown, str):
        raise EdgebertError(f"{path}: unk_token is {kind(unknown)}; a text is needed")
    ids = as_object(model.get("vocab"), "vocab", path)
    for piece, number in ids.items():
        if type(number) is not int or number < 0:
            raise EdgebertError(f"{path}: the id of {shown(piece)} is {shown(number)}, no id")
    _check_pre_tokenizer(tokenizer.get("pre_tokenizer"), path)
    normalizer = as_object(tokenizer.get("normalizer"), "normalizer", path)
    overruled = normalizer.get("type") != "Sequence"
    return WordPieceFile(ids, unknown, _letters(normalizer, path), overruled)


def stated_letters(keywords: Mapping[str, Any], path: Path) -> Letters:
    """What the keywords of one of BERT's classes say.

    Raises:
        EdgebertError: neither true nor false.
    """
    found: dict[str, Any] = {}
    for name, field in zip(_IN_KEYWORDS, Letters.__dataclass_fields__, strict=True):
        if name in keywords:
            found[field] = _flag(keywords[name], name, path)
    return Letters(**found)


def _letters(raw: object, path: Path) -> Letters:
    normalizer = _only(raw, "normalizer", "normalizers", path)
    known = ("type", "clean_text", *_IN_NORMALIZER)
    _check(normalizer, _REQUIRED_OF_NORMALIZER, known, f"{path}: normalizer")
    lower, strip, chinese = (
        _flag(normalizer.get(name, name != "strip_accents" or None), name, path)
        for name in _IN_NORMALIZER
    )
    return Letters(bool(lower), strip, bool(chinese))


def _flag(value: object, name: str, path: Path) -> bool | None:
    if isinstance(value, bool) or (value is None and name == "strip_accents"):
        return value
    raise EdgebertError(f"{path}: {name} is {kind(value)}; true or false is needed")


def _check_pre_tokenizer(raw: object, path: Path) -> None:
    entry = as_object(raw, "pre_tokenizer", path)
    steps = [as_object(step, "a pre_tokenizer", path) for step in _steps(entry, "pretokenizers")]
    if tuple(steps) not in _SPLITTERS:
        found = shown([dict(step) for step in steps])
        raise EdgebertError(
            f"{path}: pre_tokenizer is {found}; BERT's tokenizer has BertPreTokenizer"
        )


def _only(raw: object, name: str, inner: str, path: Path) -> Mapping[str, Any]:
    """A step, or the only one of a sequence."""
    steps = _steps(as_object(raw, name, path), inner)
    if len(steps) != 1:
        raise EdgebertError(f"{path}: {name} has {len(steps)} steps; BERT's tokenizer has one")
    return as_object(steps[0], name, path)


def _steps(entry: Mapping[str, Any], inner: str) -> list[object]:
    steps = entry.get(inner)
    if entry.get("type") == "Sequence" and isinstance(steps, list):
        return steps
    return [entry]


def _check(
    found: Mapping[str, Any], required: Mapping[str, object], known: tuple[str, ...], where: str
) -> None:
    """Refuses values that are not those of BERT's tokenizer, and keys that are not known."""
    for name, value in required.items():
        if found.get(name, value) != value:
            raise EdgebertError(
                f"{where}.{name} is {shown(found[name])}; BERT's tokenizer has {value!r}"
            )
    unknown = sorted(found.keys() - set(known))
    if unknown:
        raise EdgebertError(f"{where} has the key {shown(unknown[0])}; known: {', '.join(known)}")
