"""Vocabulary and options of a Hugging Face tokenizer, from all of its files together.

`tokenizer_sources` settles what the files say as transformers does; here the outcome is put in our
terms, or refused by name where it is neither BERT's WordPiece nor ALBERT's unigram tokenizer.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from edgebert.checkpoints.added_tokens import AddedVocabulary, declared_token
from edgebert.checkpoints.template_file import read_template, without_segments
from edgebert.checkpoints.tokenizer_sources import (
    BERT_CLASSES,
    TOKENIZER,
    UNIGRAM_CLASSES,
    Sources,
    added_entries,
    read_sources,
)
from edgebert.checkpoints.unigram_file import read_unigram
from edgebert.checkpoints.vocabulary import is_in_texts, lay_out, load_vocabulary, nameless
from edgebert.checkpoints.wordpiece_file import Letters, read_word_pieces, stated_letters
from edgebert.errors import EdgebertError
from edgebert.text_files import is_clean_text, kind, shown
from edgebert.tokenizer.added_token import AddedToken
from edgebert.tokenizer.options import TokenizerOptions, TruncationSide
from edgebert.tokenizer.special import SPECIAL_TOKENS, Kind
from edgebert.tokenizer.template import Template, bert_template
from edgebert.tokenizer.unigram import UnigramModel
from edgebert.tokenizer.wordpiece import WordPiece

_VOCABULARY = "vocab.txt"
_SENTENCEPIECE = "spiece.model"
_SHORTEST = 3  # [CLS], one word piece, [SEP]
_MARK = "\ufeff"  # that some editors put before the first line
_ROLES = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
_BRACKETED = re.compile(r"\[.+\]|<.+>|\{.+\}|\(.+\)")
_NO_LETTERS = Letters(lower_case=False, strip_accents=False, chinese_chars=False)
_KEYS = (
    *("version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer"),
    *("post_processor", "decoder", "model"),
)


class ReadTokenizer(NamedTuple):
    """Pieces by id, options, and the rest of a unigram tokenizer (None for WordPiece)."""

    pieces: tuple[str, ...]
    options: TokenizerOptions
    unigram: UnigramModel | None


@dataclass(frozen=True)
class _Model:
    """What `tokenizer.json` or `vocab.txt` has.

    Attributes:
        ids: by piece.
        unknown: the piece for what no other covers.
        template: where special tokens stand.
        letters: what was done to letters when added tokens were normalised.
        path: the file, for errors.
        final_letters: what is done to those of texts; None: the same.
    """

    ids: Mapping[str, int]
    unknown: str
    template: Template
    letters: Letters
    path: Path
    final_letters: Letters | None = None
    unigram: UnigramModel | None = None

    @property
    def kind(self) -> Kind:
        """How words are cut into pieces."""
        return "unigram" if self.unigram else "wordpiece"


def read_tokenizer(
    folder: Path,
    most_positions: int,
    *,
    model_class: str = BERT_CLASSES[0],
    rows: int | None = None,
    all_rows: bool = False,
    segments: bool = True,
) -> ReadTokenizer:
    """What a folder's files tell of its tokenizer.

    Args:
        folder: of the checkpoint.
        most_positions: of the model; caps `max_length`.
        model_class: the tokenizer class that models of its type have.
        rows: of the word table; None: as many as there are pieces.
        all_rows: gives rows without a piece behind the last one a name, too: fill-mask has an
            output for each.
        segments: whether the model tells segments apart.

    Raises:
        EdgebertError: no vocabulary, a malformed file, a tokenizer that is neither BERT's WordPiece
            nor ALBERT's unigram tokenizer, or a token without a row in the word table.
    """
    sources = read_sources(folder, model_class)
    model = _read_model(sources)
    added = AddedVocabulary(model.ids)
    entries = added_entries(sources.tokenizer or {}, model.path)
    added.add(declared_token(entry, "an added token", model.path) for entry in entries)
    sources.add_to(added)
    names = _special_names(sources, model)
    letters = model.final_letters or model.letters
    tokens = tuple(
        settled
        for token in added.tokens(split_special=bool(sources.keywords.get("split_special_tokens")))
        if token.content not in {*names, *names.values()}
        for settled in _in_letters(token, model, letters)
    )
    pieces = _pieces(model, added, names, tokens, rows)
    if rows is not None and all_rows:
        pieces = (*pieces, *(nameless(number, pieces) for number in range(len(pieces), rows)))
    length = _max_length(sources)
    options = replace(
        _letter_options(letters),
        max_length=min(most_positions, length or most_positions),
        kind=model.kind,
        truncation_side=_truncation_side(sources),
        added_tokens=tokens,
        template=_template(sources, model, pieces, segments=segments),
    )
    return ReadTokenizer(pieces, options, _with_added(model, added, len(pieces)))


def _read_model(sources: Sources) -> _Model:
    if sources.tokenizer is None:
        return _plain_vocabulary(sources)
    path = sources.folder / TOKENIZER
    unknown = sorted(sources.tokenizer.keys() - set(_KEYS))
    if unknown:
        raise EdgebertError(f"{path}: has the key {shown(unknown[0])}; known: {', '.join(_KEYS)}")
    is_albert = sources.class_name in UNIGRAM_CLASSES
    model = sources.tokenizer.get("model")
    if isinstance(model, dict) and model.get("type") == "Unigram":
        if sources.class_name in BERT_CLASSES:
            _refuse_class(sources, path, "unigram pieces", UNIGRAM_CLASSES)
        pieces, unigram = read_unigram(sources.tokenizer, path)
        ids = {piece: number for number, piece in enumerate(pieces)}
        template = read_template(sources.tokenizer.get("post_processor"), path)
        unknown_piece = SPECIAL_TOKENS["unigram"].unknown
        return _Model(ids, unknown_piece, template, Letters(), path, unigram=unigram)
    word_pieces = read_word_pieces(sources.tokenizer, path)
    if is_albert:
        _refuse_class(sources, path, "word pieces", BERT_CLASSES)
    template = read_template(sources.tokenizer.get("post_processor"), path)
    overruled = word_pieces.overruled and sources.class_name in BERT_CLASSES
    return _Model(
        word_pieces.ids,
        word_pieces.unknown,
        template,
        letters=word_pieces.letters,
        final_letters=stated_letters(sources.keywords, sources.path) if overruled else None,
        path=path,
    )


def _refuse_class(sources: Sources, path: Path, what: str, accepted: Iterable[str]) -> None:
    raise EdgebertError(
        f"{path}: {what}, but the tokenizer_class is {sources.class_name}(Fast); "
        f"accepted with that: {', '.join(accepted)}, PreTrainedTokenizerFast"
    )


def _plain_vocabulary(sources: Sources) -> _Model:
    """What one of BERT's classes makes of a `vocab.txt` alone."""
    folder, path = sources.folder, sources.folder / _VOCABULARY
    if not path.exists():
        if (folder / _SENTENCEPIECE).exists():
            raise EdgebertError(
                f"{folder}: its tokenizer is in {_SENTENCEPIECE} alone; {TOKENIZER} is needed, "
                "which transformers writes: "
                "AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)"
            )
        raise EdgebertError(f"{folder}: no vocabulary; {_VOCABULARY} or {TOKENIZER} is needed")
    if sources.class_name not in BERT_CLASSES:
        raise EdgebertError(
            f"{folder}: no {TOKENIZER}, which the class {sources.class_name}(Fast) reads; "
            f"accepted with {_VOCABULARY} alone: {', '.join(BERT_CLASSES)}"
        )
    ids = load_vocabulary(path)
    cls, sep = _slow_ids(sources, ids)
    letters = stated_letters(sources.keywords, sources.path)
    first = letters if sources.keywords.get("do_basic_tokenize", True) else _NO_LETTERS
    unknown = sources.role("unk_token") or ""
    return _Model(ids, unknown, bert_template(cls, sep), first, path, final_letters=letters)


def _slow_ids(sources: Sources, ids: Mapping[str, int]) -> tuple[int, int]:
    """Ids of [CLS] and [SEP] in the Python tokenizer from which the fast one is made.

    It believes the ids of `added_tokens_decoder`, and appends special tokens that have none.
    """
    numbers = {**ids, **{token.content: number for number, token in sources.declared.items()}}
    for name in sources.special_contents():
        numbers.setdefault(name, len(numbers))
    found = [numbers.get(sources.role(role) or "") for role in ("cls_token", "sep_token")]
    if None in found:
        raise EdgebertError(f"{sources.path}: cls_token or sep_token is null; BERT needs both")
    return found[0] or 0, found[1] or 0


def _special_names(sources: Sources, model: _Model) -> dict[str, str]:
    """The names that the special tokens have here, by ours."""
    names = {
        ours: sources.role(role) or ours
        for ours, role in zip(SPECIAL_TOKENS[model.kind], _ROLES, strict=True)
    }
    names[SPECIAL_TOKENS[model.kind].unknown] = model.unknown
    for ours, name in names.items():
        if name != ours and (model.unigram or not _BRACKETED.fullmatch(name)):
            raise EdgebertError(
                f"{sources.path}: {shown(name)} stands for {ours}; accepted: {ours}"
                + ("" if model.unigram else ", or another name in brackets, which no word has")
            )
    if model.unknown != SPECIAL_TOKENS[model.kind].unknown and model.unknown not in model.ids:
        raise EdgebertError(
            f"{model.path}: the unknown piece is {shown(model.unknown)}, which the vocabulary lacks"
        )
    return names


def _in_letters(token: AddedToken, model: _Model, letters: Letters) -> Iterator[AddedToken]:
    """A token as it is found in normalised texts, though its own letters were treated otherwise.

    transformers normalises added tokens, and then may change the normalizer.
    """
    content: str | None = token.content
    if token.normalized and model.letters.done != letters.done:
        content = _found_as(token.content, model, letters)
    if content is not None:
        yield replace(token, content=content, word_piece=content in model.ids)


def _found_as(content: str, model: _Model, letters: Letters) -> str | None:
    """What is normalised, as texts are, to what transformers looks for; None where none can be.

    It looks for the text of the token normalised in the first way.
    """
    wanted = _normalize(content, model.letters)
    apart = replace(model.letters, chinese_chars=False)
    for candidate in (content, wanted, _normalize(content, apart)):
        if _normalize(candidate, letters) == wanted:
            return candidate
    plain = wanted.replace(" ", "")
    has_what_texts_lack = _normalize(plain, replace(letters, chinese_chars=False)) != plain
    if has_what_texts_lack or (letters.chinese_chars and not model.letters.chinese_chars):
        return None
    raise EdgebertError(
        f"{model.path}: added token {shown(content)} is normalised otherwise than texts are; make "
        "do_lower_case and the like agree with the normalizer"
    )


def _normalize(text: str, letters: Letters) -> str:
    return WordPiece([SPECIAL_TOKENS["wordpiece"].unknown], _letter_options(letters)).normalize(
        text
    )


def _letter_options(letters: Letters) -> TokenizerOptions:
    return TokenizerOptions(
        lower_case=letters.lower_case,
        strip_accents=letters.strip_accents,
        chinese_chars=letters.chinese_chars,
    )


def _pieces(
    model: _Model,
    added: AddedVocabulary,
    names: Mapping[str, str],
    tokens: Iterable[AddedToken],
    rows: int | None,
) -> tuple[str, ...]:
    """The pieces by id: our names for special tokens, and added tokens where they are appended."""
    ids = dict(model.ids)
    for ours, name in names.items():
        number = added.id_of(name)
        has_row = rows is None or (number or 0) < rows
        if name != ours and number is not None and (has_row or ours not in model.ids):
            ids.pop(name, None)
            ids[ours] = number
        elif ours not in ids and _MARK + ours in ids:
            ids[ours] = ids.pop(_MARK + ours)
    numbers = {part.token for side in (model.template.single, model.template.pair) for part in side}
    used = {number: "post_processor" for number in numbers if number is not None}
    by_id = sorted(ids.items(), key=operator.itemgetter(1), reverse=True)
    last = next((entry for entry in by_id if is_in_texts(entry[0])), None)
    if last is not None:
        used[last[1]] = shown(last[0])
    taken = set(ids.values())
    for token in tokens:
        used[token.id] = f"added token {shown(token.content)}"
        if not token.word_piece and token.id not in taken:
            ids.setdefault(token.content, token.id)
            taken.add(token.id)
    most = max(used, default=-1)
    if rows is not None and most >= rows:
        raise EdgebertError(
            f"{model.path}: {used[most]} has the id {most}, but the word table has only {rows} "
            "rows; resize the table, or take it out"
        )
    kept = {
        piece: number
        for piece, number in ids.items()
        if (rows is None or number < rows) and (model.unigram or is_clean_text(piece))
    }
    return lay_out(kept, used, model.path)


def _with_added(model: _Model, added: AddedVocabulary, pieces: int) -> UnigramModel | None:
    """The unigram model with scores for the appended tokens, none of which a text can give."""
    if model.unigram is None:
        return None
    scores = model.unigram.scores
    mask = added.flags(SPECIAL_TOKENS["unigram"].mask)
    return replace(
        model.unigram,
        scores=(*scores, *[max(scores)] * (pieces - len(scores))),
        mask_takes_space=mask is not None and mask.lstrip,
    )


def _template(
    sources: Sources, model: _Model, pieces: tuple[str, ...], *, segments: bool
) -> Template | None:
    """The template; None for BERT's own."""
    template = model.template
    names = sources.keywords.get("model_input_names")
    if names is None:
        names = sources.default_input_names
    if not isinstance(names, list | tuple):
        raise EdgebertError(f"{sources.path}: model_input_names is {kind(names)}; a list is needed")
    if segments and "token_type_ids" not in names:
        template = without_segments(template)
    special = SPECIAL_TOKENS[model.kind]
    if special.cls in pieces and special.sep in pieces:
        usual = bert_template(pieces.index(special.cls), pieces.index(special.sep))
        same = template == usual or (
            not segments and without_segments(template) == without_segments(usual)
        )
        return None if same else template
    return template


def _truncation_side(sources: Sources) -> TruncationSide:
    """`truncation_side`, or where the `truncation` of `tokenizer.json` says that texts are cut."""
    truncation = (sources.tokenizer or {}).get("truncation")
    side: Any = "right"
    if isinstance(truncation, dict):
        side = str(truncation.get("direction", side)).lower()
    side = sources.keywords.get("truncation_side", side)
    if side not in ("right", "left"):
        raise EdgebertError(f"{sources.path}: truncation_side is {shown(side)}; right or left")
    return "left" if side == "left" else "right"


def _max_length(sources: Sources) -> int | None:
    """`model_max_length`; None where it is absent. Its 1e30 for "no limit" is just very long."""
    name = "model_max_length" if "model_max_length" in sources.keywords else "max_len"
    value = sources.keywords.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= _SHORTEST:
        raise EdgebertError(
            f"{sources.path}: {name} is {shown(value)}; a number from {_SHORTEST} is needed"
        )
    return int(min(value, 1 << 30))
